import type { RawObservation, Revision } from "../../model/observation.ts";
import type { ObjectName } from "../../model/record.ts";
import type { Column, Table } from "./catalog.ts";
import type { LogRow, LogTable } from "./log-events.ts";
import { isBefore, type LogPlace, revisionAt } from "./log-place.ts";
import { logText, mayBe, unread } from "./log-value.ts";
import type { Piece, RowChange } from "./pieces.ts";
import { cellsOf, idOf, isComplete, type MappedTable, refOf } from "./rows.ts";
import type { TextRow } from "./session.ts";
import { keysTable } from "./setup.ts";

/** A mapped table in the log. Up to `sureFrom` its rows may look otherwise than the catalog says now: it was altered, and is read anew as a whole. */
export type FollowedTable = MappedTable & { readonly sureFrom: LogPlace | null };

export type Told = {
  readonly observations: readonly RawObservation[];
  /** Objects whose changes can't be told row by row. */
  readonly lost: readonly ObjectName[];
};

/**
 * What a transaction, or a piece of one, says: one observation per row, its state at the end of it. A row with a value that is not read here is only
 * named: a read tells what it holds.
 */
export function observationsOf(
  piece: Piece,
  tables: readonly FollowedTable[],
  { epoch, observedAt }: { readonly epoch: number; readonly observedAt: number },
): Told {
  if (piece.isUnreadable) return { observations: [], lost: tables.map((one) => one.object.object) };
  const byRecord = new Map<string, RawObservation>();
  const lost = new Set<ObjectName>();
  const seen = { revision: revisionAt(epoch, piece.place, piece.first), observedAt };
  const keys = createKeys(piece.changes);
  for (const change of piece.changes) {
    const mapped = tableOf(tables, change.table);
    if (mapped === undefined || isUnsure(mapped, piece.place)) continue;
    if (!fits(mapped.table, change.table)) lost.add(mapped.object.object);
    else
      for (const one of rowObservations(mapped, change, piece, seen)) {
        const place = `${one.ref.object}/${one.ref.id}`;
        const made = one.kind === "upsert" ? keys.get(place) : undefined;
        const own = made === undefined ? one : { ...one, createKey: made };
        byRecord.set(place, joined(byRecord.get(place), own));
      }
  }
  return { observations: [...byRecord.values()], lost: [...lost] };
}

export function tableOf<T extends MappedTable>(
  tables: readonly T[],
  { schema, name }: { readonly schema: string; readonly name: string },
): T | undefined {
  return tables.find(({ table }) => table.schema === schema && table.name === name);
}

function isUnsure({ sureFrom }: FollowedTable, place: LogPlace): boolean {
  return sureFrom !== null && isBefore(place, sureFrom);
}

/** Whether rows in the log look as the catalog says. Where the log has names, they decide; else number and types of the columns do. */
function fits(table: Table, { columns, names }: LogTable): boolean {
  if (names !== null) return table.key.every(({ name }) => names.includes(name));
  return (
    columns.length === table.columns.length &&
    table.columns.every((column) => mayBe(column, columns[column.place - 1] ?? { code: -1, meta: 0 }))
  );
}

function columnIndex({ names }: LogTable, { name, place }: Column): number {
  return names === null ? place - 1 : names.indexOf(name);
}

/** Truce's own transactions say which rows they made, and for which key. */
function createKeys(changes: readonly RowChange[]): Map<string, string> {
  const keys = new Map<string, string>();
  for (const { table, before, after } of changes) {
    if (table.name !== keysTable || after === null) continue;
    const text = (i: number) => (after[i] ?? before?.[i])?.toString("utf8") ?? "";
    const [object, key, id] = [text(0), text(1), text(2)];
    if (id !== "") keys.set(`${object}/${id}`, key);
  }
  return keys;
}

/** A later change of the same row in the same transaction; a value that it did not log is the earlier one's. */
function joined(before: RawObservation | undefined, now: RawObservation): RawObservation {
  if (before?.kind !== "upsert" || now.kind !== "upsert") return now;
  const key = before.createKey === undefined ? {} : { createKey: before.createKey };
  return { ...key, ...now, cells: { ...before.cells, ...now.cells }, complete: before.complete || now.complete };
}

function rowObservations(
  mapped: FollowedTable,
  { table, before, after }: RowChange,
  { committedAt }: Piece,
  seen: { readonly revision: Revision; readonly observedAt: number },
): RawObservation[] {
  const oldRow = before === null ? null : textRow(mapped, table, before);
  const oldId = oldRow === null ? null : idOf(mapped.table, oldRow.texts);
  const gone = (id: string): RawObservation => ({ kind: "delete", ref: refOf(mapped, id), confirmed: true, ...seen });
  if (after === null) return oldId === null ? [] : [gone(oldId)];
  const row = textRow(mapped, table, after);
  // Of an update, the log may hold only what changed: the key is then as it was before.
  const id = idOf(mapped.table, { ...keyOf(mapped.table, oldRow?.texts), ...row.texts });
  if (id === null) return [];
  const first = oldId !== null && oldId !== id ? [gone(oldId)] : [];
  const ref = refOf(mapped, id);
  if (!row.isRead) return [...first, { kind: "hint", ref, ...seen, revision: null }];
  const cells = cellsOf(mapped, row.texts);
  return [
    ...first,
    {
      kind: "upsert",
      ref,
      ...seen,
      cells,
      complete: isComplete(mapped, cells),
      // Of the statement, by the server's clock, in whole seconds.
      changedAt: { from: committedAt, until: committedAt + 999 },
      author: null,
    },
  ];
}

function keyOf({ key }: Table, row: TextRow | undefined): TextRow {
  return Object.fromEntries(key.flatMap(({ name }) => (row?.[name] === undefined ? [] : [[name, row[name] ?? null]])));
}

/** Key and mapped columns that were logged, as text. */
function textRow(
  { table, columns }: MappedTable,
  logged: LogTable,
  row: LogRow,
): { readonly texts: TextRow; readonly isRead: boolean } {
  const texts: Record<string, string | null> = {};
  let isRead = true;
  for (const column of new Set([...table.key, ...columns])) {
    const place = columnIndex(logged, column);
    const bytes = row[place];
    const description = logged.columns[place];
    if (bytes === undefined || description === undefined) continue;
    const text = bytes === null ? null : logText(column, description, bytes);
    if (text === unread) isRead = false;
    else texts[column.name] = text;
  }
  return { texts, isRead };
}
