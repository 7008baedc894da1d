import { recordKey } from "../../model/record.ts";
import type { CursorRow, InboxItem } from "../../ports/store.ts";
import { setCursors } from "./cursors.ts";
import type { Database } from "./database.ts";

/** How long the key of an event is remembered after it is done: vendors redeliver for up to three days. */
const dedupeKeptMs = 3 * 24 * 60 * 60 * 1000;
/** Forgotten per call: a little at a time, so that no call is long. */
const forgetMax = 200;

export function receive(db: Database, items: readonly InboxItem[], cursors: readonly CursorRow[]) {
  return db.transaction(() => {
    const stored = items.filter((item) => takeIn(db, item)).length;
    setCursors(db, cursors);
    forgetDone(db);
    return { stored, repeated: items.length - stored };
  });
}

/** Stores an item unless its event is known already. */
export function takeIn(db: Database, item: InboxItem): boolean {
  const { id, dedupeKey, observation, lane, receivedAt, dueAt, tries } = item;
  if (dedupeKey !== null && db.run("insert or ignore into dedupe (key) values (?)", dedupeKey) === 0) return false;
  const added = db.run(
    `insert or ignore into inbox (id, record, lane, received_at, due_at, waiting, tries, dedupe_key, doc)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    recordKey(observation.ref),
    lane,
    receivedAt,
    dueAt,
    dueAt > receivedAt ? 1 : 0,
    tries,
    dedupeKey,
    JSON.stringify(observation),
  );
  return added > 0;
}

function forgetDone(db: Database): void {
  db.run(
    "delete from dedupe where key in (select key from dedupe where done_at < ? order by done_at limit ?)",
    Date.now() - dedupeKeptMs,
    forgetMax,
  );
}
