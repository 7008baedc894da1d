import type { Hold } from "../../model/hold.ts";
import type { HoldFilter, HoldGroup } from "../../ports/store.ts";
import { fromStored, toStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";
import { newWhere } from "./where.ts";

export function hold(db: Database, id: string): Hold | null {
  const row = db.get<{ doc: string }>("select doc from hold where id = ?", id);
  return row === undefined ? null : JSON.parse(row.doc);
}

export function holds(db: Database, { kind, entity, status, fields, ids, after, limit }: HoldFilter): readonly Hold[] {
  const where = newWhere();
  where.equals("status", status);
  where.equals("kind", kind);
  where.equals("entity", entity);
  where.equals("fields", fields && fieldsText(fields));
  where.holds("id in (select value from json_each(?))", ids && JSON.stringify(ids.map(toStored)));
  where.holds("seq > coalesce((select seq from hold where id = ?), 0)", after);
  const rows = db.all<{ doc: string }>(
    `select doc from hold ${where.sql()} order by seq limit ?`,
    ...where.values,
    limit,
  );
  return rows.map((row) => JSON.parse(row.doc));
}

/** How the fields of a hold stand in their column. Names of fields hold no comma. */
export function fieldsText(fields: readonly string[]): string {
  return fields.join(",");
}

export function holdGroups(db: Database): readonly HoldGroup[] {
  const rows = db.all<{ kind: HoldGroup["kind"]; entity: string; fields: string; count: number }>(
    `select kind, entity, fields, count(*) as count from hold where status = 'open'
     group by kind, entity, fields order by count desc, kind, entity, fields`,
  );
  return rows.map(({ kind, entity, fields, count }) => ({
    kind,
    entity: fromStored(entity),
    fields: fields === "" ? [] : fromStored(fields).split(","),
    count,
  }));
}
