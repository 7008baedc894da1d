import type { RecordId } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import { type Column, quoted, type Table } from "./catalog.ts";
import { keyParts } from "./rows.ts";
import { sqlText } from "./value.ts";
import type { Delete, Update } from "./write-session.ts";

/** A list of rows as a query's parameters: one array of text for each of their columns. */
export type Input = { readonly names: readonly string[]; readonly values: readonly (readonly (string | null)[])[] };

export function inputOf(...parts: readonly Input[]): Input {
  return { names: parts.flatMap((part) => part.names), values: parts.flatMap((part) => part.values) };
}

/** Columns named `v0`, `v1` ... that hold what the rows have for each of `columns`. */
function inputColumns<Row>(
  prefix: string,
  columns: readonly Column[],
  rows: readonly Row[],
  text: (row: Row, column: Column, place: number) => string | null,
): Input {
  return {
    names: columns.map((_, i) => `${prefix}${i}`),
    values: columns.map((column, i) => rows.map((row) => text(row, column, i))),
  };
}

/** The rows to select from, numbered by `n` from 1. */
export function inputSql({ names, values }: Input): string {
  return `unnest(${values.map((_, i) => `$${i + 1}::text[]`).join(", ")}) with ordinality as input(${[...names, "n"].join(", ")})`;
}

export function keyInput(table: Table, requests: readonly { readonly id: RecordId }[]): Input {
  const parts = requests.map((one) => keyParts(table, one.id));
  return inputColumns("k", table.key, parts, (part, _, place) => part?.[place] ?? null);
}

/** A row of the table named `t` is the one of the input. */
export function keyMatch(table: Table): string[] {
  return table.key.map((column, i) => `t.${quoted(column.name)} = input.k${i}::${column.cast}`);
}

export function valueInput(
  columns: readonly Column[],
  requests: readonly { readonly patch: Update["patch"] }[],
): Input {
  return inputColumns("v", columns, requests, (one, column) => sqlText(column, one.patch[column.name] ?? null));
}

export function baseInput(guarded: readonly Column[], requests: readonly (Update | Delete)[]): Input {
  return inputColumns("b", guarded, requests, (one, column) => sqlText(column, one.base[column.name] ?? null));
}

/** A row of the table named `t` still holds what the input expects of these columns. */
export function guards(guarded: readonly Column[]): string[] {
  return guarded.map((column, i) => unchanged(column, `input.b${i}`));
}

const texts = new Set(["text", "varchar", "bpchar", "citext", "name"]);
/** Types without an equality of their own, or with one that says something else. */
const shapes = new Set(["xml", "point", "line", "lseg", "box", "path", "polygon", "circle"]);

/** Equality that knows null. Texts are compared letter by letter: by citext's or a collation's own rules an edit might look like none. */
function unchanged(column: Column, text: string): string {
  const own = `t.${quoted(column.name)}`;
  if (texts.has(column.base)) return `${own}::text collate "C" is not distinct from ${text}::text collate "C"`;
  if (column.base === "json") return `${own}::jsonb is not distinct from ${text}::jsonb`;
  if (shapes.has(column.base)) return `${own}::text is not distinct from ${text}::${column.cast}::text`;
  return `${own} is not distinct from ${text}::${column.cast}`;
}

export function columnOf(table: Table, name: string): Column {
  const column = table.columns.find((one) => one.name === name);
  if (column === undefined)
    throw new SyncFailure({ code: "SCHEMA", message: `table ${table.schema}.${table.name} has no column ${name}` });
  return column;
}
