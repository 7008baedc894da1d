import type { Instant } from "../../model/time.ts";
import type { Database } from "./database.ts";
import type { GoldenCache } from "./golden-cache.ts";
import type { Leases } from "./leases.ts";
import { parseWork, putWork, type Work } from "./put-work.ts";

export function recover(db: Database, leases: Leases, cache: GoldenCache, dueAt: Instant): void {
  cache.clear();
  leases.items.clear();
  leases.due.clear();
  db.transaction(() => {
    const later = db.all<{ seq: number; work: string }>(
      "select seq, work from golden where seq in (select golden from due where due_at > ?)",
      dueAt,
    );
    for (const { seq, work } of later) {
      const sooner = JSON.stringify(parseWork(work).map((row) => noLater(row, dueAt)));
      putWork(db, seq, sooner, work);
      db.run("update golden set work = ? where seq = ?", sooner, seq);
    }
  });
}

function noLater([system, lane, at, links, since]: Work, dueAt: Instant): Work {
  return [system, lane, Math.min(at, dueAt), links, since];
}
