import type pg from "pg";
import { revisionOf } from "../../model/observation.ts";
import type { RecordId } from "../../model/record.ts";
import type { WriteRequest, WriteResult } from "../../ports/connector.ts";
import { type Column, quoted, quotedTable, type Table } from "./catalog.ts";
import { failureOf, isAnswered, isRowError, isUniqueViolation, syncErrorOf } from "./errors.ts";
import { parseLsn, writeLock } from "./lsn.ts";
import { cellsOf, idOf, keyParts, type MappedTable, refOf, type TextRow, textColumns } from "./rows.ts";
import { sqlText } from "./value.ts";

type Update = WriteRequest & { readonly kind: "update" };
type Create = WriteRequest & { readonly kind: "create" };
type Delete = WriteRequest & { readonly kind: "delete" };

type Session = { readonly client: pg.PoolClient; readonly mapped: MappedTable; readonly now: () => number };

/**
 * Writes a batch in one transaction. Each update and delete carries its condition in the same statement: the columns that it changes must still
 * hold what was last seen there. Where changes are learned from the log (`isLogged`) the transaction is marked in it, and the place of its end
 * is every written row's revision: the rows' locks make all earlier changes of them come before it and all later ones after it.
 */
export async function writeBatch(
  pool: pg.Pool,
  mapped: MappedTable,
  requests: readonly WriteRequest[],
  options: { readonly now: () => number; readonly isLogged: boolean },
): Promise<WriteResult[]> {
  const { now, isLogged } = options;
  const client = await pool.connect().catch((error: unknown) => {
    throw failureOf(error);
  });
  let committing = false;
  let broken: Error | undefined;
  try {
    // Constraints that wait for the commit would refuse the whole batch there, instead of one row here.
    await client.query("begin; set constraints all immediate");
    const session: Session = { client, mapped, now };
    const results = new Map<WriteRequest, WriteResult>();
    const merge = (part: ReadonlyMap<WriteRequest, WriteResult>) => {
      for (const [request, result] of part) results.set(request, result);
    };
    const of = <K extends WriteRequest["kind"]>(kind: K) =>
      requests.filter((one): one is WriteRequest & { kind: K } => one.kind === kind);
    const possible = of("update").filter((one) => keyParts(mapped.table, one.id) !== null);
    for (const one of of("update")) results.set(one, { kind: "missing" });
    for (const group of Map.groupBy(possible, shapeOf).values()) merge(await isolating(session, group, updateRows));
    merge(await isolating(session, of("delete"), deleteRows));
    merge(await createRows(session, of("create")));
    const revision = isLogged ? await mark(session, results) : null;
    committing = true;
    await client.query("commit");
    return requests.map((request) => stamped(results.get(request), revision));
  } catch (error) {
    if (error instanceof Error) broken = error;
    if (isAnswered(error)) await client.query("rollback").catch(() => undefined);
    throw failureOf(error, committing);
  } finally {
    client.release(broken !== undefined && !isAnswered(broken) ? broken : undefined);
  }
}

function stamped(result: WriteResult | undefined, revision: string | null): WriteResult {
  if (result === undefined) return { kind: "failed", error: { code: "UNKNOWN_OUTCOME", message: "no result" } };
  if (result.kind === "written") return { ...result, revision };
  if (result.kind === "changed") return { ...result, observation: { ...result.observation, revision } };
  return result;
}

/** Updates of one shape set the same columns and expect something of the same ones: they go in one statement. */
function shapeOf({ patch, base }: Update): string {
  const cells = Object.keys(patch).sort();
  return JSON.stringify(cells.map((cell) => [cell, Object.hasOwn(base, cell)]));
}

/** Runs a step for many requests; when a row is refused the batch is halved until the bad rows stand alone. */
async function isolating<R extends WriteRequest>(
  session: Session,
  requests: readonly R[],
  step: (session: Session, requests: readonly R[]) => Promise<Map<WriteRequest, WriteResult>>,
): Promise<Map<WriteRequest, WriteResult>> {
  if (requests.length === 0) return new Map();
  await session.client.query("savepoint batch");
  try {
    const results = await step(session, requests);
    await session.client.query("release savepoint batch");
    return results;
  } catch (error) {
    if (!isRowError(error)) throw error;
    await session.client.query("rollback to savepoint batch");
    const [only] = requests;
    if (requests.length === 1 && only !== undefined) return new Map([[only, await refusal(session, only, error)]]);
    const half = Math.ceil(requests.length / 2);
    const first = await isolating(session, requests.slice(0, half), step);
    return new Map([...first, ...(await isolating(session, requests.slice(half), step))]);
  }
}

async function refusal(session: Session, request: WriteRequest, error: unknown): Promise<WriteResult> {
  if (request.kind === "create" && isUniqueViolation(error)) {
    const id = await findByIdentity(session, request);
    if (id !== null) return { kind: "exists", id };
  }
  return { kind: "failed", error: syncErrorOf(error) };
}

