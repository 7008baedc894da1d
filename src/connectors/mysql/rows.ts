import type { CellName, RecordId, RecordRef } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { RawValue } from "../../model/value.ts";
import type { MappedTable as KnownTable } from "../../ports/known-tables.ts";
import { type Column, isNumber, quoted, type Table } from "./catalog.ts";
import type { TextRow } from "./session.ts";
import { decode, literal, selected } from "./value.ts";

/** A table with what is mapped of it. */
export type MappedTable = KnownTable<Table>;

/** The id of a row: its key as text; a JSON list when the key has several columns. `null` when a part is missing. */
export function idOf(table: Table, row: TextRow): RecordId | null {
  const parts: string[] = [];
  for (const column of table.key) {
    const raw = decode(column, row[column.name] ?? null);
    if (raw === null) return null;
    parts.push(String(raw));
  }
  return parts.length === 1 ? (parts[0] ?? null) : JSON.stringify(parts);
}

/** The parts of an id, in the key's order; `null` when no row of this table can have it. */
function keyParts(table: Table, id: RecordId): readonly string[] | null {
  if (table.key.length === 1) return [id];
  try {
    const parts: unknown = JSON.parse(id);
    const fits = Array.isArray(parts) && parts.length === table.key.length;
    return fits && parts.every((part) => typeof part === "string") ? parts : null;
  } catch {
    return null;
  }
}

/** The parts of an id as a statement holds them; `null` when no row can have it, such as a word where keys are numbers. */
export function keyLiterals(table: Table, id: RecordId): readonly string[] | null {
  const parts = keyParts(table, id);
  if (parts === null) return null;
  const literals: string[] = [];
  for (const [i, column] of table.key.entries()) {
    const part = parts[i] ?? "";
    if (isNumber(column) && !/^-?\d+(?:\.\d+)?$/u.test(part)) return null;
    try {
      literals.push(literal(column, part));
    } catch {
      return null;
    }
  }
  return literals;
}

/** Holds for the row named `t` of this id. By the key's collation: what it finds is still to be compared letter by letter (`idOf`). */
export function isRow(table: Table, literals: readonly string[]): string {
  return table.key.map((column, i) => `t.${quoted(column.name)} = ${literals[i]}`).join(" and ");
}

/** Holds for the rows named `t` of these ids; `null` when there can be none. */
export function areRows(table: Table, ids: readonly RecordId[]): string | null {
  const all = ids.flatMap((id) => {
    const literals = keyLiterals(table, id);
    return literals === null ? [] : [literals];
  });
  if (all.length === 0) return null;
  const [only] = table.key;
  if (table.key.length === 1 && only !== undefined)
    return `t.${quoted(only.name)} in (${all.map(([part]) => part).join(", ")})`;
  return `(${all.map((literals) => `(${isRow(table, literals)})`).join(" or ")})`;
}

/** Holds for rows after an id in the key's order. */
export function isAfter(table: Table, id: RecordId): string {
  const literals = keyLiterals(table, id);
  if (literals === null)
    throw new SyncFailure({ code: "SCHEMA", message: `${id} is no id of a row of ${table.schema}.${table.name}` });
  const name = (i: number) => `t.${quoted(table.key[i]?.name ?? "")}`;
  // Written out, since comparisons of rows don't use the index.
  return literals
    .map((own, i) => {
      const same = literals.slice(0, i).map((before, place) => `${name(place)} = ${before}`);
      return `(${[...same, `${name(i)} > ${own}`].join(" and ")})`;
    })
    .join(" or ");
}

export function keyOrder(table: Table): string {
  return table.key.map((column) => `t.${quoted(column.name)}`).join(", ");
}

/** The mapped cells that the row has; one that is missing (not in the log) stays missing. */
export function cellsOf({ columns }: MappedTable, row: TextRow): Record<CellName, RawValue> {
  const cells: Record<CellName, RawValue> = {};
  for (const column of columns) {
    const text = row[column.name];
    if (text !== undefined) cells[column.name] = decode(column, text);
  }
  return cells;
}

/** Every mapped cell is there. */
export function isComplete({ object }: MappedTable, cells: Readonly<Record<CellName, RawValue>>): boolean {
  return object.cells.every(({ cell }) => Object.hasOwn(cells, cell));
}

export function refOf({ system, object }: MappedTable, id: RecordId): RecordRef {
  return { system, object: object.object, id };
}

/** Key and mapped columns of the row named `t`, for a select list. */
export function textColumns({ table, columns }: MappedTable): string {
  const all = new Map([...table.key, ...columns].map((column) => [column.name, column]));
  return [...all.values()].map((column) => `${selected(column)} as ${quoted(column.name)}`).join(", ");
}

export function columnOf(table: Table, name: string): Column {
  const column = table.columns.find((one) => one.name === name);
  if (column === undefined)
    throw new SyncFailure({ code: "SCHEMA", message: `table ${table.schema}.${table.name} has no column ${name}` });
  return column;
}
