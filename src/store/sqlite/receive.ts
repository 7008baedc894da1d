import { recordKey } from "../../model/record.ts";
import type { CursorRow, InboxItem, Store } from "../../ports/store.ts";
import { setCursors } from "./cursors.ts";
import type { Database } from "./database.ts";

/** How long the key of an event is remembered after it is done: vendors redeliver for up to three days. */
const dedupeKeptMs = 3 * 24 * 60 * 60 * 1000;
/** Forgotten per call: a little at a time, so that no call is long. */
const forgetMax = 200;

type Received = Awaited<ReturnType<Store["receive"]>>;
type Call = { readonly items: readonly InboxItem[]; readonly cursors: readonly CursorRow[] };
type Waiting = Call & { readonly resolve: (received: Received) => void; readonly reject: (error: unknown) => void };

/**
 * Takes observations in. Calls that are made before the event loop turns are stored together: what a transaction costs is the sync to the disk, so
 * a hundred senders at once cost little more than one.
 */
export function newReceiver(db: Database): Store["receive"] {
  let waiting: Waiting[] = [];
  const storeAll = () => {
    const calls = waiting;
    waiting = [];
    try {
      const received = db.transaction(() => calls.map((call) => take(db, call)));
      calls.forEach(({ resolve }, i) => void resolve(received[i] ?? { stored: 0, repeated: 0 }));
    } catch {
      // One may be to blame for all: each for itself.
      for (const call of calls) storeOne(db, call);
    }
  };
  return (items, cursors) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(storeAll);
      waiting.push({ items, cursors, resolve, reject });
    });
}

function storeOne(db: Database, call: Waiting): void {
  try {
    call.resolve(db.transaction(() => take(db, call)));
  } catch (error) {
    call.reject(error);
  }
}

function take(db: Database, { items, cursors }: Call): Received {
  const stored = items.filter((item) => takeIn(db, item)).length;
  setCursors(db, cursors);
  forgetDone(db);
  return { stored, repeated: items.length - stored };
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
