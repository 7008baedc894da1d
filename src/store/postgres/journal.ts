import type { JournalEntry, JournalKind } from "../../model/journal.ts";
import type { JournalFilter } from "../../ports/store.ts";
import { fromStored, toStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";
import { storedRecord } from "./stored.ts";
import { newWhere } from "./where.ts";

/** What of a line has no column of its own. */
type Doc = Pick<JournalEntry, "from" | "to" | "other" | "base" | "source" | "ref" | "said" | "sides" | "erased">;

type Row = {
  readonly seq: string;
  readonly golden_id: string;
  readonly entity: string;
  readonly at: number;
  readonly kind: JournalKind;
  readonly field: string | null;
  readonly version: number;
  readonly why: string;
  readonly cause: string;
  readonly doc: string;
};

export function journalDoc({ from, to, other, base, source, ref, said, sides, erased }: JournalEntry): string {
  const more = {
    ...(said === undefined ? {} : { said }),
    ...(sides === undefined ? {} : { sides }),
    ...(erased === undefined ? {} : { erased }),
  };
  const doc: Doc = { from, to, other, base, source, ref, ...more };
  return JSON.stringify(doc);
}

export async function journal(
  db: Database,
  filter: JournalFilter,
): Promise<readonly (JournalEntry & { readonly sequence: number })[]> {
  const { goldenId, field, kind, ref, since, until, after, before, newestFirst = false, limit } = filter;
  const where = newWhere();
  where.equals("golden_id", goldenId && toStored(goldenId));
  where.equals("field", field && toStored(field));
  where.equals("kind", kind);
  where.equals("record", ref && storedRecord(ref));
  where.holds("at >= ?", since);
  where.holds("at < ?", until);
  where.holds("seq > ?", after);
  where.holds("seq < ?", before);
  // Lines are nearly in order of time: this finds where to begin, so that old ones need not be read.
  if (goldenId === undefined) where.holds("seq >= (select min(seq) from truce.journal where at >= ?)", since);
  const rows = await db.read<Row>(
    `select seq, golden_id, entity, at, kind, field, version, why, cause, doc
     from truce.journal ${where.sql()} order by seq ${newestFirst ? "desc" : "asc"} limit ${where.add(limit)}`,
    ...where.values,
  );
  return rows.map(lineOf);
}

function lineOf(row: Row): JournalEntry & { readonly sequence: number } {
  const doc: Doc = JSON.parse(row.doc);
  return {
    ...doc,
    goldenId: fromStored(row.golden_id),
    entity: fromStored(row.entity),
    at: row.at,
    kind: row.kind,
    field: row.field === null ? null : fromStored(row.field),
    version: row.version,
    why: fromStored(row.why),
    cause: fromStored(row.cause),
    sequence: Number(row.seq),
  };
}

export async function replaceLines(
  db: Database,
  lines: readonly (JournalEntry & { readonly sequence: number })[],
): Promise<void> {
  if (lines.length === 0) return;
  await db.write(
    `update truce.journal set why = line.why, doc = line.doc
     from unnest(truce.texts($1)::bigint[], truce.texts($2), truce.texts($3)) as line (seq, why, doc) where journal.seq = line.seq`,
    lines.map(({ sequence }) => sequence),
    lines.map(({ why }) => toStored(why)),
    lines.map(journalDoc),
  );
}
