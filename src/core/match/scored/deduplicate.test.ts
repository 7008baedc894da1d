import { expect, test } from "vitest";
import { blocksOf, eachCandidate } from "./candidates.ts";
import { clusterRecords } from "./cluster.ts";
import { deduplicate, defaultSettings, linkThreshold } from "./deduplicate.ts";
import { randomFrom } from "./estimate.ts";
import { type MatchRecord, matchRecordOf } from "./record.ts";
import { recordWith } from "./test-records.ts";

test("each pair that shares a key is visited once, and a key that too many share not at all", () => {
  const records = ["Ann", "Ann", "Bob", "Bob"].map((given, i) =>
    recordWith({ given, family: "Novak", email: `n${i >> 1}@acme.example` }),
  );
  const visited: string[] = [];
  const visit = (sizeMax: number) => {
    visited.length = 0;
    eachCandidate(blocksOf(records, sizeMax), 0, 4, new Int32Array(4).fill(-1), (a, b) => visited.push(`${a}${b}`));
    return [...visited].sort();
  };
  expect(visit(2)).toEqual(["10", "32"]);
  expect(new Set(visit(4)).size).toBe(visited.length);
});

test("one wrong pair does not chain two groups together", () => {
  const groups = (a: number, b: number) => a < 3 === b < 3;
  const edges = [];
  for (let a = 0; a < 6; a++) for (let b = 0; b < a; b++) if (groups(a, b)) edges.push({ a, b, logOdds: 6 });
  edges.push({ a: 3, b: 2, logOdds: 5 });
  const support = (a: number, b: number) => (groups(a, b) ? 6 : a * b === 6 ? 5 : -6);
  const cluster = clusterRecords(6, edges, support, { threshold: 0, bestWeight: 0.4, sourceOf: null });
  expect(cluster[0]).toBe(cluster[2]);
  expect(cluster[3]).toBe(cluster[5]);
  expect(cluster[0]).not.toBe(cluster[3]);
});

test("where each source lists a thing once, a record gets one partner: its best", () => {
  const edges = [
    { a: 1, b: 0, logOdds: 5 },
    { a: 2, b: 0, logOdds: 4 },
  ];
  const sourceOf = (record: number) => (record === 0 ? "left" : "right");
  const cluster = clusterRecords(3, edges, () => 5, { threshold: 0, bestWeight: 0, sourceOf });
  expect([cluster[0] === cluster[1], cluster[0] === cluster[2]]).toEqual([true, false]);
});

test("the link threshold rises until the mean probability of what is above it suffices", () => {
  const sure = Array.from({ length: 100 }, (_, i) => ({ a: i + 1, b: 0, logOdds: 9 }));
  const doubtful = Array.from({ length: 50 }, (_, i) => ({ a: i + 200, b: 0, logOdds: 2.2 }));
  expect(linkThreshold(sure, 0.995)).toBe(2);
  expect(linkThreshold([...sure, ...doubtful], 0.995)).toBeCloseTo(2.2, 5);
});

/** A table of people, each once, and some of them again with an error. */
function people(count: number, again: number): { records: MatchRecord[]; truth: number[] } {
  const random = randomFrom(5);
  const syllables = ["ba", "ko", "ri", "ten", "lu", "mas", "vel", "dor", "ni", "zu", "pra", "shi", "gol", "fen"];
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
  const name = () => pick(syllables) + pick(syllables) + pick(syllables);
  const rows = Array.from({ length: count }, () => ({
    given: name(),
    family: name(),
    birth: `19${10 + Math.floor(random() * 89)}-0${1 + Math.floor(random() * 9)}-${10 + Math.floor(random() * 18)}`,
    city: name(),
  }));
  const all = rows.map((row, i) => ({ ...row, truth: i }));
  for (let i = 0; i < again; i++) {
    const row = rows[i]!;
    const slip = (text: string) => text.slice(0, 2) + text[3] + text[2] + text.slice(4);
    all.push({ ...row, ...(i % 2 === 0 ? { family: slip(row.family) } : { city: name() }), truth: i });
  }
  const records = all.map(({ given, family, birth, city }, i) =>
    matchRecordOf(String(i), { given: [given], family: [family], "birth-date": [birth], city: [city] }),
  );
  return { records, truth: all.map((row) => row.truth) };
}

test("duplicates with an error are found without a label, and the same ones each time", () => {
  const { records, truth } = people(400, 120);
  const run = () => deduplicate(records, defaultSettings, () => {});
  const { clusters, sure } = run();
  const right = (labels: Int32Array) => records.filter((_, i) => i >= 400 && labels[i] === labels[truth[i]!]).length;
  expect(right(clusters)).toBeGreaterThanOrEqual(118);
  expect(new Set(clusters).size).toBeGreaterThanOrEqual(398);
  expect(right(sure)).toBeGreaterThanOrEqual(100);
  expect([...run().clusters]).toEqual([...clusters]);
});

test("no record and one record are tables too", () => {
  expect(deduplicate([], defaultSettings, () => {}).clusters.length).toBe(0);
  expect([...deduplicate([recordWith({ given: "Ann" })], defaultSettings, () => {}).clusters]).toEqual([0]);
});
