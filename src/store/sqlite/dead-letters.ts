import type { DeadLetter } from "../../ports/store.ts";
import type { Database } from "./database.ts";

export function deadLetters(db: Database, limit: number): readonly DeadLetter[] {
  const rows = db.all<{ doc: string }>("select doc from dead_letter order by seq limit ?", limit);
  return rows.map((row) => JSON.parse(row.doc));
}
