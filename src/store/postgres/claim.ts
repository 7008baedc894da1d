import type { Instant } from "../../model/time.ts";
import type { InboxItem, Lane } from "../../ports/store.ts";
import { fromStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";

/** One claim at a time, so that no two see the same record free. */
const lockKey = 7_228_302;
/** Most items that become ready in one claim; the next claim goes on. */
const promoteMax = 10_000;

type Row = {
  readonly id: string;
  readonly lane: Lane;
  readonly received_at: number;
  readonly due_at: number;
  readonly tries: number;
  readonly dedupe_key: string | null;
  readonly doc: string;
};

/**
 * Leases the heads of the lanes, then reads them. While the lock is held nothing is sent but a few numbers, so a worker that stands still
 * keeps nobody waiting.
 */
export async function claim(db: Database, limit: number, now: Instant, leaseMs: number): Promise<readonly InboxItem[]> {
  const leased = await db.transaction(async (query) => {
    const [, , , , rows] = await Promise.all([
      // A lease that is lost with the server is no loss: the item is free then.
      query("set local synchronous_commit = off"),
      query(`select pg_advisory_xact_lock(${lockKey})`),
      query("delete from truce.lease where until <= $1", now),
      query(
        `update truce.inbox set waiting = false where seq in (
           select seq from truce.inbox where waiting and due_at <= $1 order by due_at limit ${promoteMax} for update skip locked)`,
        now,
      ),
      query<{ seq: string }>(
        `insert into truce.lease (seq, record, until)
         select seq, record, $1 from truce.inbox i
         where not waiting and not exists (select 1 from truce.lease l where l.record = i.record)
         order by lane, seq limit $2 returning seq`,
        now + leaseMs,
        limit,
      ),
    ]);
    return rows.map((row) => row.seq);
  });
  if (leased.length === 0) return [];
  const rows = await db.read<Row>(
    `select id, lane, received_at, due_at, tries, dedupe_key, doc from truce.inbox where seq = any(truce.texts($1)::bigint[]) order by seq`,
    leased,
  );
  return rows.map(itemOf);
}

function itemOf(row: Row): InboxItem {
  return {
    id: fromStored(row.id),
    dedupeKey: row.dedupe_key === null ? null : fromStored(row.dedupe_key),
    observation: JSON.parse(row.doc),
    lane: row.lane,
    receivedAt: row.received_at,
    dueAt: row.due_at,
    tries: row.tries,
  };
}
