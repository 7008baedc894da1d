import type { EntityType, GoldenId, GoldenRecord } from "../../model/golden.ts";
import { fromDoc } from "../../ports/store-doc.ts";
import type { Database } from "./database.ts";
import { newWhere } from "./where.ts";

export function goldens(
  db: Database,
  entity: EntityType | null,
  after: GoldenId | null,
  limit: number,
): readonly GoldenRecord[] {
  const where = newWhere();
  where.equals("entity", entity ?? undefined);
  where.holds("id > ?", after ?? undefined);
  const rows = db.all<{ doc: string }>(
    `select doc from golden ${where.sql()} order by id limit ?`,
    ...where.values,
    limit,
  );
  return rows.map((row) => fromDoc(row.doc));
}
