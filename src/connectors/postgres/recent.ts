import type { Lsn } from "./lsn.ts";
import type { MappedTable } from "./rows.ts";

/** A page that was read: between `low` and `high`, from a snapshot that did not see the transactions `running`. */
export type ReadPage = {
  readonly mapped: MappedTable;
  readonly low: Lsn;
  readonly running: ReadonlySet<number>;
  readonly high: Lsn;
};

/**
 * Which of a page's rows the stream changed after `low`, or in one of the running transactions, once it has passed `high`. `null` where
 * that can't be told. Rejects when the stream does not get there.
 */
export type ChangedSince = (page: ReadPage) => Promise<((id: string) => boolean) | null>;

/** A row, or with `id: null` all rows of the object. */
type Change = { readonly object: string; readonly id: string | null; readonly lsn: Lsn; readonly xid: number };

/** What the stream changed lately, for pages that are read meanwhile. */
export type RecentChanges = {
  add(change: Change): void;
  /** The stream begins anew at `lsn`, a place that it had reached before: what it brought from there on will come again. */
  continueAt(lsn: Lsn): void;
  /** A stream begins at `lsn`. `running`: transactions that may have been written to the log before, and become visible only later. */
  beginAt(lsn: Lsn, running: ReadonlySet<number>): void;
  /** The changed rows of a page, `null` when the memory does not reach back to it. */
  changedIn(page: Omit<ReadPage, "high">): ((id: string) => boolean) | null;
};

export function recentChanges(max: number): RecentChanges {
  let changes: Change[] = [];
  /** From here on every change is remembered. */
  let since: Lsn | null = null;
  let unsure: ReadonlySet<number> = new Set();
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
    beginAt(lsn, running) {
      changes = [];
      since = lsn;
      unsure = running;
    },
    changedIn({ mapped, low, running }) {
      if (since === null || low < since) return null;
      const { object } = mapped.object;
      const seen = new Set<number>();
      const ids = new Set<string>();
      let isAll = false;
      for (const change of changes) {
        if (running.has(change.xid)) seen.add(change.xid);
        if (change.object !== object || (change.lsn <= low && !running.has(change.xid))) continue;
        if (change.id === null) isAll = true;
        else ids.add(change.id);
      }
      for (const xid of running) if (unsure.has(xid) && !seen.has(xid)) return null;
      return (id) => isAll || ids.has(id);
    },
  };
}
