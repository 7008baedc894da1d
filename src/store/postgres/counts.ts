import { lookPrefix, type Outcome, type StoreCounts } from "../../ports/store.ts";
import { fromStored } from "../../ports/store-text.ts";
import { readCounters } from "./counters.ts";
import type { Database } from "./database.ts";

const noOutcomes: Readonly<Record<Outcome, number>> = { applied: 0, "no-op": 0, superseded: 0, held: 0, dead: 0 };

export async function counts(db: Pick<Database, "look">): Promise<StoreCounts> {
  return db.look(async (query) => {
    const [totals, oldest, holds, dead, behind] = await Promise.all([
      readCounters(query),
      query<{ at: number }>(
        `select received_at as at from truce.inbox where id not like '${lookPrefix}%' order by seq limit 1`,
      ),
      query<{ kind: string; count: number }>(
        "select kind, count(*)::integer as count from truce.hold where status = 'open' group by kind",
      ),
      query<{ count: number }>("select count(*)::integer as count from truce.dead_letter where closed is null"),
      query<{ system: string; count: number; oldest: number }>(
        "select system, sum(links)::integer as count, min(since) as oldest from truce.due where links > 0 group by system",
      ),
    ]);
    return {
      goldens: totals("golden"),
      inbox: totals("inbox")[""] ?? 0,
      inboxOldestAt: oldest[0]?.at ?? null,
      outcomes: { ...noOutcomes, ...totals("outcome") },
      holds: Object.fromEntries(holds.map((row) => [row.kind, row.count])),
      deadLetters: dead[0]?.count ?? 0,
      behind: Object.fromEntries(
        behind.map((row) => [fromStored(row.system), { count: row.count, oldestAt: row.oldest }]),
      ),
      links: totals("link"),
    };
  });
}
