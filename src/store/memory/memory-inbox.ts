import { type RecordKey, recordKey } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import { type InboxItem, type Lane, lookPrefix } from "../../ports/store.ts";

type Row = {
  readonly item: InboxItem;
  readonly record: RecordKey;
  readonly sequence: number;
  dueAt: Instant;
  tries: number;
  leasedUntil: Instant | null;
};

export type MemoryInbox = {
  /** False when it is a repeat. */
  take(item: InboxItem): boolean;
  claim(limit: number, now: Instant, leaseMs: number): readonly InboxItem[];
  /** False when it was done before. */
  done(id: string): boolean;
  postpone(id: string, dueAt: Instant): void;
  release(id: string): void;
  releaseAll(): void;
  wake(records: ReadonlySet<RecordKey>): void;
  /** Whether something about the record is here. */
  has(record: RecordKey): boolean;
  nextDueAt(): Instant | null;
  readonly size: () => number;
  readonly oldestAt: () => Instant | null;
  /** The first that came. */
  oldest(limit: number): Iterable<{ readonly record: RecordKey; readonly at: Instant }>;
};

/** One queue per lane, each in order of arrival, so that a claim looks only at the head of each. */
export function createMemoryInbox(): MemoryInbox {
  const rows = new Map<string, Row>();
  const lanes: readonly Map<string, Row>[] = [new Map(), new Map(), new Map()];
  const leased = new Set<Row>();
  /** Those whose time had not come at the last claim. */
  const waiting = new Set<Row>();
  const dedupeKeys = new Set<string>();
  /** Items by record. */
  const counts = new Map<RecordKey, number>();
  let sequence = 0;
  let looks = 0;

  const laneOf = (lane: Lane) => lanes[lane] ?? new Map<string, Row>();
  const leasedRecords = () => new Set([...leased].map((row) => row.record));
  const unlease = (row: Row) => {
    row.leasedUntil = null;
    leased.delete(row);
  };
  const letTimePass = (now: Instant) => {
    for (const row of leased) if ((row.leasedUntil ?? 0) <= now) unlease(row);
    for (const row of waiting) if (row.dueAt <= now) waiting.delete(row);
  };

  return {
    take(item) {
      const { id, dedupeKey, dueAt, tries } = item;
      if (rows.has(id) || (dedupeKey !== null && dedupeKeys.has(dedupeKey))) return false;
      if (dedupeKey !== null) dedupeKeys.add(dedupeKey);
      const record = recordKey(item.observation.ref);
      const row = { item, record, sequence: ++sequence, dueAt, tries, leasedUntil: null };
      if (dueAt > item.receivedAt) waiting.add(row);
      rows.set(id, row);
      counts.set(record, (counts.get(record) ?? 0) + 1);
      if (isLook(item)) looks++;
      laneOf(item.lane).set(id, row);
      return true;
    },
    claim(limit, now, leaseMs) {
      letTimePass(now);
      const blocked = leasedRecords();
      const claimed: Row[] = [];
      for (const lane of lanes) {
        for (const row of lane.values()) {
          if (claimed.length === limit) break;
          if (!waiting.has(row) && !blocked.has(row.record)) claimed.push(row);
        }
      }
      for (const row of claimed) {
        row.leasedUntil = now + leaseMs;
        leased.add(row);
      }
      claimed.sort((a, b) => a.sequence - b.sequence);
      return claimed.map(({ item, dueAt, tries }) => ({ ...item, dueAt, tries }));
    },
    done(id) {
      const row = rows.get(id);
      if (row === undefined) return false;
      unlease(row);
      waiting.delete(row);
      rows.delete(id);
      const left = (counts.get(row.record) ?? 1) - 1;
      if (left === 0) counts.delete(row.record);
      else counts.set(row.record, left);
      if (isLook(row.item)) looks--;
      laneOf(row.item.lane).delete(id);
      return true;
    },
    postpone(id, dueAt) {
      const row = rows.get(id);
      if (row === undefined) return;
      unlease(row);
      row.dueAt = dueAt;
      waiting.add(row);
      row.tries++;
    },
    release(id) {
      const row = rows.get(id);
      if (row !== undefined) unlease(row);
    },
    releaseAll() {
      for (const row of leased) unlease(row);
    },
    wake(records) {
      for (const row of waiting) {
        if (!records.has(row.record)) continue;
        waiting.delete(row);
        row.dueAt = Math.min(row.dueAt, row.item.receivedAt);
      }
    },
    has: (record) => counts.has(record),
    nextDueAt() {
      const blocked = leasedRecords();
      let next: Instant | null = null;
      for (const row of rows.values()) {
        if (row.leasedUntil === null && blocked.has(row.record)) continue;
        const at = row.leasedUntil ?? row.dueAt;
        if (next === null || at < next) next = at;
      }
      return next;
    },
    size: () => rows.size - looks,
    oldestAt: () => rows.values().find(({ item }) => !isLook(item))?.item.receivedAt ?? null,
    oldest: (limit) =>
      rows
        .values()
        .filter(({ item }) => !isLook(item))
        .take(limit)
        .map(({ record, item }) => ({ record, at: item.receivedAt })),
  };
}

function isLook({ id }: InboxItem): boolean {
  return id.startsWith(lookPrefix);
}
