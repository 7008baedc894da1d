import type { Hold } from "../../model/hold.ts";
import type { HoldFilter } from "../../ports/store.ts";
import type { Database } from "./database.ts";
import { newWhere } from "./where.ts";

export function hold(db: Database, id: string): Hold | null {
  const row = db.get<{ doc: string }>("select doc from hold where id = ?", id);
  return row === undefined ? null : JSON.parse(row.doc);
}

export function holds(db: Database, { kind, entity, status, after, limit }: HoldFilter): readonly Hold[] {
  const where = newWhere();
  where.equals("status", status);
  where.equals("kind", kind);
  where.equals("entity", entity);
  where.holds("seq > coalesce((select seq from hold where id = ?), 0)", after);
  const rows = db.all<{ doc: string }>(
    `select doc from hold ${where.sql()} order by seq limit ?`,
    ...where.values,
    limit,
  );
  return rows.map((row) => JSON.parse(row.doc));
}
