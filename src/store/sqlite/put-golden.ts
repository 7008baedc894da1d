import type { GoldenId, GoldenRecord } from "../../model/golden.ts";
import type { RecordKey } from "../../model/record.ts";
import type { CommitUnit } from "../../ports/store.ts";
import { toDoc } from "../../ports/store-doc.ts";
import { type IndexedRecord, recordsOf } from "../../ports/store-index.ts";
import { fromStored } from "../../ports/store-text.ts";
import { type Counters, count } from "./counters.ts";
import type { Database } from "./database.ts";
import type { FilingChange } from "./filings.ts";
import type { GoldenCache } from "./golden-cache.ts";
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
  readonly blocks: string;
};

/** A unit's golden record with what its tables will say of it, and what they say now. */
export type Draft = {
  readonly unit: CommitUnit;
  readonly golden: GoldenRecord;
  readonly stored: Stored | undefined;
  readonly records: ReadonlyMap<RecordKey, IndexedRecord>;
  readonly recordsText: string;
  /** `null`: the keys stay as they are. */
  readonly keysText: string | null;
  readonly texts: string;
  /** What was written of it, once it was. */
  written: Stored | null;
};

export function readDrafts(
  db: Database,
  cache: GoldenCache,
  units: readonly CommitUnit[],
): ReadonlyMap<CommitUnit, Draft> {
  const drafts = new Map<CommitUnit, Draft>();
  for (const unit of units) {
    const { golden, keys } = unit;
    if (golden === null) continue;
    const records = recordsOf(golden);
    const cached = cache.row(golden.id);
    const stored = cached?.stored ?? readStored(db, golden.id);
    // Most commits change neither records nor texts: what they are is then not worked out anew.
    const before = cached?.golden.version === stored?.version ? cached?.golden : undefined;
    const hasSameRecords = stored !== undefined && before !== undefined && sameRecords(before, golden);
    drafts.set(unit, {
      unit,
      golden,
      stored,
      records,
      recordsText: hasSameRecords ? stored.records : recordsText(records),
      keysText: keys === null ? null : JSON.stringify(keys),
      texts: hasSameRecords && sameFields(before, golden) ? stored.texts : textsOf(golden),
      written: null,
    });
  }
  return drafts;
}

function sameRecords(before: GoldenRecord, now: GoldenRecord): boolean {
  return (
    before.links.length === now.links.length &&
    before.links.every((link, i) => {
      const other = now.links[i];
      return link.id === other?.id && link.status === other.status && link.aliases === other.aliases;
    })
  );
}

/** Versions of a field that are one object are one version. */
function sameFields(before: GoldenRecord, now: GoldenRecord): boolean {
  const names = Object.keys(now.fields);
  return (
    names.length === Object.keys(before.fields).length &&
    names.every((name) => before.fields[name] === now.fields[name])
  );
}

function readStored(db: Database, id: GoldenId): Stored | undefined {
  const row = db.get<Stored>(
    "select seq, version, last_line, records, keys, work, texts, blocks from golden where id = ?",
    id,
  );
  return row && { ...row, texts: fromStored(row.texts) };
}

/** Frees the records and identity keys that the golden record no longer has. */
export function giveUp(db: Database, { unit, stored, records, recordsText, keysText }: Draft): void {
  if (stored === undefined) return;
  if (stored.records !== recordsText) {
    for (const key of parseRecords(stored.records).keys()) {
      if (!records.has(key)) db.run("delete from record where key = ?", key);
    }
  }
  if (keysText === null || stored.keys === keysText) return;
  for (const key of parseKeys(stored.keys)) {
    if (unit.keys?.includes(key) !== true) db.run("delete from identity_key where key = ?", key);
  }
}

/**
 * Writes the journal, and the golden record with what is looked up about it. Its version, records and keys are known to fit. Returns how its blocking
 * keys change.
 */