function columnOf(table: Table, name: string): Column {
  const column = table.columns.find((one) => one.name === name);
  if (column === undefined) throw failureOf(Object.assign(new Error(`column "${name}" does not exist`)));
  return column;
}

/** A list of rows as a query's parameters: one array of text for each of their columns. */
type Input = { readonly names: readonly string[]; readonly values: readonly (readonly (string | null)[])[] };

function inputOf(...parts: readonly Input[]): Input {
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
function inputSql({ names, values }: Input): string {
  return `unnest(${values.map((_, i) => `$${i + 1}::text[]`).join(", ")}) with ordinality as input(${[...names, "n"].join(", ")})`;
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

async function updateRows(session: Session, requests: readonly Update[]): Promise<Map<WriteRequest, WriteResult>> {
  const { client, mapped } = session;
  const { table } = mapped;
  const cells = Object.keys(requests[0]?.patch ?? {}).map((name) => columnOf(table, name));
  const guarded = cells.filter(({ name }) => Object.hasOwn(requests[0]?.base ?? {}, name));
  const input = inputOf(
    keyInput(table, requests),
    inputColumns("v", cells, requests, (one, column) => sqlText(column, one.patch[column.name] ?? null)),
    baseInput(guarded, requests),
  );
  const sets = cells.map((column, i) => `${quoted(column.name)} = input.v${i}::${column.cast}`);
  const guards = guarded.map((column, i) => unchanged(column, `input.b${i}`));
  const { rows } = await client.query<TextRow & { n: string }>(
    `update ${quotedTable(table)} t set ${sets.join(", ")} from ${inputSql(input)} where ${[...keyMatch(table), ...guards].join(" and ")}
     returning input.n::text as n, ${textColumns(mapped, "t")}`,
    [...input.values],
  );
  const results = new Map<WriteRequest, WriteResult>();
  for (const { n, ...row } of rows) {
    const request = requests[Number(n) - 1];
    if (request !== undefined) results.set(request, written(session, idOf(table, row) ?? request.id, row, false));
  }
  await explainRest(session, requests, results);
  return results;
}

function keyInput(table: Table, requests: readonly { readonly id: RecordId }[]): Input {
  const parts = requests.map((one) => keyParts(table, one.id));
  return inputColumns("k", table.key, parts, (part, _, place) => part?.[place] ?? null);
}

function baseInput(guarded: readonly Column[], requests: readonly (Update | Delete)[]): Input {
  return inputColumns("b", guarded, requests, (one, column) => sqlText(column, one.base[column.name] ?? null));
}

function keyMatch(table: Table): string[] {
  return table.key.map((column, i) => `t.${quoted(column.name)} = input.k${i}::${column.cast}`);
}

function written(session: Session, id: RecordId, row: TextRow, created: boolean): WriteResult {
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

/** Rows that did not match their condition: they hold something else, or are gone. */
async function explainRest(
  session: Session,
  requests: readonly (Update | Delete)[],
  results: Map<WriteRequest, WriteResult>,
): Promise<void> {
  const rest = requests.filter((one) => !results.has(one));
  if (rest.length === 0) return;
  const present = await readByIds(
    session.client,
    session.mapped,
    rest.map((one) => one.id),
  );
  for (const request of rest) {
    const row = present.get(request.id);
    if (row === undefined) {
      results.set(request, request.kind === "delete" ? written(session, request.id, {}, false) : { kind: "missing" });
      continue;
    }
    const observation = {
      kind: "upsert" as const,
      ref: refOf(session.mapped, request.id),
      revision: null,
      observedAt: session.now(),
      cells: cellsOf(session.mapped, row),
      complete: true,
      changedAt: null,
      author: null,
    };
    results.set(request, { kind: "changed", observation });
  }
}

/** Locks the rows that it reads: what is reported must not change again before the revision is taken. */
async function readByIds(
  client: pg.PoolClient,
  mapped: MappedTable,
  ids: readonly RecordId[],
): Promise<Map<RecordId, TextRow>> {
  const { table } = mapped;
  const input = keyInput(
    table,
    ids.map((id) => ({ id })),
  );
  const { rows } = await client.query<TextRow>(
    `select ${textColumns(mapped, "t")} from ${quotedTable(table)} t join ${inputSql(input)} on ${keyMatch(table).join(" and ")} for share of t`,
    [...input.values],
  );
  return new Map(rows.map((row) => [idOf(table, row) ?? "", row]));
}

async function deleteRows(session: Session, requests: readonly Delete[]): Promise<Map<WriteRequest, WriteResult>> {
  const { client, mapped } = session;
  const { table } = mapped;
  const results = new Map<WriteRequest, WriteResult>();
  for (const group of Map.groupBy(requests, (one) => JSON.stringify(Object.keys(one.base).sort())).values()) {
    const guarded = Object.keys(group[0]?.base ?? {}).flatMap(
      (name) => table.columns.find((one) => one.name === name) ?? [],
    );
    const input = inputOf(keyInput(table, group), baseInput(guarded, group));
    const guards = guarded.map((column, i) => unchanged(column, `input.b${i}`));
    const { rows } = await client.query<{ n: string }>(
      `delete from ${quotedTable(table)} t using ${inputSql(input)} where ${[...keyMatch(table), ...guards].join(" and ")} returning input.n::text as n`,
      [...input.values],
    );
    for (const { n } of rows) {
      const request = group[Number(n) - 1];
      if (request !== undefined) results.set(request, written(session, request.id, {}, false));
    }
  }
  await explainRest(session, requests, results);
  return results;
}

/**
 * Inserts rows that were not inserted before. Which golden record a row was made for is kept beside the tables, in the same transaction, so a
 * second try after an unknown outcome finds the first one's row.
 */
async function createRows(session: Session, requests: readonly Create[]): Promise<Map<WriteRequest, WriteResult>> {
  if (requests.length === 0) return new Map();
  const { client, mapped } = session;
  const object = mapped.object.object;
  // Two senders of one key take turns; the second then sees the first one's row.
  await client.query(
    "select pg_advisory_xact_lock(hashtextextended(key, 0)) from (select key from unnest($1::text[]) as key order by key) as keys",
    [requests.map((one) => one.key)],
  );
  const { rows } = await client.query<{ key: string; id: string }>(
    "select key, id from truce.created where object = $1 and key = any($2)",
    [object, requests.map((one) => one.key)],
  );
  const before = new Map(rows.map((row) => [row.key, row.id]));
  const present = await readByIds(client, mapped, [...before.values()]);
  const results = new Map<WriteRequest, WriteResult>();
  const fresh: Create[] = [];
  for (const request of requests) {
    const id = before.get(request.key);
    const row = id === undefined ? undefined : present.get(id);
    if (id !== undefined && row !== undefined) results.set(request, written(session, id, row, false));
    else fresh.push(request);
  }
  for (const group of Map.groupBy(fresh, (one) => JSON.stringify(Object.keys(one.patch).sort())).values()) {
    for (const [request, result] of await isolating(session, group, insertRows)) results.set(request, result);
  }
  return results;
}

async function insertRows(session: Session, requests: readonly Create[]): Promise<Map<WriteRequest, WriteResult>> {
  const { client, mapped } = session;
  const { table } = mapped;
  const cells = Object.keys(requests[0]?.patch ?? {}).map((name) => columnOf(table, name));
  const input = inputOf(
    { names: ["key"], values: [requests.map((one) => one.key)] },
    inputColumns("v", cells, requests, (one, column) => sqlText(column, one.patch[column.name] ?? null)),
  );
  const names = cells.map((column) => quoted(column.name)).join(", ");
  const selected = cells.map((column, i) => `input.v${i}::${column.cast}`).join(", ");
  // Rows are inserted, and returned, in the order in which the select gives them.
  const { rows } = await client.query<TextRow>(
    `insert into ${quotedTable(table)} as t (${names}) select ${selected} from ${inputSql(input)} order by input.n returning ${textColumns(mapped, "t")}`,
    [...input.values],
  );
  if (rows.length !== requests.length) {
    // A rule or trigger of theirs swallowed rows; which ones can't be told from a batch.
    throw failureOf(new Error(`${table.schema}.${table.name} took ${rows.length} of ${requests.length} rows`));
  }
  const results = new Map<WriteRequest, WriteResult>();
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

/** The row that already has the identity of a refused create, by its strongest identity cell that finds one. */
async function findByIdentity({ client, mapped }: Session, request: Create): Promise<RecordId | null> {
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

/** Marks the transaction as Truce's in the log, with the keys of the rows it made; returns the revision of everything in it. */
async function mark({ client, mapped }: Session, results: ReadonlyMap<WriteRequest, WriteResult>): Promise<string> {
  const made: [string, string][] = [];
  for (const [request, result] of results)
    if (request.kind === "create" && result.kind === "written" && result.created) made.push([result.id, request.key]);
  const content = JSON.stringify({ object: mapped.object.object, made });
  const { rows } = await client.query<{ lsn: string }>(
    `with held as materialized (select pg_advisory_xact_lock_shared($2, $3))
     select pg_current_wal_insert_lsn()::text as lsn, pg_logical_emit_message(true, 'truce', $1) from held`,
    [content, ...writeLock(mapped.table.oid)],
  );
  return revisionOf(parseLsn(rows[0]?.lsn ?? "0/0"));
}
