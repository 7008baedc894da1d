import { type ObjectName, recordKey, type SystemId } from "../../model/record.ts";
import { fromStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";

/** Keys of one object are a range: they begin alike, and "0" follows "/". */
export function linkedIds(db: Database, system: SystemId, object: ObjectName, after: string | null, limit: number) {
  const prefix = recordKey({ system, object, id: "" });
  const rows = db.all<{ key: string; golden_id: string }>(
    "select key, golden_id from record where key > ? and key < ? and linked = 1 order by key limit ?",
    prefix + (after ?? ""),
    `${prefix.slice(0, -1)}0`,
    limit,
  );
  return rows.map((row) => ({ id: fromStored(row.key).slice(prefix.length), goldenId: fromStored(row.golden_id) }));
}
