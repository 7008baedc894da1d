import type { GoldenId, GoldenRecord } from "../../model/golden.ts";
import type { RecordKey } from "../../model/record.ts";
import type { CommitUnit } from "../../ports/store.ts";
import { toDoc } from "../../ports/store-doc.ts";
import { type IndexedRecord, recordsOf } from "../../ports/store-index.ts";
import { fromStored } from "../../ports/store-text.ts";
import { type Counters, count } from "./counters.ts";
import type { Database } from "./database.ts";
import { putJournal } from "./put-journal.ts";
import { putWork, workText } from "./put-work.ts";
import { putTexts, textsOf } from "./search.ts";

/** What is stored about a golden record, apart from its document: JSON, and the texts as `textsOf` joins them. */
export type Stored = {
  readonly seq: number;
  readonly version: number;
  readonly last_line: number | null;
  readonly records: string;
  readonly keys: string;
  readonly work: string;
  readonly texts: string;
};

export function readStored(db: Database, units: readonly CommitUnit[]): ReadonlyMap<GoldenId, Stored> {
  const found = new Map<GoldenId, Stored>();
  for (const { golden } of units) {
    if (golden === null || found.has(golden.id)) continue;
    const row = db.get<Stored>(
      "select seq, version, last_line, records, keys, work, texts from golden where id = ?",
      golden.id,
    );
    if (row !== undefined) found.set(golden.id, { ...row, texts: fromStored(row.texts) });
  }
  return found;
}

/** Frees the records and identity keys that the golden record no longer has. */
export function giveUp(db: Database, { golden, keys }: CommitUnit, before: ReadonlyMap<GoldenId, Stored>): void {
  const stored = golden === null ? undefined : before.get(golden.id);
  if (golden === null || stored === undefined) return;
  const records = recordsOf(golden);
  if (stored.records !== recordsText(records)) {
    for (const key of parseRecords(stored.records).keys()) {
      if (!records.has(key)) db.run("delete from record where key = ?", key);
    }
  }
  if (keys === null || stored.keys === JSON.stringify(keys)) return;
  for (const key of parseKeys(stored.keys)) {
    if (!keys.includes(key)) db.run("delete from identity_key where key = ?", key);
  }
}

/** Writes the journal, and the golden record with what is looked up about it. Its version, records and keys are known to fit. */
export function putGolden(
  db: Database,
  unit: CommitUnit,
  before: ReadonlyMap<GoldenId, Stored>,
  counters: Counters,
): void {
  const { golden } = unit;
  if (golden === null) {
    putJournal(db, unit, null);
    return;
  }
  const stored = before.get(golden.id);
  const columns = {
    last_line: putJournal(db, unit, stored?.last_line ?? null),
    records: putRecords(db, golden, stored?.records, counters),
    keys: putKeys(db, golden.id, unit.keys, stored?.keys),
    work: workText(unit),
    texts: textsOf(golden),
  };
  const seq = putRow(db, golden, stored?.seq, columns);
  putWork(db, seq, columns.work, stored?.work);
  putTexts(db, seq, columns.texts, stored?.texts);
  if (stored === undefined) count(counters, "golden", golden.entity);
}

function putRow(
  db: Database,
  golden: GoldenRecord,
  seq: number | undefined,
  { last_line, records, keys, work, texts }: Omit<Stored, "seq" | "version">,
): number {
  const { id, entity, version } = golden;
  const doc = toDoc(golden);
  if (seq !== undefined) {
    db.run(
      "update golden set version = ?, last_line = ?, records = ?, keys = ?, work = ?, texts = ?, doc = ? where seq = ?",
      version,
      last_line,
      records,
      keys,
      work,
      texts,
      doc,
      seq,
    );
    return seq;
  }
  db.run(
    "insert into golden (id, entity, version, last_line, records, keys, work, texts, doc) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    id,
    entity,
    version,
    last_line,
    records,
    keys,
    work,
    texts,
    doc,
  );
  return db.lastKey();
}

type Records = ReadonlyMap<RecordKey, Pick<IndexedRecord, "linked">>;

function putRecords(db: Database, golden: GoldenRecord, before: string | undefined, counters: Counters): string {
  const records = recordsOf(golden);
  const text = recordsText(records);
  if (text === before) return text;
  const stored = before === undefined ? noRecords : parseRecords(before);
  for (const [key, { linked }] of records) {
    if (stored.get(key)?.linked === linked) continue;
    db.run("insert or replace into record values (?, ?, ?)", key, golden.id, linked ? 1 : 0);
  }
  for (const [key, { linked }] of records) if (linked) count(counters, "link", systemOf(key));
  for (const [key, { linked }] of stored) if (linked) count(counters, "link", systemOf(key), -1);
  return text;
}

const noRecords: Records = new Map();

/** JSON of the records' keys; "+" before those that are linked, "-" before the others. */
function recordsText(records: Records): string {
  return JSON.stringify([...records].map(([key, { linked }]) => (linked ? "+" : "-") + key));
}

export function parseRecords(text: string): Records {
  const keys: readonly string[] = JSON.parse(text);
  return new Map(keys.map((key) => [key.slice(1), { linked: key.startsWith("+") }]));
}

function systemOf(key: RecordKey): string {
  return key.slice(0, key.indexOf("/"));
}

/** Takes the keys that are free; the ones that another golden record has stay there. Returns those that it has now. */
function putKeys(db: Database, id: GoldenId, keys: readonly string[] | null, before: string | undefined): string {
  if (keys === null) return before ?? "[]";
  const wanted = JSON.stringify(keys);
  if (wanted === before) return wanted;
  const stored = new Set(before === undefined ? [] : parseKeys(before));
  const has = (key: string) =>
    stored.has(key) || db.run("insert or ignore into identity_key values (?, ?)", key, id) > 0;
  return JSON.stringify(keys.filter(has));
}

export function parseKeys(text: string): readonly string[] {
  return JSON.parse(text);
}
