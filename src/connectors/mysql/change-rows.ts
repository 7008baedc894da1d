import type { RecordId } from "../../model/record.ts";
import { sameRaw } from "../../model/value.ts";
import type { WriteResult } from "../../ports/connector.ts";
import { quoted, quotedTable } from "./catalog.ts";
import { isHeld } from "./errors.ts";
import { refusal } from "./refusal.ts";
import { cellsOf, columnOf, idOf, isRow, keyLiterals, refOf } from "./rows.ts";
import type { TextRow } from "./session.ts";
import { decode, literal } from "./value.ts";
import {
  type Delete,
  heldBack,
  lockRows,
  type Outcome,
  passedOver,
  type Results,
  readByIds,
  runEach,
  type Update,
  type WriteSession,
  written,
} from "./write-session.ts";

/**
 * Changes and deletes rows that still hold what was expected. They are locked and read first, and compared here, letter by letter: by a column's
 * collation, or by a conversion of types, a value might pass for another.
 */
export async function changeRows(session: WriteSession, requests: readonly (Update | Delete)[]): Promise<Results> {
  const results: Results = new Map();
  if (requests.length === 0) return results;
  const { rows, held } = await lockRows(
    session,
    requests.map((one) => one.id),
  );
  const ready: (Update | Delete)[] = [];
  const statements: string[] = [];
  for (const request of requests) {
    const row = rows.get(request.id);
    if (row === undefined) results.set(request, held.has(request.id) ? heldBack(null) : absent(session, request));
    else if (!holdsExpected(session, request, row)) results.set(request, changed(session, request.id, row));
    else
      try {
        statements.push(statementOf(session, request));
        ready.push(request);
      } catch (error) {
        results.set(request, refusal(session.mapped.table, request, error));
      }
  }
  const outcomes = await runEach(session, statements);
  const ids = new Map(ready.map((request) => [request, idAfter(session, request, rows.get(request.id) ?? {})]));
  const after = await readByIds(session, [...ids.values()], "");
  for (const [i, request] of ready.entries())
    results.set(request, resultOf(session, request, outcomes[i], ids.get(request) ?? request.id, after));
  return results;
}

function resultOf(
  session: WriteSession,
  request: Update | Delete,
  outcome: Outcome | undefined,
  id: RecordId,
  after: ReadonlyMap<RecordId, TextRow>,
): WriteResult {
  if (outcome === undefined || "error" in outcome)
    return isHeld(outcome?.error) ? heldBack(outcome?.error) : refusal(session.mapped.table, request, outcome?.error);
  // Matched rows are counted, so one that held the value already is written too.
  if (outcome.changed.matched === 0) return passedOver(session);
  if (request.kind === "delete") return written(session, request.id, undefined, false);
  return written(session, id, after.get(id), false);
}

function statementOf({ mapped }: WriteSession, request: Update | Delete): string {
  const { table } = mapped;
  const where = isRow(table, keyLiterals(table, request.id) ?? []);
  if (request.kind === "delete") return `delete t from ${quotedTable(table)} t where ${where}`;
  const sets = Object.entries(request.patch).map(
    ([name, raw]) => `t.${quoted(name)} = ${literal(columnOf(table, name), raw)}`,
  );
  return `update ${quotedTable(table)} t set ${sets.join(", ")} where ${where}`;
}

/** A patch may change the key. */
function idAfter({ mapped }: WriteSession, request: Update | Delete, row: TextRow): RecordId {
  const { table } = mapped;
  if (request.kind === "delete" || !table.key.some(({ name }) => Object.hasOwn(request.patch, name))) return request.id;
  const texts = table.key.map(({ name }): [string, string | null] => {
    const raw = request.patch[name];
    return [name, raw === undefined ? (row[name] ?? null) : raw === null ? null : String(raw)];
  });
  return idOf(table, Object.fromEntries(texts)) ?? request.id;
}

function absent(session: WriteSession, request: Update | Delete): WriteResult {
  return request.kind === "delete" ? written(session, request.id, undefined, false) : { kind: "missing" };
}

/** Of an update the cells that it changes, of a delete all. */
function holdsExpected({ mapped }: WriteSession, request: Update | Delete, row: TextRow): boolean {
  const expected = Object.keys(request.base).filter(
    (name) => request.kind === "delete" || Object.hasOwn(request.patch, name),
  );
  return expected.every((name) => {
    const text = row[name];
    if (text === undefined) return request.kind === "delete";
    return sameRaw(decode(columnOf(mapped.table, name), text), request.base[name]);
  });
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
