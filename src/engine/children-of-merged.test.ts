import { expect, test } from "vitest";
import { emptyGolden, newLink } from "../core/draft.ts";
import { testPolicy } from "../core/testing/policy.ts";
import type { GoldenRecord, Link } from "../model/golden.ts";
import type { RawMerge } from "../model/observation.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { childrenOfMerged } from "./children-of-merged.ts";
import { goldenUnit } from "./commit.ts";

const policy = testPolicy({ boss: { type: { kind: "reference", to: "contact" } }, note: {} }, { identity: [] });
const entity = policy.entities["contact"]!;
const deps = {
  store: createMemoryStore(),
  policy,
  clock: { now: () => 0, sleep: async () => undefined },
  startedAt: 0,
};

function golden(id: string, links: readonly Link[], fields: Readonly<Record<string, string>> = {}): GoldenRecord {
  const versions = Object.entries(fields).map(([field, value]) => {
    const source = { kind: "person" as const, name: "Ann" };
    return [field, { value, version: 1, changedAt: { from: 0, until: 0 }, source }] as const;
  });
  return { ...emptyGolden(id, entity), links, fields: Object.fromEntries(versions) };
}

const [crm, db] = entity.mappings as [(typeof entity.mappings)[number], (typeof entity.mappings)[number]];
const linked = (id: string, aliases: readonly string[] = []): Link => ({ ...newLink(crm, id, 0), aliases });
const merge: RawMerge = {
  kind: "merge",
  ref: { system: "crm", object: "contacts", id: "1" },
  losers: ["2", "9"],
  revision: null,
  observedAt: 0,
};

test("what points to a merged record is read again where the merge was, once", async () => {
  const goldens = [
    golden("survivor", [linked("1", ["9"])]),
    golden("loser", [linked("2")]),
    golden("child", [linked("3"), newLink(db, "d3", 0)], { boss: "loser" }),
    golden("stranger", [linked("4")], { note: "loser" }),
  ];
  await deps.store.commit(goldens.map((one) => goldenUnit(deps, one, 0, () => undefined)));
  const records = ["1", "2", "9"].map((id) => ({ ...merge.ref, id }));
  const loaded = await deps.store.load({ records, keys: [], ids: [] });
  expect(await childrenOfMerged(deps, [merge], loaded)).toEqual([{ ...merge.ref, id: "3" }]);
  const known = { ...loaded, goldens: new Map([...loaded.goldens].filter(([id]) => id !== "loser")) };
  expect(await childrenOfMerged(deps, [merge], known)).toEqual([]);
});
