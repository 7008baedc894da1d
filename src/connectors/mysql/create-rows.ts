import type { RecordId } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { RawValue } from "../../model/value.ts";
import type { WriteResult } from "../../ports/connector.ts";
import { quoted, quotedTable } from "./catalog.ts";
import { isHeld, isUniqueViolation } from "./errors.ts";
import { refusal } from "./refusal.ts";
import { columnOf, idOf, textColumns } from "./rows.ts";
import { rowsOf, textLiteral } from "./session.ts";
import { keysTable } from "./setup.ts";
import { literal } from "./value.ts";
import {
  type Create,
  heldBack,
  lockRows,
  type Outcome,
  type Results,
  readByIds,
  runEach,
  type WriteSession,
  written,
} from "./write-session.ts";

/**
 * Inserts rows that were not inserted before. Which golden record a row is made for is kept beside it, in the same transaction, so that a second
 * try after an unknown outcome finds the first one's row. The key is claimed first: two senders of one key take turns.
 */
export async function createRows(session: WriteSession, requests: readonly Create[]): Promise<Results> {
  const results: Results = new Map();
  if (requests.length === 0) return results;
  const before = await claimKeys(session, requests);
  const { rows } = before.size > 0 ? await lockRows(session, [...before.values()]) : { rows: new Map() };
  const fresh: Create[] = [];
  const statements: string[] = [];
  for (const request of requests) {
    const id = before.get(request.key);
    const row = id === undefined ? undefined : rows.get(id);
    if (id !== undefined && row !== undefined) results.set(request, written(session, id, row, false));
    else
      try {
        statements.push(insertStatement(session, request));
        fresh.push(request);
      } catch (error) {
        results.set(request, refusal(session.mapped.table, request, error));
      }
  }
  const outcomes = await runEach(session, statements);
  const ids = new Map<Create, RecordId>();
  for (const [i, request] of fresh.entries()) {
    const outcome = outcomes[i];
    if (outcome !== undefined && "changed" in outcome)
      ids.set(request, madeId(session, request, outcome.changed.madeId));
    else results.set(request, await refuse(session, request, outcome));
  }
  const made = await readByIds(session, [...ids.values()], "");
  for (const [request, id] of ids) results.set(request, written(session, id, made.get(id), true));
  await keepKeys(session, requests, ids);
  return results;
}

/** Claims the keys of these creates, and tells which rows were made for them before. */
async function claimKeys(session: WriteSession, requests: readonly Create[]): Promise<Map<string, RecordId>> {
  const { connection, database, mapped } = session;
  if (!mapped.hasKeys)
    throw new SyncFailure({
      code: "SCHEMA",
      message: `table ${database}.${keysTable}, which keeps creates from doubling, is not there: run truce check --prepare`,
    });
  const table = `${quoted(database)}.${keysTable}`;
  const object = textLiteral(mapped.object.object);
  const keys = requests.map((one) => textLiteral(one.key)).sort();
  const claims = keys.map((key) => `(${object}, ${key}, '')`).join(", ");
  const [, rows = []] = await rowsOf(
    connection,
    `insert into ${table} (object, create_key, id) values ${claims} on duplicate key update id = id`,
    `select create_key, id from ${table} where object = ${object} and create_key in (${keys.join(", ")}) for update`,
  );
  return new Map(rows.flatMap(({ create_key: key, id }) => (key && id ? [[key, id]] : [])));
}

/** Keeps which row was made for which key, and gives up the claims of those that came to nothing. */
async function keepKeys(
  { connection, database, mapped }: WriteSession,
  requests: readonly Create[],
  ids: ReadonlyMap<Create, RecordId>,
): Promise<void> {
  const table = `${quoted(database)}.${keysTable}`;
  const object = textLiteral(mapped.object.object);
  const values = [...ids].map(([{ key }, id]) => `(${object}, ${textLiteral(key)}, ${textLiteral(id)})`);
  const keys = requests.map((one) => textLiteral(one.key)).join(", ");
  await rowsOf(
    connection,
    ...(values.length === 0
      ? []
      : [
          `insert into ${table} (object, create_key, id) values ${values.join(", ")} on duplicate key update id = values(id)`,
        ]),
    `delete from ${table} where object = ${object} and create_key in (${keys}) and id = ''`,
  );
}

function insertStatement({ mapped }: WriteSession, { patch }: Create): string {
  const { table } = mapped;
  const cells = Object.entries(patch);
  const names = cells.map(([name]) => quoted(name)).join(", ");
  const values = cells.map(([name, raw]) => literal(columnOf(table, name), raw)).join(", ");
  return `insert into ${quotedTable(table)} (${names}) values (${values})`;
}

/** The id of a row that was just inserted: from the counter, or as it was given. */
function madeId({ mapped }: WriteSession, { patch }: Create, counted: string): RecordId {
  const { table } = mapped;
  const texts = table.key.map((column): [string, string | null] => {
    const raw = patch[column.name] ?? null;
    return [column.name, raw === null ? (column.autoIncrement ? counted : null) : keyText(raw)];
  });
  return idOf(table, Object.fromEntries(texts)) ?? "";
}

function keyText(raw: RawValue): string {
  return typeof raw === "boolean" ? String(Number(raw)) : String(raw);
}

async function refuse(session: WriteSession, request: Create, outcome: Outcome | undefined): Promise<WriteResult> {
  const error = outcome !== undefined && "error" in outcome ? outcome.error : new Error("The server gave no answer.");
  if (isHeld(error)) return heldBack(error);
  const id = isUniqueViolation(error) ? await findByIdentity(session, request) : null;
  return id === null ? refusal(session.mapped.table, request, error) : { kind: "exists", id };
}

/** The row that already has the identity of a refused create, by its strongest identity cell that finds one. */
async function findByIdentity({ connection, mapped }: WriteSession, request: Create): Promise<RecordId | null> {
  const { table } = mapped;
  for (const name of request.identity) {
    const raw = request.patch[name] ?? null;
    if (raw === null) continue;
    const value = literal(columnOf(table, name), raw);
    const [rows = []] = await rowsOf(
      connection,
      `select ${textColumns(mapped)} from ${quotedTable(table)} t where t.${quoted(name)} = ${value} limit 2`,
    );
    const [only] = rows;
    if (rows.length === 1 && only !== undefined) return idOf(table, only);
  }
  return null;
}
