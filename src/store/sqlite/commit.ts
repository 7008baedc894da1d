import type { GoldenRecord } from "../../model/golden.ts";
import { recordKey } from "../../model/record.ts";
import type { CommitUnit } from "../../ports/store.ts";
import type { Database } from "./database.ts";
import { takeIn } from "./inbox.ts";

/** Longest text that the exact search keeps. */
const termLengthMax = 200;

/** True when another commit came between: golden version, a record's link, an identity key. */
export function isStale(db: Database, { golden, keys, sharedKeys }: CommitUnit): boolean {
  if (golden === null) return false;
  const stored = db.get<{ version: number }>("select version from golden where id = ?", golden.id)?.version ?? 0;
  if (stored !== golden.version - 1) return true;
  const isOthers = (row: { golden_id: string } | undefined) => row !== undefined && row.golden_id !== golden.id;
  for (const { system, object, id } of recordsOf(golden)) {
    if (isOthers(db.get("select golden_id from record where system = ? and object = ? and id = ?", system, object, id)))
      return true;
  }
  return (keys ?? []).some(
    (key) => !sharedKeys.includes(key) && isOthers(db.get("select golden_id from identity where key = ?", key)),
  );
}

/** Carries a unit out; it is known not to be stale. */
export function applyUnit(db: Database, unit: CommitUnit): void {
  if (unit.golden !== null) putGolden(db, unit.golden, unit);
  for (const line of unit.journal) {
    const record = line.ref === null ? null : recordKey(line.ref);
    db.run(
      "insert into journal (golden_id, at, kind, field, record, doc) values (?, ?, ?, ?, ?, ?)",
      line.goldenId,
      line.at,
      line.kind,
      line.field,
      record,
      JSON.stringify(line),
    );
  }
  for (const hold of unit.holds) {
    const record = hold.ref === null ? null : recordKey(hold.ref);
    db.run(
      `insert into hold (id, kind, entity, status, golden_id, record, doc) values (?, ?, ?, ?, ?, ?, ?)
       on conflict (id) do update set status = excluded.status, doc = excluded.doc`,
      hold.id,
      hold.kind,
      hold.entity,
      hold.status,
      hold.goldenId,
      record,
      JSON.stringify(hold),
    );
  }
  for (const pin of unit.pins)
    db.run(
      "insert into pin values (?, ?) on conflict (record) do update set golden_id = excluded.golden_id",
      recordKey(pin.ref),
      pin.goldenId,
    );
  for (const one of unit.attempts) {
    db.run(
      `insert into attempt values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict (id) do update set ended_at = excluded.ended_at, result = excluded.result, record_id = excluded.record_id`,
      one.id,
      one.goldenId,
      one.system,
      one.object,
      one.recordId,
      one.kind,
      JSON.stringify(one.fields),
      one.startedAt,
      one.endedAt,
      one.result,
    );
  }
  for (const letter of unit.deadLetters)
    db.run("insert or replace into dead_letter values (?, ?, ?)", letter.id, letter.at, JSON.stringify(letter));
  for (const { inboxId, outcome } of unit.done) {
    // Done twice (its worker was slow and another took over) counts once.
    if (db.run("delete from inbox where id = ?", inboxId) === 0) continue;
    db.run("insert into outcome values (?, 1) on conflict (name) do update set count = count + 1", outcome);
  }
  for (const { inboxId, dueAt } of unit.postponed) {
    db.run("update inbox set due_at = ?, leased_until = 0, tries = tries + 1 where id = ?", dueAt, inboxId);
  }
  for (const item of unit.inbox) takeIn(db, item);
  for (const ref of unit.wake)
    db.run("update inbox set due_at = min(due_at, received_at) where record = ?", recordKey(ref));
}

function recordsOf(golden: GoldenRecord) {
  return golden.links.flatMap(({ system, object, id, aliases, status }) =>
    id === null
      ? []
      : [{ system, object, id, status }, ...aliases.map((alias) => ({ system, object, id: alias, status: "alias" }))],
  );
}

function putGolden(db: Database, golden: GoldenRecord, unit: CommitUnit): void {
  db.run(
    "insert into golden values (?, ?, ?, ?) on conflict (id) do update set version = excluded.version, doc = excluded.doc",
    golden.id,
    golden.entity,
    golden.version,
    JSON.stringify(golden),
  );
  const fresh = golden.version === 1;
  putRecords(db, golden, fresh);
  if (unit.keys !== null) putKeys(db, golden.id, unit.keys, fresh);
  if (unit.keys !== null || fresh) putTerms(db, golden, fresh);
  if (!fresh) db.run("delete from due where golden_id = ?", golden.id);
  for (const { system, object, dueAt, lane } of unit.due) {
    db.run(
      `insert into due (golden_id, system, object, due_at, lane) values (?, ?, ?, ?, ?)
       on conflict (golden_id, system, object) do update set due_at = min(due_at, excluded.due_at), lane = min(lane, excluded.lane)`,
      golden.id,
      system,
      object,
      dueAt,
      lane,
    );
  }
}

function putRecords(db: Database, golden: GoldenRecord, fresh: boolean): void {
  const wanted = recordsOf(golden);
  const keep = new Set(wanted.map(recordKey));
  const stored = fresh
    ? []
    : db.all<{ system: string; object: string; id: string; status: string }>(
        "select system, object, id, status from record where golden_id = ?",
        golden.id,
      );
  const present = new Map(stored.map((row) => [recordKey(row), row.status]));
  for (const row of stored) {
    if (!keep.has(recordKey(row)))
      db.run("delete from record where system = ? and object = ? and id = ?", row.system, row.object, row.id);
  }
  for (const row of wanted) {
    if (present.get(recordKey(row)) === row.status) continue;
    db.run(
      "insert or replace into record values (?, ?, ?, ?, ?)",
      row.system,
      row.object,
      row.id,
      golden.id,
      row.status,
    );
  }
}

function putKeys(db: Database, id: string, keys: readonly string[], fresh: boolean): void {
  const stored = fresh
    ? []
    : db.all<{ key: string }>("select key from identity where golden_id = ?", id).map((row) => row.key);
  for (const key of stored) if (!keys.includes(key)) db.run("delete from identity where key = ?", key);
  for (const key of keys) if (!stored.includes(key)) db.run("insert or ignore into identity values (?, ?)", key, id);
}

function putTerms(db: Database, golden: GoldenRecord, fresh: boolean): void {
  const wanted = termsOf(golden);
  const stored = fresh
    ? []
    : db.all<{ text: string }>("select text from term where golden_id = ?", golden.id).map((row) => row.text);
  for (const text of stored)
    if (!wanted.has(text)) db.run("delete from term where text = ? and golden_id = ?", text, golden.id);
  for (const text of wanted)
    if (!stored.includes(text)) db.run("insert or ignore into term values (?, ?)", text, golden.id);
}

/** The texts that a golden record can be found by: its values, in lower case. */
function termsOf(golden: GoldenRecord): Set<string> {
  const terms = new Set<string>();
  for (const { value } of Object.values(golden.fields)) {
    if (typeof value === "string" && value.length <= termLengthMax) terms.add(value.toLowerCase());
  }
  return terms;
}
