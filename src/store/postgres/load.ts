import type { GoldenId, GoldenRecord } from "../../model/golden.ts";
import type { Hold } from "../../model/hold.ts";
import { type RecordKey, recordKey } from "../../model/record.ts";
import type { Loaded, Store } from "../../ports/store.ts";
import { fromDoc } from "../../ports/store-doc.ts";
import { fromStored, toStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";
import { storedKey } from "./stored.ts";

type Row = {
  readonly part: "record" | "key" | "pin" | "hold" | "golden" | "queued";
  /** The place, from 1, of what was asked for. */
  readonly n: string | null;
  readonly id: string | null;
  readonly doc: string | null;
};

/** One statement, hence one moment: a record and the golden record that has it never disagree. */
export async function load(
  db: Database,
  { records, keys, ids, queued = [] }: Parameters<Store["load"]>[0],
): Promise<Loaded> {
  const askedQueued = [...new Set(queued.map(recordKey))];
  const askedRecords = [...new Set(records.map(recordKey))];
  const askedKeys = [...new Set(keys)];
  const rows = await db.look((query) =>
    query<Row>(
      `with asked_record as (select * from unnest(truce.texts($1)) with ordinality as asked (key, n)),
     record_found as (select n, golden_id from asked_record join truce.record using (key)),
     pin_found as (select n, golden_id from asked_record join truce.pin on record = key),
     hold_found as (select n, doc, matches from asked_record cross join lateral
       (select doc, matches from truce.hold where record = key order by seq desc limit 1) newest),
     key_found as (select n, golden_id from unnest(truce.texts($2)) with ordinality as asked (key, n) join truce.identity_key using (key)),
     wanted (id) as (select golden_id from record_found union select golden_id from pin_found
       union select unnest(matches) from hold_found union select golden_id from key_found union select unnest(truce.texts($3)))
     select 'record' as part, n, golden_id as id, null as doc from record_found
     union all select 'pin', n, golden_id, null from pin_found
     union all select 'hold', n, null, doc from hold_found
     union all select 'key', n, golden_id, null from key_found
     union all select 'queued', n, null, null from unnest(truce.texts($4)) with ordinality as asked (key, n)
       where exists (select 1 from truce.inbox where record = key)
     union all select 'golden', null, null, doc from truce.golden where id in (select id from wanted)`,
      askedRecords.map(storedKey),
      askedKeys.map(storedKey),
      ids.map(toStored),
      askedQueued.map(storedKey),
    ),
  );
  return loadedOf(rows, askedRecords, askedKeys, askedQueued);
}

function loadedOf(
  rows: readonly Row[],
  records: readonly RecordKey[],
  keys: readonly string[],
  askedQueued: readonly RecordKey[],
): Loaded {
  const queued = new Set<RecordKey>();
  const goldens = new Map<GoldenId, GoldenRecord>();
  const byRecord = new Map<RecordKey, GoldenId>();
  const byKey = new Map<string, GoldenId>();
  const holds = new Map<RecordKey, Hold>();
  const pins = new Map<RecordKey, GoldenId | "new">();
  for (const { part, n, id, doc } of rows) {
    const place = Number(n) - 1;
    const record = records[place] ?? "";
    if (part === "golden") {
      const golden = fromDoc(doc ?? "");
      goldens.set(golden.id, golden);
    } else if (part === "queued") queued.add(askedQueued[place] ?? "");
    else if (part === "hold") holds.set(record, JSON.parse(doc ?? ""));
    else if (part === "record") byRecord.set(record, fromStored(id ?? ""));
    else if (part === "pin") pins.set(record, fromStored(id ?? ""));
    else byKey.set(keys[place] ?? "", fromStored(id ?? ""));
  }
  return { goldens, byRecord, byKey, holds, pins, queued };
}
