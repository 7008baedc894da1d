import type { DeadLetter } from "../../ports/store.ts";
import type { Database } from "./database.ts";

export async function deadLetters(db: Database, limit: number): Promise<readonly DeadLetter[]> {
  const rows = await db.read<{ doc: string }>("select doc from truce.dead_letter order by seq limit $1", limit);
  return rows.map((row) => JSON.parse(row.doc));
}