export function putGolden(db: Database, draft: Draft, counters: Counters): FilingChange | null {
  const { unit, golden, stored } = draft;
  putRecords(db, draft, counters);
  const columns = {
    last_line: putJournal(db, unit, stored?.last_line ?? null),
    records: draft.recordsText,
    keys: putKeys(db, draft),
    work: workText(unit),
    texts: draft.texts,
    blocks: unit.filing === null ? (stored?.blocks ?? "[]") : JSON.stringify(unit.filing.keys),
  };
  const seq = putRow(db, golden, stored?.seq, columns);
  draft.written = { seq, version: golden.version, ...columns };
  putWork(db, seq, columns.work, stored?.work);
  putTexts(db, seq, columns.texts, stored?.texts);
  if (stored === undefined) count(counters, "golden", golden.entity);
  const before = stored?.blocks ?? "[]";
  if (unit.filing !== null) putProfile(db, seq, golden.id, unit.filing.says, before !== "[]");
  return columns.blocks === before ? null : filingChange(seq, unit.filing?.keys ?? [], before);
}

function putProfile(db: Database, golden: number, id: GoldenId, says: string, isFiled: boolean): void {
  const before = isFiled ? db.value<string>("select says from profile where golden = ?", golden) : undefined;
  if (says === "") {
    if (before !== undefined) db.run("delete from profile where golden = ?", golden);
  } else if (before === undefined || fromStored(before) !== says)
    db.run("insert or replace into profile values (?, ?, ?)", golden, id, says);
}

function filingChange(golden: number, blocks: readonly number[], before: string): FilingChange {
  const gone = new Set<number>(JSON.parse(before));
  const added = blocks.filter((key) => !gone.delete(key));
  return { golden, added, gone: [...gone] };
}

function putRow(
  db: Database,
  golden: GoldenRecord,
  seq: number | undefined,
  { last_line, records, keys, work, texts, blocks }: Omit<Stored, "seq" | "version">,
): number {
  const { id, entity, version } = golden;
  const doc = toDoc(golden);
  if (seq !== undefined) {
    db.run(
      "update golden set version = ?, last_line = ?, records = ?, keys = ?, work = ?, texts = ?, blocks = ?, doc = ? where seq = ?",
      version,
      last_line,
      records,
      keys,
      work,
      texts,
      blocks,
      doc,
      seq,
    );
    return seq;
  }
  db.run(
    "insert into golden (id, entity, version, last_line, records, keys, work, texts, blocks, doc) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    id,
    entity,
    version,
    last_line,
    records,
    keys,
    work,
    texts,
    blocks,
    doc,
  );
  return db.lastKey();
}

function putRecords(db: Database, { golden, stored, records, recordsText }: Draft, counters: Counters): void {
  if (recordsText === stored?.records) return;
  const before = stored === undefined ? new Map<RecordKey, boolean>() : parseRecords(stored.records);
  for (const [key, { linked }] of records) {
    if (linked) count(counters, "link", systemOf(key));
    if (before.get(key) === linked) continue;
    db.run("insert or replace into record values (?, ?, ?)", key, golden.id, linked ? 1 : 0);
  }
  for (const [key, linked] of before) if (linked) count(counters, "link", systemOf(key), -1);
}

/** JSON of the records' keys; "+" before those that are linked, "-" before the others. */
function recordsText(records: ReadonlyMap<RecordKey, IndexedRecord>): string {
  return JSON.stringify([...records].map(([key, { linked }]) => (linked ? "+" : "-") + key));
}

/** True for those that are linked. */
function parseRecords(text: string): ReadonlyMap<RecordKey, boolean> {
  const keys: readonly string[] = JSON.parse(text);
  return new Map(keys.map((key) => [key.slice(1), key.startsWith("+")]));
}

function systemOf(key: RecordKey): string {
  return key.slice(0, key.indexOf("/"));
}

/** Takes the keys that are free; the ones that another golden record has stay there. Returns those that it has now. */
function putKeys(db: Database, { unit, golden, stored, keysText }: Draft): string {
  if (keysText === null) return stored?.keys ?? "[]";
  if (keysText === stored?.keys) return keysText;
  const before = new Set(stored === undefined ? [] : parseKeys(stored.keys));
  const has = (key: string) =>
    before.has(key) || db.run("insert or ignore into identity_key values (?, ?)", key, golden.id) > 0;
  return JSON.stringify(unit.keys?.filter(has));
}

export function parseKeys(text: string): readonly string[] {
  return JSON.parse(text);
}
