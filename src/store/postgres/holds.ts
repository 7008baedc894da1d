import type { Hold } from "../../model/hold.ts";
import type { HoldFilter } from "../../ports/store.ts";
import { toStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";
import { storedKey } from "./stored.ts";
import { newWhere } from "./where.ts";

export async function hold(db: Database, id: string): Promise<Hold | null> {
  const [row] = await db.read<{ doc: string }>("select doc from truce.hold where id = $1", storedKey(id));
  return row === undefined ? null : JSON.parse(row.doc);
}

export async function holds(
  db: Database,
  { kind, entity, status, after, limit }: HoldFilter,
): Promise<readonly Hold[]> {
  const where = newWhere();
  where.equals("status", status);
  where.equals("kind", kind);
  where.equals("entity", entity && toStored(entity));
  where.holds("seq > coalesce((select seq from truce.hold where id = ?), 0)", after && storedKey(after));
  const rows = await db.read<{ doc: string }>(
    `select doc from truce.hold ${where.sql()} order by seq limit ${where.add(limit)}`,
    ...where.values,
  );
  return rows.map((row) => JSON.parse(row.doc));
}
