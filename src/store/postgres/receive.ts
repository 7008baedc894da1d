import { type CursorRow, type InboxItem, lookPrefix } from "../../ports/store.ts";
import { lastById } from "../../ports/store-index.ts";
import { toStored } from "../../ports/store-text.ts";
import type { Database, Query } from "./database.ts";
import { storedKey, storedRecord } from "./stored.ts";

/** How long the key of an event is remembered after it is done: vendors redeliver for up to three days. */
const dedupeKeptMs = 3 * 24 * 60 * 60 * 1000;
/** Forgotten per call: a little at a time, so that no call is long. */
const forgetMax = 200;

export async function receive(db: Database, items: readonly InboxItem[], cursors: readonly CursorRow[]) {
  const stored = await takeIn(db.write, items, cursors);
  return { stored, repeated: items.length - stored };
}

export async function setCursors(db: Database, cursors: readonly CursorRow[]): Promise<void> {
  await takeIn(db.write, [], cursors);
}

/** Stores the items whose events are not known yet, with the cursors, in one statement. Returns how many. */
export async function takeIn(
  query: Query,
  items: readonly InboxItem[],
  cursors: readonly CursorRow[],
): Promise<number> {
  if (items.length === 0 && cursors.length === 0) return 0;
  const once = withoutRepeats(items);
  const named = lastById(cursors, (row) => row.name);
  const [row] = await query<{ count: number }>(
    `with item as (
       select * from unnest(truce.texts($1), truce.texts($2), truce.texts($3)::integer[], truce.texts($4)::double precision[], truce.texts($5)::double precision[], truce.texts($6)::integer[],
         truce.texts($7), truce.texts($8)) with ordinality as item (id, record, lane, received_at, due_at, tries, dedupe_key, doc, n)
     ), fresh as (
       insert into truce.dedupe (key) select dedupe_key from item where dedupe_key is not null order by 1
       on conflict do nothing returning key
     ), stored as (
       insert into truce.inbox (id, record, lane, received_at, due_at, waiting, tries, dedupe_key, doc)
       select id, record, lane, received_at, due_at, due_at > received_at, tries, dedupe_key, doc from item
       where dedupe_key is null or dedupe_key in (select key from fresh) order by n
       on conflict (id) do nothing returning id
     ), counted as (
       insert into truce.counter select 'inbox/', pg_backend_pid() % 64, count(*) from stored where id not like '${lookPrefix}%' having count(*) > 0
       on conflict (name, stripe) do update set value = counter.value + excluded.value
     ), placed as (
       insert into truce.cursor select name, value, at from
         unnest(truce.texts($9), truce.texts($10), truce.texts($11)::double precision[], truce.texts($13)::boolean[]) as row (name, value, at, is_first)
       where not is_first order by 1
       on conflict (name) do update set value = excluded.value, at = excluded.at
     ), placed_first as (
       insert into truce.cursor select name, value, at from
         unnest(truce.texts($9), truce.texts($10), truce.texts($11)::double precision[], truce.texts($13)::boolean[]) as row (name, value, at, is_first)
       where is_first order by 1
       on conflict (name) do nothing
     ), forgotten as (
       delete from truce.dedupe where key in (
         select key from truce.dedupe where done_at < $12 order by done_at limit ${forgetMax} for update skip locked)
     )
     select count(*)::integer as count from stored`,
    once.map((item) => toStored(item.id)),
    once.map((item) => storedRecord(item.observation.ref)),
    once.map((item) => item.lane),
    once.map((item) => item.receivedAt),
    once.map((item) => item.dueAt),
    once.map((item) => item.tries),
    once.map((item) => item.dedupeKey && storedKey(item.dedupeKey)),
    once.map((item) => JSON.stringify(item.observation)),
    named.map((row) => storedKey(row.name)),
    named.map((row) => toStored(row.value)),
    named.map((row) => row.at),
    Date.now() - dedupeKeptMs,
    named.map((row) => row.isFirst === true),
  );
  return row?.count ?? 0;
}

/** The first of each id and dedupe key. */
function withoutRepeats(items: readonly InboxItem[]): readonly InboxItem[] {
  const ids = new Set<string>();
  const keys = new Set<string>();
  return items.filter(({ id, dedupeKey }) => {
    if (ids.has(id) || (dedupeKey !== null && keys.has(dedupeKey))) return false;
    ids.add(id);
    if (dedupeKey !== null) keys.add(dedupeKey);
    return true;
  });
}
