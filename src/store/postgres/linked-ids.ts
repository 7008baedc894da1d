import { type ObjectName, recordKey, type SystemId } from "../../model/record.ts";
import { fromStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";
import { storedKey } from "./stored.ts";

/** Keys of one object are a range: they begin alike, and "0" follows "/". */
export async function linkedIds(
  db: Database,
  system: SystemId,
  object: ObjectName,
  after: string | null,
  limit: number,
) {
  const first = recordKey({ system, object, id: after ?? "" });
  const end = `${recordKey({ system, object, id: "" }).slice(0, -1)}0`;
  const rows = await db.read<{ id: string; golden_id: string }>(
    "select id, golden_id from truce.record where key > $1 and key < $2 and linked order by key limit $3",
    storedKey(first),
    storedKey(end),
    limit,
  );
  return rows.map((row) => ({ id: fromStored(row.id), goldenId: fromStored(row.golden_id) }));
}
