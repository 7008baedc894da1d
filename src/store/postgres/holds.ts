import type { Hold } from "../../model/hold.ts";
import type { HoldFilter, HoldGroup } from "../../ports/store.ts";
import { fromStored, toStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";
import { storedKey } from "./stored.ts";
import { newWhere } from "./where.ts";

export async function hold(db: Database, id: string): Promise<Hold | null> {
  const [row] = await db.read<{ doc: string }>("select doc from truce.hold where id = $1", storedKey(id));
  return row === undefined ? null : JSON.parse(row.doc);
}

export async function holds(
  db: Database,
  { kind, entity, status, fields, ids, after, limit }: HoldFilter,
): Promise<readonly Hold[]> {
  const where = newWhere();
  where.equals("status", status);
  where.equals("kind", kind);
  where.equals("entity", entity && toStored(entity));
  where.equals("fields", fields && fieldsText(fields));
  where.holds("id = any(truce.texts(?))", ids?.map(storedKey));
  where.holds("seq > coalesce((select seq from truce.hold where id = ?), 0)", after && storedKey(after));
  const rows = await db.read<{ doc: string }>(
    `select doc from truce.hold ${where.sql()} order by seq limit ${where.add(limit)}`,
    ...where.values,
  );
  return rows.map((row) => JSON.parse(row.doc));
}

/** How the fields of a hold stand in their column. Names of fields hold no comma. */
export function fieldsText(fields: readonly string[]): string {
  return toStored(fields.join(","));
}

export async function holdGroups(db: Database): Promise<readonly HoldGroup[]> {
  const rows = await db.read<{ kind: HoldGroup["kind"]; entity: string; fields: string; count: number }>(
    `select kind, entity, fields, count(*)::integer as count from truce.hold where status = 'open'
     group by kind, entity, fields order by count desc, kind collate "C", entity collate "C", fields collate "C"`,
  );
  return rows.map(({ kind, entity, fields, count }) => ({
    kind,
    entity: fromStored(entity),
    fields: fields === "" ? [] : fromStored(fields).split(","),
    count,
  }));
}
