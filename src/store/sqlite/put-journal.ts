import type { JournalEntry } from "../../model/journal.ts";
import { recordKey } from "../../model/record.ts";
import type { CommitUnit } from "../../ports/store.ts";
import type { Database } from "./database.ts";

/** What of a line has no column of its own. */
export type LineDoc = Pick<JournalEntry, "from" | "to" | "other" | "base" | "source" | "ref" | "said">;

/** Appends the unit's lines to its golden record's chain, which ended with `last`. Returns the new end. */
export function putJournal(db: Database, { golden, journal }: CommitUnit, last: number | null): number | null {
  let end = last;
  for (const line of journal) {
    const isStray = line.goldenId !== golden?.id;
    putLine(db, line, isStray ? null : end, isStray);
    if (!isStray) end = db.lastKey();
  }
  return end;
}

function putLine(db: Database, line: JournalEntry, previous: number | null, isStray: boolean): void {
  const { from, to, other, base, source, ref, said } = line;
  const doc: LineDoc = { from, to, other, base, source, ref, ...(said === undefined ? {} : { said }) };
  db.run(
    `insert into journal (golden_id, previous, stray, entity, at, kind, field, version, why, cause, record, doc)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    line.goldenId,
    previous,
    isStray ? 1 : 0,
    line.entity,
    line.at,
    line.kind,
    line.field,
    line.version,
    line.why,
    line.cause,
    ref === null ? null : recordKey(ref),
    JSON.stringify(doc),
  );
}
