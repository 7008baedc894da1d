import type { RecordId } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { WriteResult } from "../../ports/connector.ts";
import { type Column, quoted, quotedTable, type Table } from "./catalog.ts";
import { passedOverBy, readByIds, written } from "./change-rows.ts";
import { isUniqueViolation } from "./errors.ts";
import { refusal } from "./refusal.ts";
import { idOf, type TextRow, textColumns } from "./rows.ts";
import { sqlText } from "./value.ts";
import { columnOf, inputOf, inputSql, valueInput } from "./write-input.ts";
import { type Create, isolating, type Results, type WriteSession } from "./write-session.ts";

/**
 * Inserts rows that were not inserted before. Which golden record a row was made for is kept beside the tables, in the same transaction, so a
 * second try after an unknown outcome finds the first one's row.
 */
export async function createRows(session: WriteSession, requests: readonly Create[]): Promise<Results> {
  if (requests.length === 0) return new Map();
  const { client, mapped } = session;
  const keys = requests.map((one) => one.key);
  // Two senders of one key take turns; the second then sees the first one's row.
  await client.query(
    "select pg_advisory_xact_lock(hashtextextended(key, 0)) from (select key from unnest($1::text[]) as key order by key) as keys",
    [keys],
  );
  const { rows } = await client.query<{ key: string; id: string }>(
    "select key, id from truce.created where object = $1 and key = any($2)",
    [mapped.object.object, keys],
  );
  const before = new Map(rows.map((row) => [row.key, row.id]));
  const present =
    before.size > 0 ? await readByIds(session, [...before.values()], "for no key update of t") : new Map();
  const results: Results = new Map();
  const fresh: Create[] = [];
  for (const request of requests) {
    const id = before.get(request.key);
    const row = id === undefined ? undefined : present.get(id);
    if (id !== undefined && row !== undefined) results.set(request, written(session, id, row, false));
    else fresh.push(request);
  }
  for (const group of Map.groupBy(fresh, (one) => JSON.stringify(Object.keys(one.patch).sort())).values())
    for (const [request, result] of await isolating(session, group, insertRows, refuseCreate))
      results.set(request, result);
  return results;
}

async function insertRows(session: WriteSession, requests: readonly Create[]): Promise<Results> {
  const { client, mapped } = session;
  const { table } = mapped;
  const cells = insertedColumns(table, requests[0]);
  const input = inputOf({ names: ["key"], values: [requests.map((one) => one.key)] }, valueInput(cells, requests));
  const names = cells.map((column) => quoted(column.name)).join(", ");
  const selected = cells.map((column, i) => `input.v${i}::${column.cast}`).join(", ");
  // Rows are inserted, and returned, in the order in which the select gives them.
  const { rows } = await client.query<TextRow>(
    `insert into ${quotedTable(table)} as t (${names}) select ${selected} from ${inputSql(input)} order by input.n returning ${textColumns(mapped, "t")}`,
    [...input.values],
  );
  // Which ones were passed over can't be told from a batch.
  if (rows.length !== requests.length)
    throw new SyncFailure({ code: "REJECTED", message: passedOverBy(mapped.object.object), cells: {} });
  const results: Results = new Map();
  const ids = rows.map((row) => idOf(table, row) ?? "");
  for (const [i, request] of requests.entries())
    results.set(request, written(session, ids[i] ?? "", rows[i] ?? {}, true));
  await client.query(
    `insert into truce.created (object, key, id) select $1, key, id from unnest($2::text[], $3::text[]) as made(key, id)
     on conflict (object, key) do update set id = excluded.id`,
    [mapped.object.object, requests.map((one) => one.key), ids],
  );
  return results;
}

/** PostgreSQL inserts no rows of no columns: where nothing is given, one that may be blank is given so, and the others get their defaults. */
function insertedColumns(table: Table, request: Create | undefined): readonly Column[] {
  const given = Object.keys(request?.patch ?? {}).map((name) => columnOf(table, name));
  if (given.length > 0) return given;
  const blank = table.columns.find((column) => !column.readOnly && !column.notNull && !column.hasDefault);
  if (blank !== undefined) return [blank];
  const message = `there is nothing to write, and ${table.name} has no column that may be blank`;
  throw new SyncFailure({ code: "REJECTED", message, cells: {} });
}

async function refuseCreate(session: WriteSession, request: Create, error: unknown): Promise<WriteResult> {
  const id = isUniqueViolation(error) ? await findByIdentity(session, request) : null;
  return id === null ? refusal(session, request, error) : { kind: "exists", id };
}

/** The row that already has the identity of a refused create, by its strongest identity cell that finds one. */
async function findByIdentity({ client, mapped }: WriteSession, request: Create): Promise<RecordId | null> {
  const { table } = mapped;
  for (const name of request.identity) {
    const raw = request.patch[name] ?? null;
    if (raw === null) continue;
    const column = columnOf(table, name);
    const keys = table.key.map((one) => `${quoted(one.name)}::text as ${quoted(one.name)}`).join(", ");
    const { rows } = await client.query<TextRow>(
      `select ${keys} from ${quotedTable(table)} where ${quoted(name)} = $1::text::${column.cast} limit 2`,
      [sqlText(column, raw)],
    );
    if (rows.length === 1 && rows[0] !== undefined) return idOf(table, rows[0]);
  }
  return null;
}
