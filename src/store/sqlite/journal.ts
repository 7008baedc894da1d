import type { JournalEntry, JournalKind } from "../../model/journal.ts";
import { recordKey } from "../../model/record.ts";
import type { JournalFilter } from "../../ports/store.ts";
import { fromStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";
import type { LineDoc } from "./put-journal.ts";
import { newWhere } from "./where.ts";

export type LineRow = {
  readonly seq: number;
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

/** Follows a golden record's chain from its end, and adds the lines that are in no chain. */
const linesOfGolden = `
  with recursive wanted (id) as (select ?),
    chain (seq) as (
      select last_line from golden where id = (select id from wanted)
      union all select previous from chain join journal using (seq) where previous is not null)
  select seq from chain
  union all select seq from journal where stray = 1 and golden_id = (select id from wanted)`;

export function journal(
  db: Database,
  filter: JournalFilter,
): readonly (JournalEntry & { readonly sequence: number })[] {
  const { goldenId, field, kind, ref, since, until, after, before, newestFirst = false, limit } = filter;
  const where = newWhere();
  where.holds(`seq in (${linesOfGolden})`, goldenId);
  where.equals("field", field);
  where.equals("kind", kind);
  where.equals("record", ref && recordKey(ref));
  where.holds("at >= ?", since);
  where.holds("at < ?", until);
  where.holds("seq > ?", after);
  where.holds("seq < ?", before);
  // Lines are nearly in order of time: this finds where to begin, so that old ones need not be read. "+": by the index on time.
  if (goldenId === undefined) where.holds("seq >= (select min(+seq) from journal where at >= ?)", since);
  const rows = db.all<LineRow>(
    `select seq, golden_id, entity, at, kind, field, version, why, cause, doc
     from journal ${where.sql()} order by seq ${newestFirst ? "desc" : "asc"} limit ?`,
    ...where.values,
    limit,
  );
  return rows.map(lineOf);
}

export function lineOf(row: LineRow): JournalEntry & { readonly sequence: number } {
  const doc: LineDoc = JSON.parse(row.doc);
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
    sequence: row.seq,
  };
}
