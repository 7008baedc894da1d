import type { EntityType, GoldenRecord } from "../../model/golden.ts";
import type { SystemId } from "../../model/record.ts";
import { fromDoc } from "../../ports/store-doc.ts";
import { toStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";

export async function behind(
  db: Database,
  system: SystemId,
  limit: number,
  entity?: EntityType,
): Promise<readonly GoldenRecord[]> {
  const rows = await db.read<{ doc: string }>(
    `select doc from truce.due join truce.golden on golden.id = due.golden_id where system = $1 and links > 0
       and entity = coalesce($2::text, entity) order by since, golden.id limit $3`,
    toStored(system),
    entity === undefined ? null : toStored(entity),
    limit,
  );
  return rows.map((row) => fromDoc(row.doc));
}
