import { fromStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";
import { storedKey } from "./stored.ts";

export async function cursor(db: Database, name: string): Promise<string | null> {
  const [row] = await db.read<{ value: string }>("select value from truce.cursor where name = $1", storedKey(name));
  return row === undefined ? null : fromStored(row.value);
}
