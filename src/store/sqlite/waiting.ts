import { oldestWaiting } from "../../ports/oldest-waiting.ts";
import { lookPrefix, type Waiting } from "../../ports/store.ts";
import { fromStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";

export function waiting(db: Database, limit: number): readonly Waiting[] {
  const rows = db.all<{ record: string; at: number }>(
    `select record, received_at as at from inbox where id not like '${lookPrefix}%' order by seq limit ?`,
    limit,
  );
  return oldestWaiting(rows.map(({ record, at }) => ({ record: fromStored(record), at })));
}
