import type { RecordId } from "../../model/record.ts";
import type { Piece } from "./pieces.ts";
import { shapeOf, tableOf } from "./row-observations.ts";
import { idOf, type MappedTable } from "./rows.ts";
import type { Xid } from "./xid.ts";

/** Transactions in which this process wrote, until the log brings them back. */
export type OwnWrites = {
  /** A transaction that is about to commit has updated these rows of a table, and nothing else that it knows of. */
  note(xid: Xid, table: MappedTable["table"], ids: ReadonlySet<RecordId>): void;
  /**
   * True for a piece that is such a transaction, whole: each of its rows once and no other. What they hold is then what the answers to the writes
   * told. A row that a trigger changed as well is one too many: such a transaction is told like anybody's.
   */
  isEcho(piece: Piece, tables: readonly MappedTable[]): boolean;
  /** Another server's history begins, in which the numbers of transactions mean nothing. */
  forget(): void;
};

/** Kept when a feed stands still; what is forgotten is told as an observation that changes nothing. */
const notedMax = 1_000;

export function newOwnWrites(): OwnWrites {
  const noted = new Map<Xid, { readonly table: MappedTable["table"]; readonly ids: ReadonlySet<RecordId> }>();
  return {
    note(xid, table, ids) {
      noted.set(xid, { table, ids });
      if (noted.size <= notedMax) return;
      for (const oldest of noted.keys()) {
        noted.delete(oldest);
        break;
      }
    },
    isEcho(piece, tables) {
      const own = noted.get(piece.xid);
      if (own === undefined) return false;
      noted.delete(piece.xid);
      if (piece.first !== 0 || piece.end === null || piece.changes.length !== own.ids.size) return false;
      const seen = new Set<RecordId>();
      for (const change of piece.changes) {
        if (change.kind !== "upsert") return false;
        const mapped = tableOf(tables, change.relation);
        if (mapped?.table.oid !== own.table.oid || shapeOf(mapped, change.relation) !== "known") return false;
        const id = idOf(mapped.table, change.row);
        if (id === null || (change.old !== null && idOf(mapped.table, change.old) !== id)) return false;
        if (own.ids.has(id)) seen.add(id);
      }
      return seen.size === own.ids.size;
    },
    forget: () => noted.clear(),
  };
}
