import { type Hold, heldRecord } from "../../model/hold.ts";
import { recordKey } from "../../model/record.ts";
import type { Attempt, CommitUnit, DeadLetter } from "../../ports/store.ts";
import type { Database } from "./database.ts";
import { fieldsText } from "./holds.ts";

/** Holds, pins, attempts and dead letters. */
export function putRows(db: Database, { holds, pins, attempts, deadLetters }: CommitUnit): void {
  for (const hold of holds) putHold(db, hold);
  for (const { ref, goldenId } of pins) {
    db.run(
      "insert into pin values (?, ?) on conflict (record) do update set golden_id = excluded.golden_id",
      recordKey(ref),
      goldenId,
    );
  }
  for (const attempt of attempts) putAttempt(db, attempt);
  for (const letter of deadLetters) putDeadLetter(db, letter);
}

function putHold(db: Database, hold: Hold): void {
  const held = heldRecord(hold);
  db.run(
    `insert into hold (id, kind, entity, fields, status, record, doc) values (?, ?, ?, ?, ?, ?, ?)
     on conflict (id) do update set kind = excluded.kind, entity = excluded.entity, fields = excluded.fields,
       status = excluded.status, record = excluded.record, doc = excluded.doc`,
    hold.id,
    hold.kind,
    hold.entity,
    fieldsText(hold.fields),
    hold.status,
    held === null ? null : recordKey(held),
    JSON.stringify(hold),
  );
}

function putAttempt(db: Database, one: Attempt): void {
  db.run(
    `insert into attempt values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (id) do update set record_id = excluded.record_id, ended_at = excluded.ended_at, result = excluded.result`,
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

function putDeadLetter(db: Database, { closed, ...letter }: DeadLetter): void {
  db.run(
    `insert into dead_letter (id, at, doc, kind, system, closed) values (?, ?, ?, ?, ?, ?)
     on conflict (id) do update set at = excluded.at, doc = excluded.doc, closed = excluded.closed`,
    letter.id,
    letter.at,
    JSON.stringify(letter),
    letter.kind,
    letter.ref?.system ?? null,
    closed === null ? null : JSON.stringify(closed),
  );
}

/** Ends those that are open. */
export function closeLetters(db: Database, { closedLetters }: CommitUnit): void {
  for (const { id, closed } of closedLetters) {
    db.run("update dead_letter set closed = ? where id = ? and closed is null", JSON.stringify(closed), id);
  }
}
