import type { RecordKey } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import { type InboxItem, type Lane, laneBackfill, laneDecision, laneLive } from "../../ports/store.ts";
import { fromStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";
import { endItemLeases, type Leases, leasedRecords } from "./leases.ts";

export const lanes: readonly Lane[] = [laneLive, laneDecision, laneBackfill];

export type ItemRow = {
  readonly seq: number;
  readonly id: string;
  readonly record: RecordKey;
  readonly received_at: number;
  readonly due_at: number;
  readonly tries: number;
  readonly dedupe_key: string | null;
  readonly doc: string;
};

/** The heads of the lanes, without what is leased. Records stand in the leases as they are stored. */
export function claim(
  db: Database,
  leases: Leases,
  limit: number,
  now: Instant,
  leaseMs: number,
): readonly InboxItem[] {
  endItemLeases(leases, now);
  promote(db, now);
  const blocked = leasedRecords(leases);
  const claimed: { readonly row: ItemRow; readonly lane: Lane }[] = [];
  for (const lane of lanes) {
    if (claimed.length === limit) break;
    for (const row of readyRows(db, lane)) {
      if (!blocked.has(row.record)) claimed.push({ row, lane });
      if (claimed.length === limit) break;
    }
  }
  claimed.sort((a, b) => a.row.seq - b.row.seq);
  const items = claimed.map(({ row, lane }) => itemOf(row, lane));
  for (const [index, { id }] of items.entries()) {
    leases.items.set(id, { record: claimed[index]?.row.record ?? "", until: now + leaseMs });
  }
  return items;
}

/** Those whose time has come join the ready ones. */
function promote(db: Database, now: Instant): void {
  const due = db.get("select 1 from inbox where waiting = 1 and due_at <= ? limit 1", now);
  if (due !== undefined) db.run("update inbox set waiting = 0 where waiting = 1 and due_at <= ?", now);
}

export function readyRows(db: Database, lane: Lane): Iterable<ItemRow> {
  return db.rows<ItemRow>(
    `select seq, id, record, received_at, due_at, tries, dedupe_key, doc from inbox
     where waiting = 0 and lane = ? order by seq`,
    lane,
  );
}

export function itemOf(row: ItemRow, lane: Lane): InboxItem {
  return {
    id: fromStored(row.id),
    dedupeKey: row.dedupe_key === null ? null : fromStored(row.dedupe_key),
    observation: JSON.parse(row.doc),
    lane,
    receivedAt: row.received_at,
    dueAt: row.due_at,
    tries: row.tries,
  };
}
