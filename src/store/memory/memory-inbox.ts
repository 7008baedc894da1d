import { type RecordKey, recordKey } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import type { InboxItem, Lane } from "../../ports/store.ts";

type Row = {
  readonly item: InboxItem;
  readonly record: RecordKey;
  readonly sequence: number;
  dueAt: Instant;
  tries: number;
  /** Not yet due when last looked at. */
  isWaiting: boolean;
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
  nextDueAt(): Instant | null;
  readonly size: () => number;
  readonly oldestAt: () => Instant | null;
};

/** One queue per lane, each in order of arrival, so that a claim looks only at the head of each. */
export function createMemoryInbox(): MemoryInbox {
  const rows = new Map<string, Row>();
  const lanes: readonly Map<string, Row>[] = [new Map(), new Map(), new Map()];
  const leased = new Set<Row>();
  const dedupeKeys = new Set<string>();
  let sequence = 0;

  const laneOf = (lane: Lane) => lanes[lane] ?? new Map<string, Row>();
  const leasedRecords = () => new Set([...leased].map((row) => row.record));
  const unlease = (row: Row) => {
    row.leasedUntil = null;
    leased.delete(row);
  };
  const isReady = (row: Row, now: Instant) => {
    if (row.isWaiting && row.dueAt <= now) row.isWaiting = false;
    return !row.isWaiting && row.leasedUntil === null;
  };
  const endLeases = (now: Instant) => {
    for (const row of leased) if ((row.leasedUntil ?? 0) <= now) unlease(row);
  };

  return {
    take(item) {
      const { id, dedupeKey, dueAt, tries } = item;
      if (rows.has(id) || (dedupeKey !== null && dedupeKeys.has(dedupeKey))) return false;
      if (dedupeKey !== null) dedupeKeys.add(dedupeKey);
      const record = recordKey(item.observation.ref);
      const isWaiting = dueAt > item.receivedAt;
      const row = { item, record, sequence: ++sequence, dueAt, tries, isWaiting, leasedUntil: null };
      rows.set(id, row);
      laneOf(item.lane).set(id, row);
      return true;
    },
    claim(limit, now, leaseMs) {
      endLeases(now);
      const blocked = leasedRecords();
      const claimed: Row[] = [];
      for (const lane of lanes) {
        for (const row of lane.values()) {
          if (claimed.length === limit) break;
          if (isReady(row, now) && !blocked.has(row.record)) claimed.push(row);
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
      rows.delete(id);
      laneOf(row.item.lane).delete(id);
      return true;
    },
    postpone(id, dueAt) {
      const row = rows.get(id);
      if (row === undefined) return;
      unlease(row);
      row.dueAt = dueAt;
      row.isWaiting = true;
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
      if (records.size === 0) return;
      for (const row of rows.values()) {
        if (!row.isWaiting || !records.has(row.record)) continue;
        row.isWaiting = false;
        row.dueAt = Math.min(row.dueAt, row.item.receivedAt);
      }
    },
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
    size: () => rows.size,
    oldestAt: () => rows.values().next().value?.item.receivedAt ?? null,
  };
}
