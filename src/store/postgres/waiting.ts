import { oldestWaiting } from "../../ports/oldest-waiting.ts";
import { lookPrefix, type Waiting } from "../../ports/store.ts";
import { fromStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";

export async function waiting(db: Database, limit: number): Promise<readonly Waiting[]> {
  const rows = await db.read<{ record: string; at: number }>(
    `select record, received_at as at from truce.inbox where id not like '${lookPrefix}%' order by seq limit $1`,
    limit,
  );
  return oldestWaiting(rows.map(({ record, at }) => ({ record: fromStored(record), at })));
}
