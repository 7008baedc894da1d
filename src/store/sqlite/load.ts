import type { GoldenId, GoldenRecord } from "../../model/golden.ts";
import type { Hold } from "../../model/hold.ts";
import { type RecordKey, type RecordRef, recordKey } from "../../model/record.ts";
import type { Loaded, Store } from "../../ports/store.ts";
import { fromDoc } from "../../ports/store-doc.ts";
import { fromStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";
import type { GoldenCache } from "./golden-cache.ts";

export function load(
  db: Database,
  cache: GoldenCache,
  { records, keys, ids, queued = [] }: Parameters<Store["load"]>[0],
): Loaded {
  const goldens = new Map<GoldenId, GoldenRecord>();
  const byRecord = new Map<RecordKey, GoldenId>();
  const byKey = new Map<string, GoldenId>();
  const holds = new Map<RecordKey, Hold>();
  const pins = new Map<RecordKey, GoldenId | "new">();
  const add = (id: GoldenId | null | undefined) => {
    if (id == null || goldens.has(id)) return;
    const golden = goldenById(db, cache, id);
    if (golden !== null) goldens.set(id, golden);
  };
  const isHeld = records.length > 0 && db.value<number>("select 1 from hold where record is not null limit 1") === 1;
  const isPinned = records.length > 0 && db.value<number>("select 1 from pin limit 1") === 1;
  for (const record of new Set(records.map(recordKey))) {
    const owner = ownerOfRecord(db, record);
    if (owner !== undefined) byRecord.set(record, owner);
    add(owner);
    const hold = isHeld ? holdOnRecord(db, record) : null;
    if (hold !== null) holds.set(record, hold);
    hold?.matches.forEach(add);
    const pin = isPinned ? pinOf(db, record) : null;
    if (pin !== null) pins.set(record, pin);
    if (pin !== "new") add(pin);
  }
  for (const key of new Set(keys)) {
    const owner = ownerOfKey(db, key);
    if (owner !== undefined) byKey.set(key, owner);
    add(owner);
  }
  ids.forEach(add);
  return { goldens, byRecord, byKey, holds, pins, queued: queuedOf(db, queued) };
}

function queuedOf(db: Database, records: readonly RecordRef[]): ReadonlySet<RecordKey> {
  if (records.length === 0 || db.value<number>("select 1 from inbox limit 1") === undefined) return new Set();
  const isQueued = (key: RecordKey) => db.value<number>("select 1 from inbox where record = ? limit 1", key) === 1;
  return new Set(records.map(recordKey).filter(isQueued));
}

export function goldenById(db: Database, cache: GoldenCache, id: GoldenId): GoldenRecord | null {
  const cached = cache.get(id);
  if (cached !== undefined) return cached;
  const doc = db.value<string>("select doc from golden where id = ?", id);
  if (doc === undefined) return null;
  const golden = fromDoc(doc);
  cache.put(golden);
  return golden;
}

export function ownerOfRecord(db: Database, key: RecordKey): GoldenId | undefined {
  const id = db.value<string>("select golden_id from record where key = ?", key);
  return id === undefined ? undefined : fromStored(id);
}

export function ownerOfKey(db: Database, key: string): GoldenId | undefined {
  const id = db.value<string>("select golden_id from identity_key where key = ?", key);
  return id === undefined ? undefined : fromStored(id);
}

function holdOnRecord(db: Database, record: RecordKey): Hold | null {
  const doc = db.value<string>("select doc from hold where record = ? order by seq desc limit 1", record);
  return doc === undefined ? null : JSON.parse(doc);
}

function pinOf(db: Database, record: RecordKey): GoldenId | "new" | null {
  const id = db.value<string>("select golden_id from pin where record = ?", record);
  return id === undefined ? null : fromStored(id);
}
