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

/** A row, or with `id: null` all rows of the object. */
type Change = { readonly object: string; readonly id: string | null; readonly lsn: Lsn; readonly xid: Xid };

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

export function recentChanges(max: number): RecentChanges {
  let changes: Change[] = [];
  /** From here on every change is remembered. */
  let since: Lsn | null = null;
  let firstSure: Xid = 0;
  return {
    add(change) {
      changes.push(change);
      if (changes.length < max * 1.5) return;
      changes = changes.slice(-max);
      since = changes[0]?.lsn ?? since;
    },
    continueAt(lsn) {
      changes = changes.filter((change) => change.lsn < lsn);
    },
    beginAt(lsn, first) {
      changes = [];
      since = lsn;
      firstSure = first;
    },
    changedIn({ mapped, low, snapshot }) {
      if (since === null || low < since) return null;
      const { object } = mapped.object;
      const arrived = new Set<Xid>();
      const ids = new Set<string>();
      let isAll = false;
      for (const change of changes) {
        if (snapshot.running.has(change.xid)) arrived.add(change.xid);
        if (change.object !== object || (change.lsn < low && isSeen(snapshot, change.xid))) continue;
        if (change.id === null) isAll = true;
        else ids.add(change.id);
      }
      for (const xid of snapshot.running) if (isBefore(xid, firstSure) && !arrived.has(xid)) return null;
      return (id) => isAll || ids.has(id);
    },
  };
}
