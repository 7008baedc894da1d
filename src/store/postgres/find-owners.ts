import type { GoldenId } from "../../model/golden.ts";
import type { CommitUnit } from "../../ports/store.ts";
import { recordsOf } from "../../ports/store-index.ts";
import { fromStored } from "../../ports/store-text.ts";
import { type Owners, parseKeys, parseRecords, type Stored } from "./changes.ts";
import type { Query } from "./database.ts";
import { storedKey } from "./stored.ts";

/**
 * Who has the records and keys that units want. What a golden record has already is known; of what is new to it only the keys that it would share
 * are looked up, unless `all` are.
 */
export async function findOwners(
  query: Query,
  units: readonly CommitUnit[],
  before: ReadonlyMap<GoldenId, Stored>,
  all: boolean,
): Promise<Owners> {
  const records = new Map<string, GoldenId>();
  const keys = new Map<string, GoldenId>();
  for (const [id, stored] of before) {
    for (const key of parseRecords(stored.records).keys()) records.set(key, id);
    for (const key of parseKeys(stored.keys)) keys.set(key, id);
  }
  const ofGoldens = units.filter(({ golden }) => golden !== null);
  const wantedRecords = all
    ? ofGoldens.flatMap(({ golden }) => (golden === null ? [] : [...recordsOf(golden).keys()]))
    : [];
  const wantedKeys = ofGoldens.flatMap((unit) => (all ? (unit.keys ?? []) : unit.sharedKeys));
  const askedRecords = [...new Set(wantedRecords.filter((key) => !records.has(key)))];
  const askedKeys = [...new Set(wantedKeys.filter((key) => !keys.has(key)))];
  if (askedRecords.length + askedKeys.length === 0) return { records, keys };
  const rows = await query<{ n: string; is_key: boolean; golden_id: string }>(
    `select n, false as is_key, golden_id from unnest(truce.texts($1)) with ordinality as asked (key, n) join truce.record using (key)
     union all
     select n, true, golden_id from unnest(truce.texts($2)) with ordinality as asked (key, n) join truce.identity_key using (key)`,
    askedRecords.map(storedKey),
    askedKeys.map(storedKey),
  );
  for (const { n, is_key, golden_id } of rows) {
    const [owners, asked] = is_key ? [keys, askedKeys] : [records, askedRecords];
    owners.set(asked[Number(n) - 1] ?? "", fromStored(golden_id));
  }
  return { records, keys };
}
