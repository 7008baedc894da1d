import type { JournalEntry } from "../../model/journal.ts";
import { recordKey } from "../../model/record.ts";
import type { CommitUnit } from "../../ports/store.ts";
import type { Database } from "./database.ts";

/** What of a line has no column of its own. */
export type LineDoc = Pick<
  JournalEntry,
  "from" | "to" | "other" | "base" | "source" | "ref" | "said" | "sides" | "erased"
>;

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
    line.ref === null ? null : recordKey(line.ref),
    docOf(line),
  );
}

/** Within a transaction of the caller's. */
export function replaceLines(db: Database, lines: readonly (JournalEntry & { readonly sequence: number })[]): void {
  for (const line of lines)
    db.run("update journal set why = ?, doc = ? where seq = ?", line.why, docOf(line), line.sequence);
}

function docOf({ from, to, other, base, source, ref, said, sides, erased }: JournalEntry): string {
  const more = {
    ...(said === undefined ? {} : { said }),
    ...(sides === undefined ? {} : { sides }),
    ...(erased === undefined ? {} : { erased }),
  };
  const doc: LineDoc = { from, to, other, base, source, ref, ...more };
  return JSON.stringify(doc);
}
