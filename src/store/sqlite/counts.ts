import { lookPrefix, type StoreCounts } from "../../ports/store.ts";
import { fromStored } from "../../ports/store-text.ts";
import { noOutcomes, readCounters } from "./counters.ts";
import type { Database } from "./database.ts";

export function counts(db: Database): StoreCounts {
  return {
    goldens: readCounters(db, "golden"),
    inbox: rowsIn(db, undecided),
    inboxOldestAt:
      db.get<{ at: number }>(`select received_at as at from ${undecided} order by seq limit 1`)?.at ?? null,
    outcomes: { ...noOutcomes, ...readCounters(db, "outcome") },
    holds: holdCounts(db),
    deadLetters: rowsIn(db, "dead_letter where closed is null"),
    behind: behindCounts(db),
    links: readCounters(db, "link"),
  };
}

const undecided = `inbox where id not like '${lookPrefix}%'`;

function rowsIn(db: Database, table: string): number {
  return db.get<{ count: number }>(`select count(*) as count from ${table}`)?.count ?? 0;
}

function holdCounts(db: Database): StoreCounts["holds"] {
  const rows = db.all<{ kind: string; count: number }>(
    "select kind, count(*) as count from hold where status = 'open' group by kind",
  );
  return Object.fromEntries(rows.map((row) => [row.kind, row.count]));
}

function behindCounts(db: Database): StoreCounts["behind"] {
  const rows = db.all<{ system: string; count: number; oldest: number }>(
    "select system, sum(links) as count, min(since) as oldest from due where links > 0 group by system",
  );
  return Object.fromEntries(rows.map((row) => [fromStored(row.system), { count: row.count, oldestAt: row.oldest }]));
}
