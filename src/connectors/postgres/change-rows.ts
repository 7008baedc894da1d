import type { RecordId } from "../../model/record.ts";
import { sameRaw } from "../../model/value.ts";
import type { WriteResult } from "../../ports/connector.ts";
import { type Column, quoted, quotedTable } from "./catalog.ts";
import { cellsOf, idOf, refOf, type TextRow, textColumns } from "./rows.ts";
import { baseInput, columnOf, guards, inputOf, inputSql, keyInput, keyMatch, valueInput } from "./write-input.ts";
import type { Delete, Results, Update, WriteSession } from "./write-session.ts";

/** Updates of one shape, in one statement: each row whose patched columns still hold what was expected. The others are explained. */
export async function updateRows(session: WriteSession, requests: readonly Update[]): Promise<Results> {
  return explained(session, requests, sendUpdates);
}

/** Deletes rows that still hold all that was expected. */
export async function deleteRows(session: WriteSession, requests: readonly Delete[]): Promise<Results> {
  return explained(session, requests, sendDeletes);
}

/** Updates of one shape set the same columns and expect something of the same ones: they go in one statement. */
export function shapeOf({ patch, base }: Update): string {
  const cells = Object.keys(patch).sort();
  return JSON.stringify(cells.map((cell) => [cell, Object.hasOwn(base, cell)]));
}

/** The results of those that were written. */
export async function sendUpdates(session: WriteSession, requests: readonly Update[]): Promise<Results> {
  const { client, mapped } = session;
  const { table } = mapped;
  const [first] = requests;
  if (first === undefined) return new Map();
  const cells = Object.keys(first.patch).map((name) => columnOf(table, name));
  const guarded = guardedBy(session, first);
  const input = inputOf(keyInput(table, requests), valueInput(cells, requests), baseInput(guarded, requests));
  const sets = cells.map((column, i) => `${quoted(column.name)} = input.v${i}::${column.cast}`);
  const { rows } = await client.query<TextRow & { n: string }>(
    `update ${quotedTable(table)} t set ${sets.join(", ")} from ${inputSql(input)} where ${[...keyMatch(table), ...guards(guarded)].join(" and ")}
     returning input.n::text as n, ${textColumns(mapped, "t")}`,
    [...input.values],
  );
  const results: Results = new Map();
  for (const { n, ...row } of rows) {
    const request = requests[Number(n) - 1];
    if (request !== undefined) results.set(request, written(session, idOf(table, row) ?? request.id, row, false));
  }
  return results;
}

async function sendDeletes(session: WriteSession, requests: readonly Delete[]): Promise<Results> {
  const { client, mapped } = session;
  const { table } = mapped;
  const results: Results = new Map();
  for (const group of Map.groupBy(requests, (one) => JSON.stringify(Object.keys(one.base).sort())).values()) {
    const guarded = group[0] === undefined ? [] : guardedBy(session, group[0]);
    const input = inputOf(keyInput(table, group), baseInput(guarded, group));
    const { rows } = await client.query<{ n: string }>(
      `delete from ${quotedTable(table)} t using ${inputSql(input)} where ${[...keyMatch(table), ...guards(guarded)].join(" and ")} returning input.n::text as n`,
      [...input.values],
    );
    for (const { n } of rows) {
      const request = group[Number(n) - 1];
      if (request !== undefined) results.set(request, written(session, request.id, {}, false));
    }
  }
  return results;
}

/** The columns of which something is expected. */
function guardedBy({ mapped }: WriteSession, request: Update | Delete): Column[] {
  const { columns } = mapped.table;
  if (request.kind === "delete")
    return Object.keys(request.base).flatMap((name) => columns.find((one) => one.name === name) ?? []);
  return columns.filter(({ name }) => Object.hasOwn(request.patch, name) && Object.hasOwn(request.base, name));
}

export function written(session: WriteSession, id: RecordId, row: TextRow, created: boolean): WriteResult {
  return {
    kind: "written",
    id,
    cells: cellsOf(session.mapped, row),
    complete: true,
    revision: null,
    observedAt: session.now(),
    covered: {},
    created,
  };
}

/**
 * Sends, and says of each row that did not match its condition why: it holds something else, it is gone, or the table passed over it. A row that
 * does hold what was expected may have changed back meanwhile; now that it is locked, it is sent once more before it is told as refused.
 */
async function explained<R extends Update | Delete>(
  session: WriteSession,
  requests: readonly R[],
  send: (session: WriteSession, requests: readonly R[]) => Promise<Results>,
): Promise<Results> {
  const results = await send(session, requests);
  const rest = requests.filter((one) => !results.has(one));
  if (rest.length === 0) return results;
  const ids = rest.map((one) => one.id);
  const present = await readByIds(session, ids, "for no key update of t");
  const isHidden = present.size < rest.length ? await readByIds(session, ids, "") : present;
  const again: R[] = [];
  for (const request of rest) {
    const row = present.get(request.id);
    if (row !== undefined && holdsExpected(session, request, row)) again.push(request);
    else if (row !== undefined) results.set(request, changed(session, request.id, row));
    else if (isHidden.has(request.id)) results.set(request, passedOver(session));
    else
      results.set(request, request.kind === "delete" ? written(session, request.id, {}, false) : { kind: "missing" });
  }
  for (const [request, result] of again.length > 0 ? await send(session, again) : []) results.set(request, result);
  for (const request of again) if (!results.has(request)) results.set(request, passedOver(session));
  return results;
}

function holdsExpected(session: WriteSession, request: Update | Delete, row: TextRow): boolean {
  const cells = cellsOf(session.mapped, row);
  return guardedBy(session, request).every(({ name }) => sameRaw(cells[name], request.base[name]));
}

function changed(session: WriteSession, id: RecordId, row: TextRow): WriteResult {
  return {
    kind: "changed",
    observation: {
      kind: "upsert",
      ref: refOf(session.mapped, id),
      revision: null,
      observedAt: session.now(),
      cells: cellsOf(session.mapped, row),
      complete: true,
      changedAt: null,
      author: null,
    },
  };
}

function passedOver({ mapped }: WriteSession): WriteResult {
  const message = passedOverBy(mapped.object.object);
  return { kind: "failed", error: { code: "REJECTED", message, cells: {} } };
}

export function passedOverBy(object: string): string {
  return `${object} did not take the row: a trigger, a rule or a row-level security policy of the table passed over it`;
}

/** What is reported must not change again before the revision is taken: rows are locked by it. */
export async function readByIds(
  { client, mapped }: WriteSession,
  ids: readonly RecordId[],
  lock: "for no key update of t" | "",
): Promise<Map<RecordId, TextRow>> {
  const { table } = mapped;
  const input = keyInput(
    table,
    ids.map((id) => ({ id })),
  );
  const { rows } = await client.query<TextRow>(
    `select ${textColumns(mapped, "t")} from ${quotedTable(table)} t join ${inputSql(input)} on ${keyMatch(table).join(" and ")} ${lock}`,
    [...input.values],
  );
  return new Map(rows.map((row) => [idOf(table, row) ?? "", row]));
}
