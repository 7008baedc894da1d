import { recordKey } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import type { InboxItem, Lane } from "../../ports/store.ts";
import type { Database } from "./database.ts";

/** How long the keys of events are remembered, so that a late redelivery is known: the longest that vendors retry is about a day. */
const seenMs = 3 * 24 * 60 * 60 * 1000;
/** Forgotten per call: a little at a time, so that no call is long. */
const forgetMax = 200;

/** Stores an item unless its event is known already. */
export function takeIn(db: Database, item: InboxItem): boolean {
  const { dedupeKey } = item;
  if (dedupeKey !== null && db.run("insert or ignore into seen values (?, ?)", dedupeKey, item.receivedAt) === 0)
    return false;
  db.run(
    "insert into inbox (id, record, lane, due_at, tries, received_at, dedupe_key, observation) values (?, ?, ?, ?, ?, ?, ?, ?)",
    item.id,
    recordKey(item.observation.ref),
    item.lane,
    item.dueAt,
    item.tries,
    item.receivedAt,
    dedupeKey,
    JSON.stringify(item.observation),
  );
  return true;
}

export function forgetSeen(db: Database, now: Instant): void {
  db.run(
    "delete from seen where dedupe_key in (select dedupe_key from seen where at < ? order by at limit ?)",
    now - seenMs,
    forgetMax,
  );
}

type InboxRow = {
  sequence: number;
  id: string;
  record: string;
  lane: number;
  due_at: number;
  tries: number;
  received_at: number;
  dedupe_key: string | null;
  observation: string;
};

/** The next due items, by lane then arrival, leased. A record's items wait while one of them is leased. */
export function claimItems(db: Database, limit: number, now: Instant, leaseMs: number): InboxItem[] {
  const rows = db.all<InboxRow>(
    `select i.sequence, i.id, i.record, i.lane, i.due_at, i.tries, i.received_at, i.dedupe_key, i.observation from inbox i
     where i.due_at <= ? and i.leased_until <= ? and not exists (select 1 from inbox o where o.record = i.record and o.leased_until > ?)
     order by i.lane, i.sequence limit ?`,
    now,
    now,
    now,
    limit,
  );
  for (const row of rows) db.run("update inbox set leased_until = ? where sequence = ?", now + leaseMs, row.sequence);
  return rows.sort((a, b) => a.sequence - b.sequence).map(itemOf);
}

function itemOf(row: InboxRow): InboxItem {
  return {
    id: row.id,
    dedupeKey: row.dedupe_key,
    observation: JSON.parse(row.observation),
    lane: row.lane as Lane,
    receivedAt: row.received_at,
    dueAt: row.due_at,
    tries: row.tries,
  };
}
