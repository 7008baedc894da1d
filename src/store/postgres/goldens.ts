import type { EntityType, GoldenId, GoldenRecord } from "../../model/golden.ts";
import { fromDoc } from "../../ports/store-doc.ts";
import { toStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";
import { newWhere } from "./where.ts";

export async function goldens(
  db: Database,
  entity: EntityType | null,
  after: GoldenId | null,
  limit: number,
): Promise<readonly GoldenRecord[]> {
  const where = newWhere();
  where.equals("entity", entity === null ? undefined : toStored(entity));
  where.holds("id > ?", after === null ? undefined : toStored(after));
  const rows = await db.read<{ doc: string }>(
    `select doc from truce.golden ${where.sql()} order by id limit ${where.add(limit)}`,
    ...where.values,
  );
  return rows.map((row) => fromDoc(row.doc));
}
