import type { Lsn } from "./lsn.ts";
import type { MappedTable } from "./rows.ts";
import { isBefore, isSeen, type Snapshot, type Xid } from "./xid.ts";

/** A page that was read from a snapshot, between the places `low` and `high` in the log. */
export type ReadPage = {
  readonly mapped: MappedTable;
  readonly low: Lsn;
  readonly snapshot: Snapshot;
  readonly high: Lsn;
};

/**
 * Which of a page's rows the stream changed from `low` on, or in a transaction that the page did not see, once it has passed `high`. `null` where
 * that can't be told. Rejects when the stream does not get there.
 */
export type ChangedSince = (page: ReadPage) => Promise<((id: string) => boolean) | null>;

/** A row, or with `id: null` all rows of the table. */
type Change = { readonly table: string; readonly id: string | null; readonly lsn: Lsn; readonly xid: Xid };

/** A table as the log names it. */
export function tableName({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return `${schema}.${name}`;
}

/** What the stream changed lately, for pages that are read meanwhile. */
export type RecentChanges = {
  add(change: Change): void;
  /** The stream begins anew at `lsn`, a place that it had reached before: what it brought from there on will come again. */
  continueAt(lsn: Lsn): void;
  /** A stream begins at `lsn`. Transactions before `first` may have been written to the log before it, and become visible only later. */
  beginAt(lsn: Lsn, first: Xid): void;
  /** The changed rows of a page, `null` when the memory does not reach back to it. */
  changedIn(page: Omit<ReadPage, "high">): ((id: string) => boolean) | null;
};

/** Transactions that memory has lost changes of; a page that does not see one of them can't be put in order. */
const forgottenMax = 100_000;
/** Numbers of transactions wrap: one so old, and seen, is seen by every page that is still being read. */
const longAgo = 1 << 28;

export function recentChanges(max: number): RecentChanges {
  let changes: Change[] = [];
  const forgotten = new Set<Xid>();
  const forget = (count: number) => {
    for (const { xid } of changes.slice(0, count)) forgotten.add(xid);
    for (const xid of forgotten) {
      if (forgotten.size <= forgottenMax) break;
      forgotten.delete(xid);
    }
    changes = changes.slice(count);
  };
  /** From here on every change is remembered. */
  let since: Lsn | null = null;
  let firstSure: Xid = 0;
  return {
    add(change) {
      changes.push(change);
      if (changes.length < max * 1.5) return;
      forget(changes.length - max);
      since = changes[0]?.lsn ?? since;
    },
    continueAt(lsn) {
      changes = changes.filter((change) => change.lsn < lsn);
    },
    beginAt(lsn, first) {
      changes = [];
      forgotten.clear();
      since = lsn;
      firstSure = first;
    },
    changedIn({ mapped, low, snapshot }) {
      if (since === null || low < since) return null;
      for (const xid of forgotten) {
        if (!isSeen(snapshot, xid)) return null;
        if (((snapshot.next - xid) | 0) > longAgo) forgotten.delete(xid);
      }
      const table = tableName(mapped.table);
      const arrived = new Set<Xid>();
      const ids = new Set<string>();
      let isAll = false;
      for (const change of changes) {
        if (snapshot.running.has(change.xid)) arrived.add(change.xid);
        if (change.table !== table || (change.lsn < low && isSeen(snapshot, change.xid))) continue;
        if (change.id === null) isAll = true;
        else ids.add(change.id);
      }
      for (const xid of snapshot.running) if (isBefore(xid, firstSure) && !arrived.has(xid)) return null;
      return (id) => isAll || ids.has(id);
    },
  };
}
