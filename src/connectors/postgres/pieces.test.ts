import { expect, test } from "vitest";
import type { Message } from "./pgoutput.ts";
import { type Piece, pieceChanges, pieceMaker, type Within } from "./pieces.ts";

const relation = { oid: 1, schema: "public", table: "people", columns: [{ name: "id", key: true, type: 20 }] };
const insert = (id: number): Message => ({ tag: "insert", oid: 1, row: { id: String(id) } });

/** A transaction committed at place 100 with so many inserts. */
function transaction(count: number, isOurs = false): Message[] {
  const mark: Message[] = isOurs ? [{ tag: "message", prefix: "truce", content: "" }] : [];
  const rows = Array.from({ length: count }, (_, n) => insert(n));
  const end: Message = { tag: "commit", lsn: 100n, end: 108n, at: 5 };
  return [{ tag: "begin", lsn: 100n, xid: 7, at: 5 }, ...mark, { tag: "relation", relation }, ...rows, end];
}

function piecesOf(messages: readonly Message[], skip: Within | null = null) {
  const pieces: Piece[] = [];
  let changes = 0;
  const maker = pieceMaker({ skip, onChange: () => changes++, onPiece: (piece) => pieces.push(piece) });
  for (const message of messages) maker.take(message);
  return { pieces, changes };
}

const outline = (pieces: readonly Piece[]) => pieces.map(({ first, changes, end }) => [first, changes.length, end]);

test("a transaction is one piece; a large one is several, of which the last has its end", () => {
  expect(outline(piecesOf(transaction(3)).pieces)).toEqual([[0, 3, 108n]]);
  expect(outline(piecesOf(transaction(2 * pieceChanges + 1)).pieces)).toEqual([
    [0, pieceChanges, null],
    [pieceChanges, pieceChanges, null],
    [2 * pieceChanges, 1, 108n],
  ]);
});

test("what was taken of it before is left out, and still told as changed", () => {
  const all = transaction(pieceChanges + 2);
  const { pieces, changes } = piecesOf(all, { lsn: 100n, changes: pieceChanges });
  expect(outline(pieces)).toEqual([[pieceChanges, 2, 108n]]);
  expect(pieces[0]?.changes[0]).toMatchObject({ row: { id: String(pieceChanges) } });
  expect(changes).toBe(pieceChanges + 2);
  expect(outline(piecesOf(all, { lsn: 100n, changes: pieceChanges + 2 }).pieces)).toEqual([
    [pieceChanges + 2, 0, 108n],
  ]);
  // Of another transaction nothing is left out.
  expect(outline(piecesOf(transaction(2), { lsn: 92n, changes: 1 }).pieces)).toEqual([[0, 2, 108n]]);
});

test("a transaction of Truce's own stays whole: its last message tells of the rows it made", () => {
  expect(outline(piecesOf(transaction(pieceChanges + 1, true)).pieces)).toEqual([[0, pieceChanges + 1, 108n]]);
});
