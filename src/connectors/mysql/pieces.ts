import { withGtid } from "./gtid.ts";
import type { LogMessage, LogRow, LogTable } from "./log-events.ts";
import type { LogEnd, LogPlace } from "./log-place.ts";

/** A committed transaction with what it did to rows of the mapped tables, or a piece of a large one. */
export type Piece = {
  /** Where its transaction begins in the log, just after the message that says so: an order among all transactions. */
  readonly place: LogPlace;
  /** Where the log goes on after its transaction; `null` when more of that follows. */
  readonly end: LogEnd | null;
  readonly committedAt: number;
  /** How many changes of its transaction come before it. */
  readonly first: number;
  readonly changes: readonly RowChange[];
  /** Statements that are in the log as text. */
  readonly statements: readonly Statement[];
  /** It changed rows in a way that can't be read: of any table. */
  readonly isUnreadable: boolean;
};

export type RowChange = { readonly table: LogTable; readonly before: LogRow | null; readonly after: LogRow | null };

export type Statement = { readonly schema: string; readonly sql: string };

/** Part of a transaction that was handed over before: its first so many changes. */
export type Within = LogPlace & { readonly changes: number };

/** Changes of one piece: a transaction with more, of a migration that rewrites a table, would otherwise have to fit into memory. */
const pieceChanges = 5_000;

type Open = {
  readonly place: LogPlace;
  readonly gtid: string | null;
  readonly at: number;
  isTransaction: boolean;
  seen: number;
  first: number;
  changes: RowChange[];
  statements: Statement[];
  isUnreadable: boolean;
};

/**
 * Makes pieces of the log's messages as they come. What arrives is committed, so a piece may be handed over before its transaction's end has
 * arrived. Transactions that are of no concern leave no piece, but move on what has been received.
 */
export function pieceMaker(options: {
  readonly from: LogEnd;
  readonly skip: Within | null;
  readonly onPiece: (piece: Piece) => void;
}): { take(message: LogMessage): void; isOpen(): boolean; received(): LogEnd } {
  const { skip, onPiece } = options;
  let received = options.from;
  let open: Open | null = null;

  const handOver = (end: LogEnd | null) => {
    if (open === null) return;
    const { place, at, first, changes, statements, isUnreadable } = open;
    if (changes.length > 0 || statements.length > 0 || isUnreadable)
      onPiece({ place, end, committedAt: at, first, changes, statements, isUnreadable });
    open = { ...open, first: first + changes.length, changes: [], statements: [], isUnreadable: false };
  };
  const finish = (position: number) => {
    if (open === null) return;
    const end = { file: received.file, position, gtid: withGtid(received.gtid, open.gtid) };
    received = end;
    handOver(end);
    open = null;
  };
  const isSkipped = (place: LogPlace) => skip?.file === place.file && skip.position === place.position;

  return {
    isOpen: () => open !== null,
    received: () => received,
    take(message) {
      switch (message.tag) {
        case "rotate":
          received = { ...received, file: message.file, position: message.position };
          return;
        case "begin": {
          const { gtid, at, end, isTransaction } = message;
          const place = { file: received.file, position: end };
          const first = isSkipped(place) ? (skip?.changes ?? 0) : 0;
          open = { place, gtid, at, isTransaction, seen: 0, first, changes: [], statements: [], isUnreadable: false };
          return;
        }
        case "open":
          if (open !== null) open.isTransaction = true;
          return;
        case "rows":
          for (const { before, after } of message.rows) {
            if (open === null || ++open.seen <= open.first) continue;
            open.changes.push({ table: message.table, before, after });
            if (open.changes.length >= pieceChanges) handOver(null);
          }
          return;
        case "statement":
          if (open === null) return;
          open.statements.push({ schema: message.schema, sql: message.sql });
          // The second half of a commit in two phases does what an earlier group said.
          if (/^\s*xa\s+commit\b/iu.test(message.sql)) open.isUnreadable = true;
          if (!open.isTransaction) finish(message.end);
          return;
        case "unreadable":
          if (open !== null) open.isUnreadable = true;
          return;
        case "prepared":
          if (open !== null) open = { ...open, changes: [], statements: [], isUnreadable: false };
          return finish(message.end);
        case "commit":
          return finish(message.end);
        case "other":
          if (open === null && message.end > received.position) received = { ...received, position: message.end };
          return;
      }
    },
  };
}
