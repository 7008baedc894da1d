import type { DeadLetter, DeadLetterFilter } from "../../ports/store.ts";
import type { Database } from "./database.ts";
import { newWhere } from "./where.ts";

export type LetterRow = { readonly doc: string; readonly closed: string | null };

/** How a letter ended stands beside its document, so that it can be closed without being read. */
export function letterOf({ doc, closed }: LetterRow): DeadLetter {
  return { ...JSON.parse(doc), closed: closed === null ? null : JSON.parse(closed) };
}

export function deadLetter(db: Database, id: string): DeadLetter | null {
  const row = db.get<LetterRow>("select doc, closed from dead_letter where id = ?", id);
  return row === undefined ? null : letterOf(row);
}

export function deadLetters(
  db: Database,
  { kind, system, status, after, limit }: DeadLetterFilter,
): readonly DeadLetter[] {
  const where = newWhere();
  where.equals("kind", kind);
  where.equals("system", system);
  where.equals("(closed is null)", status && (status === "open" ? 1 : 0));
  where.holds("seq > coalesce((select seq from dead_letter where id = ?), 0)", after);
  return db
    .all<LetterRow>(`select doc, closed from dead_letter ${where.sql()} order by seq limit ?`, ...where.values, limit)
    .map(letterOf);
}
