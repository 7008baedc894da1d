import type { EntityType, GoldenRecord } from "../../model/golden.ts";
import type { SystemId } from "../../model/record.ts";
import { fromDoc } from "../../ports/store-doc.ts";
import type { Database } from "./database.ts";

export function behind(db: Database, system: SystemId, limit: number, entity?: EntityType): readonly GoldenRecord[] {
  const rows = db.all<{ doc: string }>(
    `select doc from due join golden on golden.seq = due.golden where system = ? and links > 0 and entity = coalesce(?, entity)
     order by since, golden.id limit ?`,
    system,
    entity ?? null,
    limit,
  );
  return rows.map((row) => fromDoc(row.doc));
}
