import { heldRecord } from "../../model/hold.ts";
import type { CommitUnit } from "../../ports/store.ts";
import { lastById } from "../../ports/store-index.ts";
import { toStored } from "../../ports/store-text.ts";
import type { Query } from "./database.ts";
import { fieldsText } from "./holds.ts";
import { journalDoc } from "./journal.ts";
import { storedKey, storedOrNull, storedRecord } from "./stored.ts";

/** Journal lines, holds, pins, attempts and dead letters of all units. */
export function putRows(query: Query, units: readonly CommitUnit[]): Promise<unknown>[] {
  return [
    putJournal(query, units),
    putHolds(query, units),
    putPins(query, units),
    putAttempts(query, units),
    putDeadLetters(query, units),
    closeLetters(query, units),
  ].filter((sent) => sent !== null);
}

type Sent = Promise<unknown> | null;

function putJournal(query: Query, units: readonly CommitUnit[]): Sent {
  const lines = units.flatMap((unit) => unit.journal);
  if (lines.length === 0) return null;
  return query(
    `insert into truce.journal (golden_id, entity, at, kind, field, version, why, cause, record, doc)
     select golden_id, entity, at, kind, field, version, why, cause, record, doc
     from unnest(truce.texts($1), truce.texts($2), truce.texts($3)::double precision[], truce.texts($4), truce.texts($5), truce.texts($6)::integer[], truce.texts($7), truce.texts($8),
       truce.texts($9), truce.texts($10)) with ordinality as line (golden_id, entity, at, kind, field, version, why, cause, record, doc, n)
     order by n`,
    lines.map((line) => toStored(line.goldenId)),
    lines.map((line) => toStored(line.entity)),
    lines.map((line) => line.at),
    lines.map((line) => line.kind),
    lines.map((line) => storedOrNull(line.field)),
    lines.map((line) => line.version),
    lines.map((line) => toStored(line.why)),
    lines.map((line) => toStored(line.cause)),
    lines.map((line) => line.ref && storedRecord(line.ref)),
    lines.map(journalDoc),
  );
}

function putHolds(query: Query, units: readonly CommitUnit[]): Sent {
  const holds = lastById(
    units.flatMap((unit) => unit.holds),
    (hold) => hold.id,
  );
  if (holds.length === 0) return null;
  const onRecord = holds.map(heldRecord);
  return query(
    `insert into truce.hold (id, kind, entity, status, record, matches, doc, fields)
     select id, kind, entity, status, record, array(select jsonb_array_elements_text(matches::jsonb)), doc, fields
     from unnest(truce.texts($1), truce.texts($2), truce.texts($3), truce.texts($4), truce.texts($5), truce.texts($6), truce.texts($7),
       truce.texts($8)) with ordinality as hold (id, kind, entity, status, record, matches, doc, fields, n)
     order by n
     on conflict (id) do update set kind = excluded.kind, entity = excluded.entity, status = excluded.status,
       record = excluded.record, matches = excluded.matches, doc = excluded.doc, fields = excluded.fields`,
    holds.map((hold) => storedKey(hold.id)),
    holds.map((hold) => hold.kind),
    holds.map((hold) => toStored(hold.entity)),
    holds.map((hold) => hold.status),
    onRecord.map((ref) => ref && storedRecord(ref)),
    holds.map((hold, i) => JSON.stringify(onRecord[i] === null ? [] : hold.matches.map(toStored))),
    holds.map((hold) => JSON.stringify(hold)),
    holds.map((hold) => fieldsText(hold.fields)),
  );
}

function putPins(query: Query, units: readonly CommitUnit[]): Sent {
  const pins = lastById(
    units.flatMap((unit) => unit.pins),
    (pin) => storedRecord(pin.ref),
  );
  if (pins.length === 0) return null;
  return query(
    `insert into truce.pin (record, golden_id) select * from unnest(truce.texts($1), truce.texts($2)) order by 1
     on conflict (record) do update set golden_id = excluded.golden_id`,
    pins.map((pin) => storedRecord(pin.ref)),
    pins.map((pin) => toStored(pin.goldenId)),
  );
}

function putAttempts(query: Query, units: readonly CommitUnit[]): Sent {
  const attempts = lastById(
    units.flatMap((unit) => unit.attempts),
    (attempt) => attempt.id,
  );
  if (attempts.length === 0) return null;
  return query(
    `insert into truce.attempt (id, golden_id, system, object, record_id, kind, fields, started_at, ended_at, result)
     select * from unnest(truce.texts($1), truce.texts($2), truce.texts($3), truce.texts($4), truce.texts($5), truce.texts($6), truce.texts($7),
       truce.texts($8)::double precision[], truce.texts($9)::double precision[], truce.texts($10)) order by 1
     on conflict (id) do update set record_id = excluded.record_id, ended_at = excluded.ended_at, result = excluded.result`,
    attempts.map((attempt) => toStored(attempt.id)),
    attempts.map((attempt) => toStored(attempt.goldenId)),
    attempts.map((attempt) => toStored(attempt.system)),
    attempts.map((attempt) => toStored(attempt.object)),
    attempts.map((attempt) => storedOrNull(attempt.recordId)),
    attempts.map((attempt) => attempt.kind),
    attempts.map((attempt) => JSON.stringify(attempt.fields)),
    attempts.map((attempt) => attempt.startedAt),
    attempts.map((attempt) => attempt.endedAt),
    attempts.map((attempt) => toStored(attempt.result)),
  );
}

function putDeadLetters(query: Query, units: readonly CommitUnit[]): Sent {
  const letters = lastById(
    units.flatMap((unit) => unit.deadLetters),
    (letter) => letter.id,
  );
  if (letters.length === 0) return null;
  return query(
    `insert into truce.dead_letter (id, at, doc, kind, system, closed)
     select id, at, doc, kind, system, closed
     from unnest(truce.texts($1), truce.texts($2)::double precision[], truce.texts($3), truce.texts($4), truce.texts($5), truce.texts($6))
       with ordinality as letter (id, at, doc, kind, system, closed, n)
     order by n
     on conflict (id) do update set at = excluded.at, doc = excluded.doc, closed = excluded.closed`,
    letters.map((letter) => storedKey(letter.id)),
    letters.map((letter) => letter.at),
    letters.map(({ closed: _, ...letter }) => JSON.stringify(letter)),
    letters.map((letter) => letter.kind),
    letters.map((letter) => storedOrNull(letter.ref?.system ?? null)),
    letters.map(({ closed }) => closed && JSON.stringify(closed)),
  );
}

function closeLetters(query: Query, units: readonly CommitUnit[]): Sent {
  // Who ends one first has ended it.
  const letters = lastById(units.flatMap((unit) => unit.closedLetters).reverse(), (letter) => letter.id);
  if (letters.length === 0) return null;
  return query(
    `update truce.dead_letter set closed = ended.closed from unnest(truce.texts($1), truce.texts($2)) as ended (id, closed)
     where dead_letter.id = ended.id and dead_letter.closed is null`,
    letters.map((letter) => storedKey(letter.id)),
    letters.map((letter) => JSON.stringify(letter.closed)),
  );
}
