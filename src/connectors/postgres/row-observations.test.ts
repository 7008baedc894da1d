import { expect, test } from "vitest";
import type { Piece, RowChange } from "./pieces.ts";
import { observationsOf } from "./row-observations.ts";
import type { MappedTable } from "./rows.ts";

const text = { base: "text", oid: 25, type: "text", stored: "text", cast: "text" };
const columns = [
  { name: "id", ...text },
  { name: "name", ...text },
] as unknown as MappedTable["columns"];
const people = {
  system: "db",
  object: {
    object: "people",
    create: true,
    cells: [{ cell: "name", field: "name", type: { kind: "text" }, direction: "both" }],
  },
  table: { oid: 1, schema: "public", name: "people", key: [columns[0]], columns },
  columns: [columns[1]],
  hasKeys: true,
} as unknown as MappedTable;
const relation = {
  oid: 1,
  schema: "public",
  table: "people",
  columns: columns.map(({ name }) => ({ name, key: name === "id", type: 25 })),
};

const row = (id: string, name: string): RowChange => ({ relation, kind: "upsert", row: { id, name }, old: null });
const end = (id: string): RowChange => ({ relation, kind: "delete", old: { id } });
const transaction = (lsn: bigint, ...changes: RowChange[]): Piece => ({
  ...{ xid: Number(lsn), lsn, end: lsn + 1n, committedAt: Number(lsn), first: 0, changes, marks: [] },
});

const told = (...pieces: readonly Piece[]) =>
  observationsOf(pieces, [people], 99).observations.map((one) => [
    one.ref.id,
    one.kind === "upsert" ? one.cells["name"] : one.kind,
    Number(one.revision),
  ]);

test("of a row that changed in several transactions only the last state is told, where it was first", () => {
  const pieces = [transaction(1n, row("1", "a")), transaction(2n, row("2", "b")), transaction(3n, row("1", "a3"))];
  expect(told(...pieces)).toEqual([
    ["1", "a3", 3],
    ["2", "b", 2],
  ]);
});

test("a row's end and its new beginning are told as well, unless they are of one transaction", () => {
  const pieces = [
    transaction(1n, row("1", "a")),
    transaction(2n, end("1")),
    transaction(3n, row("1", "new"), row("1", "b")),
  ];
  expect(told(...pieces)).toEqual([
    ["1", "a", 1],
    ["1", "delete", 2],
    ["1", "b", 3],
  ]);
  expect(told(transaction(1n, end("1"), row("1", "b")))).toEqual([["1", "b", 1]]);
});
