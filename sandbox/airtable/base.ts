import type { Cell } from "./cell.ts";
import type { IdMaker } from "./ids.ts";
import { type Json, type JsonObject, sameJson } from "./json.ts";
import { type Field, findTable, inverseOf, isComputed, linkedTableOf, type Table } from "./schema.ts";

export type User = { readonly id: string; readonly email: string; readonly name: string };

/** One row. `cells` holds no blanks and nothing computed. Times in ms. */
export type Row = {
  readonly id: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly autoNumber: number;
  modifiedAt: number;
  modifiedBy: string;
  cells: Readonly<Record<string, Cell>>;
  cellModifiedAt: Readonly<Record<string, number>>;
};

export type TableState = {
  readonly schema: Table;
  readonly rows: Map<string, Row>;
  /** Row ids in the order in which unsorted lists give them; they are random, so it tells nothing. */
  order: string[];
  nextAutoNumber: number;
};

export type Base = {
  readonly id: string;
  name: string;
  readonly tables: TableState[];
  readonly users: Map<string, User>;
  readonly ids: IdMaker;
  transactionNumber: number;
};

/** Who acts, as webhook payloads tell it. */
export type Actor = { readonly source: "publicApi" | "client"; readonly user: User };

/** One wanted change; the cells are parsed already. In an update `null` clears, and fields left out stay. */
export type Change =
  | { readonly kind: "create"; readonly table: TableState; readonly id: string; readonly cells: Cells }
  | { readonly kind: "update"; readonly table: TableState; readonly id: string; readonly cells: Cells }
  | { readonly kind: "delete"; readonly table: TableState; readonly id: string };

type Cells = Readonly<Record<string, Cell | null>>;

/** What one commit did, with each changed or deleted row as it was before. */
export type Transaction = {
  readonly number: number;
  readonly at: number;
  readonly actor: Actor;
  readonly tables: Map<string, TableChanges>;
};

export type TableChanges = {
  readonly table: TableState;
  readonly created: Set<string>;
  readonly changed: Map<string, Row>;
  readonly destroyed: Map<string, Row>;
  readonly createdFields: Field[];
  readonly changedFields: { readonly field: Field; readonly current: JsonObject; readonly previous: JsonObject }[];
  readonly destroyedFields: Field[];
};

/** The table's state by its schema's id. */
export function tableState(base: Base, id: string): TableState {
  return base.tables.find((table) => table.schema.id === id)!;
}

/** The table's state by id or name. */
export function tableNamed(base: Base, key: string): TableState | undefined {
  const schema = findTable(schemas(base), key);
  return schema && tableState(base, schema.id);
}

export function schemas(base: Base): readonly Table[] {
  return base.tables.map((table) => table.schema);
}

/** The records that a link cell names. */
function linkedIds(row: Row, field: Field): readonly string[] {
  return (row.cells[field.id] as readonly string[] | undefined) ?? [];
}

/** The rows that a link cell names, in its order. */
export function linkedRows(base: Base, row: Row, field: Field): readonly Row[] {
  const linked = linkedTableOf(schemas(base), field);
  if (!linked) return [];
  const { rows } = tableState(base, linked.id);
  return linkedIds(row, field).flatMap((id) => rows.get(id) ?? []);
}

/**
 * Applies all changes as one transaction, links' inverse fields included.
 * @returns null where nothing really changed: Airtable then tells nobody.
 */
export function commit(base: Base, actor: Actor, at: number, changes: readonly Change[]): Transaction | null {
  const transaction = begin(base, actor, at);
  for (const change of changes) {
    if (change.kind === "create") createRow(base, transaction, change.table, change.id, change.cells);
    else if (change.kind === "update") updateRow(base, transaction, change.table, change.id, change.cells);
    else deleteRow(base, transaction, change.table, change.id);
  }
  return close(base, transaction);
}

/** A transaction for changes of the schema, which the caller fills in. */
export function commitSchema(
  base: Base,
  actor: Actor,
  at: number,
  table: TableState,
  fill: (changes: TableChanges) => void,
): Transaction | null {
  const transaction = begin(base, actor, at);
  fill(changesOf(transaction, table));
  return close(base, transaction);
}

/** Removes a field with its cells, as a user can in the app. */
export function destroyField(table: TableState, field: Field): void {
  table.schema.fields.splice(table.schema.fields.indexOf(field), 1);
  for (const row of table.rows.values()) {
    const { [field.id]: _, ...rest } = row.cells;
    row.cells = rest;
  }
}

/** Puts rows into a table, their links' other halves included, without a transaction: nobody is told. For seeding. */
export function insertRows(base: Base, table: TableState, rows: readonly Row[]): void {
  for (const row of rows) table.rows.set(row.id, row);
  table.order = [...table.rows.keys()].sort();
  const links = table.schema.fields.filter((field) => field.type === "multipleRecordLinks");
  for (const row of rows) {
    const user = base.users.get(row.createdBy)!;
    const unsaid = begin(base, { source: "client", user }, row.createdAt);
    for (const field of links) setInverse(base, unsaid, field, row, [], linkedIds(row, field));
  }
}

