import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dedupeFile } from "./dedupe-file.ts";
import { matchPairsFile } from "./match-pairs-file.ts";

const data = resolve(import.meta.dirname, "../../../shared/data/matching");
const present = existsSync(data);
if (!present) console.log("accuracy of matching: skipped, the labelled sets are not beside the repository");

type Scores = { precision: number; recall: number; f1: number };
type Scorer = {
  loadDataset(folder: string): unknown;
  readTable(file: string): Record<string, string>[];
  scoreClusters(set: unknown, rows: unknown): Scores;
  scorePairs(set: unknown, rows: unknown): Scores;
  scoreLabelled(labelled: unknown, answers: unknown): Scores & { correct: number; false_merges: number };
};

let folder: string;
let scorer: Scorer;

describe.runIf(present)("accuracy on labelled sets", () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "truce-accuracy-"));
    scorer = (await import(pathToFileURL(join(data, "score.mjs")).href)) as Scorer;
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Pairwise F1 of the clusters from which a set counts as done; reached is a little more, so that a change that costs accuracy shows. */
  const floors: readonly (readonly [string, number])[] = [
    ["febrl1", 0.999],
    ["febrl3", 0.999],
    ["febrl-a10000", 0.999],
    ["fake1000", 0.93],
    ["rldata500", 0.97],
    ["dblp-acm", 0.987],
    ["abt-buy", 0.87],
    ["fodors-zagats", 0.96],
    ["crm-contacts-a", 0.965],
  ];

  async function run(set: string) {
    const [out, pairs] = [join(folder, `${set}.csv`), join(folder, `${set}-pairs.csv`)];
    await dedupeFile(
      {
        file: join(data, set, "records.csv"),
        kind: null,
        idColumn: null,
        map: {},
        oneToOne: "auto",
        out,
        pairs,
        html: null,
      },
      () => {},
    );
    const truth = scorer.loadDataset(join(data, set));
    return {
      clusters: scorer.scoreClusters(truth, scorer.readTable(out)),
      links: scorer.scorePairs(truth, scorer.readTable(pairs)),
    };
  }

  test.each(floors)(
    "%s: clusters reach F1 %f",
    async (set, floor) => {
      const { clusters, links } = await run(set);
      expect(clusters.f1).toBeGreaterThanOrEqual(floor);
      if (set === "crm-contacts-a") {
        expect(links.precision).toBeGreaterThanOrEqual(0.99);
        expect(links.recall).toBeGreaterThanOrEqual(0.9);
      }
    },
    60_000,
  );

  async function answers(file: string) {
    const labelled = scorer.readTable(join(data, file));
    const { answers } = await matchPairsFile({ file: join(data, file), kind: null, map: {}, out: null }, () => {});
    return scorer.scoreLabelled(
      labelled,
      answers.map(({ id, decision }) => ({ id, decision })),
    );
  }

  test("hand-made pairs: at least 36 of 40 right and no false merge", async () => {
    const { correct, false_merges } = await answers("tricky.csv");
    expect(correct).toBeGreaterThanOrEqual(36);
    expect(false_merges).toBe(0);
  });

  test("name pairs in many scripts: F1 0.85", async () => {
    expect((await answers("name-pairs/name-pairs.csv")).f1).toBeGreaterThanOrEqual(0.85);
  });
});
