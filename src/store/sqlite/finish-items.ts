import type { CommitUnit } from "../../ports/store.ts";
import { fromStored } from "../../ports/store-text.ts";
import { type Counters, count } from "./counters.ts";
import type { Database } from "./database.ts";

/** Ends or postpones inbox items. One that was ended before (its worker was slow and another took over) counts once. */
export function finishItems(db: Database, { done, postponed, fresh }: CommitUnit, counters: Counters): void {
  const isFresh = new Set(fresh.map((item) => item.id));
  for (const { inboxId, outcome } of done) {
    if (isFresh.has(inboxId)) {
      count(counters, "outcome", outcome);
      continue;
    }
    const key = db.value<string | null>("delete from inbox where id = ? returning dedupe_key", inboxId);
    if (key === undefined) continue;
    count(counters, "outcome", outcome);
    if (key === null) continue;
    db.run("update dedupe set outcome = ?, done_at = ? where key = ?", outcome, Date.now(), fromStored(key));
  }
  for (const { inboxId, dueAt } of postponed) {
    db.run("update inbox set due_at = ?, waiting = 1, tries = tries + 1 where id = ?", dueAt, inboxId);
  }
}
