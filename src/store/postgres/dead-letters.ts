import type { DeadLetter, DeadLetterFilter } from "../../ports/store.ts";
import { toStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";
import { storedKey } from "./stored.ts";
import { newWhere } from "./where.ts";

type LetterRow = { readonly doc: string; readonly closed: string | null };

/** How a letter ended stands beside its document, so that it can be closed without being read. */
function letterOf({ doc, closed }: LetterRow): DeadLetter {
  return { ...JSON.parse(doc), closed: closed === null ? null : JSON.parse(closed) };
}

export async function deadLetter(db: Database, id: string): Promise<DeadLetter | null> {
  const [row] = await db.read<LetterRow>("select doc, closed from truce.dead_letter where id = $1", storedKey(id));
  return row === undefined ? null : letterOf(row);
}

export async function deadLetters(
  db: Database,
  { kind, system, status, after, limit }: DeadLetterFilter,
): Promise<readonly DeadLetter[]> {
  const where = newWhere();
  where.equals("kind", kind);
  where.equals("system", system && toStored(system));
  where.equals("(closed is null)", status && status === "open");
  where.holds("seq > coalesce((select seq from truce.dead_letter where id = ?), 0)", after && storedKey(after));
  const rows = await db.read<LetterRow>(
    `select doc, closed from truce.dead_letter ${where.sql()} order by seq limit ${where.add(limit)}`,
    ...where.values,
  );
  return rows.map(letterOf);
}
