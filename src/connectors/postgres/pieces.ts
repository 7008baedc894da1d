import type { Lsn } from "./lsn.ts";
import type { Message, Relation, Tuple } from "./pgoutput.ts";
import { markPrefix } from "./session.ts";
import type { Xid } from "./xid.ts";

/** A committed transaction with what it did to rows of the publication, or a piece of a large one. */
export type Piece = {
  readonly xid: Xid;
  /** Where its transaction's commit stands in the log. */
  readonly lsn: Lsn;
  /** Where the log goes on after its transaction; `null` when more of that follows. */
  readonly end: Lsn | null;
  readonly committedAt: number;
  /** How many changes of its transaction come before it. */
  readonly first: number;
  readonly changes: readonly RowChange[];
  /** Contents of Truce's own messages in it. */
  readonly marks: readonly string[];
};

export type RowChange =
  | { readonly relation: Relation; readonly kind: "upsert"; readonly row: Tuple; readonly old: Tuple | null }
  | { readonly relation: Relation; readonly kind: "delete"; readonly old: Tuple }
  | { readonly relation: Relation; readonly kind: "truncate" };

/** Part of a transaction that was handed over before: its first so many changes. */
export type Within = { readonly lsn: Lsn; readonly changes: number };

/** Changes of one piece: a transaction with more, of a migration that rewrites a table, would otherwise have to fit into memory. */
export const pieceChanges = 5_000;

/**
 * Makes pieces of messages as they come. What arrives is committed, so a piece may be handed over before its transaction's end has arrived.
 * Truce's own transactions stay whole: their last message tells of the rows they made. `onChange` is told every change, also those left out by `skip`.
 */
export function pieceMaker(options: {
  readonly skip: Within | null;
  readonly onChange: (change: RowChange, lsn: Lsn, xid: Xid) => void;
  readonly onPiece: (piece: Piece) => void;
}): { take(message: Message): void; isOpen(): boolean } {
  const { skip, onChange, onPiece } = options;
  const relations = new Map<number, Relation>();
  let open: {
    xid: Xid;
    lsn: Lsn;
    at: number;
    seen: number;
    first: number;
    changes: RowChange[];
    marks: string[];
  } | null = null;

  const relationOf = (oid: number): Relation => {
    const relation = relations.get(oid);
    if (relation === undefined) throw new Error(`The stream names relation ${oid} before describing it.`);
    return relation;
  };
  const handOver = (end: Lsn | null) => {
    if (open === null) return;
    const { xid, lsn, at, first, changes, marks } = open;
    onPiece({ xid, lsn, end, committedAt: at, first, changes, marks });
    open = { ...open, first: first + changes.length, changes: [], marks: [] };
  };
  const add = (change: RowChange) => {
    if (open === null) return;
    onChange(change, open.lsn, open.xid);
    if (++open.seen <= open.first) return;
    open.changes.push(change);
    if (open.changes.length >= pieceChanges && open.marks.length === 0) handOver(null);
  };

  return {
    isOpen: () => open !== null,
    take(message) {
      switch (message.tag) {
        case "begin": {
          const { xid, lsn, at } = message;
          open = { xid, lsn, at, seen: 0, first: skip?.lsn === lsn ? skip.changes : 0, changes: [], marks: [] };
          return;
        }
        case "relation":
          relations.set(message.relation.oid, message.relation);
          return;
        case "insert":
          return add({ relation: relationOf(message.oid), kind: "upsert", row: message.row, old: null });
        case "update":
          return add({ relation: relationOf(message.oid), kind: "upsert", row: message.row, old: message.old });
        case "delete":
          return add({ relation: relationOf(message.oid), kind: "delete", old: message.old });
        case "truncate":
          for (const oid of message.oids) add({ relation: relationOf(oid), kind: "truncate" });
          return;
        case "message":
          if (message.prefix === markPrefix) open?.marks.push(message.content);
          return;
        case "commit":
          handOver(message.end);
          open = null;
          return;
        case "other":
          return;
      }
    },
  };
}
