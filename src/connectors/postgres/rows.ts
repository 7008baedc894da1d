import type { CellName, RecordId, RecordRef } from "../../model/record.ts";
import type { RawValue } from "../../model/value.ts";
import type { MappedTable as KnownTable } from "../../ports/known-tables.ts";
import { quoted, type Table } from "./catalog.ts";
import { castText, decode } from "./value.ts";

/** A row as text, column by column. */
export type TextRow = Readonly<Record<string, string | null>>;

/** A table with what is mapped of it. */
export type MappedTable = KnownTable<Table>;

/** The id of a row: its key as text; a JSON list when the key has several columns. `null` when a part is missing. */
export function idOf(table: Table, row: TextRow): RecordId | null {
  const parts: string[] = [];
  for (const column of table.key) {
    const text = row[column.name] ?? null;
    if (text === null) return null;
    parts.push(castText(column, text));
  }
  return parts.length === 1 ? (parts[0] ?? null) : JSON.stringify(parts);
}

/** The same id, made by PostgreSQL of a row named `alias`. */
export function idSql(table: Table, alias: string): string {
  const parts = table.key.map((column) => `${alias}.${quoted(column.name)}::text`);
  if (parts.length === 1) return parts[0] ?? "";
  return `('[' || ${parts.map((part) => `to_json(${part})::text`).join(" || ',' || ")} || ']')`;
}

/** The parts of an id, in the key's order; `null` when no row of this table can have it. */
export function keyParts(table: Table, id: RecordId): readonly string[] | null {
  if (table.key.length === 1) return [id];
  try {
    const parts: unknown = JSON.parse(id);
    const fits = Array.isArray(parts) && parts.length === table.key.length;
    return fits && parts.every((part) => typeof part === "string") ? parts : null;
  } catch {
    return null;
  }
}

/** The mapped cells that the row has; one that is missing (an unchanged large value) stays missing. */
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

/** Key and mapped columns of a row as text, for a select or returning list. */
export function textColumns({ table, columns }: MappedTable, alias: string): string {
  const names = new Map([...table.key, ...columns].map((column) => [column.name, column]));
  return [...names.values()]
    .map((column) => `${alias}.${quoted(column.name)}::text as ${quoted(column.name)}`)
    .join(", ");
}