function begin(base: Base, actor: Actor, at: number): Transaction {
  return { number: base.transactionNumber + 1, at, actor, tables: new Map() };
}

function close(base: Base, transaction: Transaction): Transaction | null {
  const isEmpty = [...transaction.tables.values()].every(
    (changes) =>
      changes.created.size + changes.changed.size + changes.destroyed.size === 0 &&
      changes.createdFields.length + changes.changedFields.length + changes.destroyedFields.length === 0,
  );
  if (isEmpty) return null;
  base.transactionNumber = transaction.number;
  return transaction;
}

function changesOf(transaction: Transaction, table: TableState): TableChanges {
  let changes = transaction.tables.get(table.schema.id);
  if (!changes) {
    changes = {
      table,
      created: new Set(),
      changed: new Map(),
      destroyed: new Map(),
      createdFields: [],
      changedFields: [],
      destroyedFields: [],
    };
    transaction.tables.set(table.schema.id, changes);
  }
  return changes;
}

function createRow(base: Base, transaction: Transaction, table: TableState, id: string, cells: Cells): void {
  const row: Row = {
    id,
    createdAt: transaction.at,
    createdBy: transaction.actor.user.id,
    autoNumber: table.nextAutoNumber++,
    modifiedAt: transaction.at,
    modifiedBy: transaction.actor.user.id,
    cells: {},
    cellModifiedAt: {},
  };
  table.rows.set(id, row);
  table.order.splice(placeIn(table.order, id), 0, id);
  changesOf(transaction, table).created.add(id);
  setCells(base, transaction, table, row, cells);
}

function updateRow(base: Base, transaction: Transaction, table: TableState, id: string, cells: Cells): void {
  const row = table.rows.get(id);
  if (row) setCells(base, transaction, table, row, cells);
}

function deleteRow(base: Base, transaction: Transaction, table: TableState, id: string): void {
  const row = table.rows.get(id);
  if (!row) return;
  const before = { ...row };
  const links = table.schema.fields.filter((field) => field.type === "multipleRecordLinks");
  for (const field of links) setInverse(base, transaction, field, row, linkedIds(row, field), []);
  table.rows.delete(id);
  table.order.splice(placeIn(table.order, id), 1);
  const changes = changesOf(transaction, table);
  changes.changed.delete(id);
  if (!changes.created.delete(id)) changes.destroyed.set(id, before);
}

function setCells(base: Base, transaction: Transaction, table: TableState, row: Row, cells: Cells): void {
  for (const [fieldId, cell] of Object.entries(cells)) {
    const field = table.schema.fields.find((candidate) => candidate.id === fieldId);
    if (!field || isComputed(field) || sameCell(row.cells[fieldId], cell)) continue;
    if (field.type === "multipleRecordLinks") {
      setInverse(base, transaction, field, row, linkedIds(row, field), (cell as readonly string[] | null) ?? []);
    }
    setCell(transaction, table, row, fieldId, cell);
  }
}

function setCell(transaction: Transaction, table: TableState, row: Row, fieldId: string, cell: Cell | null): void {
  const changes = changesOf(transaction, table);
  if (!changes.created.has(row.id) && !changes.changed.has(row.id)) changes.changed.set(row.id, { ...row });
  const { [fieldId]: _, ...rest } = row.cells;
  row.cells = cell === null ? rest : { ...rest, [fieldId]: cell };
  row.cellModifiedAt = { ...row.cellModifiedAt, [fieldId]: transaction.at };
  row.modifiedAt = transaction.at;
  row.modifiedBy = transaction.actor.user.id;
}

/** Makes the other table's records point back at `row`, or no longer. */
function setInverse(
  base: Base,
  transaction: Transaction,
  field: Field,
  row: Row,
  before: readonly string[],
  after: readonly string[],
): void {
  const inverse = inverseOf(schemas(base), field);
  const linked = linkedTableOf(schemas(base), field);
  if (!inverse || !linked) return;
  const table = tableState(base, linked.id);
  for (const id of new Set([...before, ...after])) {
    const other = table.rows.get(id);
    if (!other || before.includes(id) === after.includes(id)) continue;
    const kept = linkedIds(other, inverse).filter((linkedId) => linkedId !== row.id);
    const links = after.includes(id) ? [...kept, row.id] : kept;
    setCell(transaction, table, other, inverse.id, links.length > 0 ? links : null);
  }
}

function sameCell(a: Cell | undefined, b: Cell | null): boolean {
  return sameJson((a as Json | undefined) ?? null, b as Json);
}

/** Where an id is, or belongs, in a sorted list. */
function placeIn(order: readonly string[], id: string): number {
  let [low, high] = [0, order.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (order[middle]! < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
