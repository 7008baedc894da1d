import type { PoolConnection } from "mysql2";
import type { RecordId } from "../../model/record.ts";
import type { WriteRequest, WriteResult } from "../../ports/connector.ts";
import { quotedTable } from "./catalog.ts";
import { isHeld, isRowError, syncErrorOf } from "./errors.ts";
import { areRows, cellsOf, idOf, type MappedTable, textColumns } from "./rows.ts";
import { type Changed, rowsOf, runAll, type TextRow } from "./session.ts";

export type Update = WriteRequest & { readonly kind: "update" };
export type Create = WriteRequest & { readonly kind: "create" };
export type Delete = WriteRequest & { readonly kind: "delete" };

/** One transaction that writes a batch. */
export type WriteSession = {
  readonly connection: PoolConnection;
  readonly mapped: MappedTable;
  readonly database: string;
  readonly now: () => number;
};

export type Results = Map<WriteRequest, WriteResult>;

/** A statement of a batch: what it did, or what the server said to it. */
export type Outcome = { readonly changed: Changed } | { readonly error: unknown };

/** Text of statements that is sent at once; a server takes 16 MB or more, by default. */
const bytesMax = 4 * 1024 * 1024;

/**
 * Runs statements that are about one row each, in order. One that the server refuses, or whose row another session holds, is undone by the server
 * alone, and the others go on: all in one round trip, and one more for each that fails. Rejects with what ended the transaction.
 */
export async function runEach({ connection }: WriteSession, statements: readonly string[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  while (outcomes.length < statements.length) {
    const { done, error } = await runAll(connection, portion(statements, outcomes.length));
    outcomes.push(...done.map((changed) => ({ changed })));
    if (error === null) continue;
    if (!isRowError(error) && !(isHeld(error) && (await keepsTransaction(connection)))) throw error;
    outcomes.push({ error });
  }
  return outcomes;
}

function portion(statements: readonly string[], from: number): readonly string[] {
  let bytes = 0;
  let to = from;
  while (to < statements.length && (to === from || bytes + (statements[to]?.length ?? 0) <= bytesMax))
    bytes += statements[to++]?.length ?? 0;
  return statements.slice(from, to);
}

/** A server may be told to undo the whole transaction when a row is not to be had. */
async function keepsTransaction(connection: PoolConnection): Promise<boolean> {
  const [[row] = []] = await rowsOf(connection, "select @@innodb_rollback_on_timeout as undone");
  return row?.["undone"] === "0";
}

/** Rows of a batch that are locked until its end, and the ids of those that another session holds. */
export type Locked = { readonly rows: ReadonlyMap<RecordId, TextRow>; readonly held: ReadonlySet<RecordId> };

/** Locks rows and reads them as they are: nobody changes them before the batch ends. Rows held by others are waited for, and then passed over. */
export async function lockRows(session: WriteSession, ids: readonly RecordId[]): Promise<Locked> {
  const none = new Set<RecordId>();
  try {
    return { rows: await readByIds(session, ids, "for update"), held: none };
  } catch (error) {
    if (!isHeld(error) || !(await keepsTransaction(session.connection))) throw error;
    const rows = await readByIds(session, ids, "for update skip locked");
    const seen = rows.size < ids.length ? await readByIds(session, ids, "") : rows;
    return { rows, held: new Set([...seen.keys()].filter((id) => !rows.has(id))) };
  }
}

export async function readByIds(
  { connection, mapped }: WriteSession,
  ids: readonly RecordId[],
  lock: "for update" | "for update skip locked" | "",
): Promise<Map<RecordId, TextRow>> {
  const { table } = mapped;
  const where = areRows(table, ids);
  if (where === null) return new Map();
  const [rows = []] = await rowsOf(
    connection,
    `select ${textColumns(mapped)} from ${quotedTable(table)} t where ${where} ${lock}`,
  );
  return new Map(rows.map((row) => [idOf(table, row) ?? "", row]));
}

export function written(session: WriteSession, id: RecordId, row: TextRow | undefined, created: boolean): WriteResult {
  return {
    kind: "written",
    id,
    cells: row === undefined ? {} : cellsOf(session.mapped, row),
    complete: row !== undefined,
    revision: null,
    observedAt: session.now(),
    covered: {},
    created,
  };
}

/** Another session holds the row: nothing was done, and it is tried again later. */
export function heldBack(error: unknown): WriteResult {
  const words = error === null ? "" : `: ${syncErrorOf(error).message}`;
  return { kind: "failed", error: { code: "UNREACHABLE", message: `another session holds the row${words}` } };
}

export function passedOver({ mapped }: WriteSession): WriteResult {
  const message = `${mapped.object.object} did not take the row: a trigger of the table passed over it`;
  return { kind: "failed", error: { code: "REJECTED", message, cells: {} } };
}
