import pg from "pg";
import { type RawUpsert, revisionOf } from "../../model/observation.ts";
import type { RecordId } from "../../model/record.ts";
import type { Clock } from "../../ports/clock.ts";
import { quoted, quotedTable } from "./catalog.ts";
import { isAnswered } from "./errors.ts";
import { justBefore, type Lsn, parseLsn, writeLock } from "./lsn.ts";
import type { ChangedSince } from "./recent.ts";
import {
  cellsOf,
  idOf,
  idSql,
  isComplete,
  keyParts,
  type MappedTable,
  refOf,
  type TextRow,
  textColumns,
} from "./rows.ts";
import { parseSnapshot, type Snapshot } from "./xid.ts";

export type Rows = { readonly observations: RawUpsert[]; readonly lastId: RecordId | null; readonly count: number };

type Condition = { readonly sql: string; readonly values: readonly unknown[]; readonly limit: number };

/**
 * Reads rows in order with the change stream. A plain read has no exact place in the log: a commit may be written there and not yet be
 * visible. So the stream is let pass the read, and rows that it changed meanwhile are left out (it brings them itself, with exact places).
 * Of the others the stream knows nothing newer up to `high`: they are as of just before it. See docs/decisions/0003-reads-in-order.md.
 */
export async function readRows(
  pool: pg.Pool,
  mapped: MappedTable,
  changedSince: ChangedSince | null,
  clock: Clock,
  condition: Condition,
): Promise<Rows> {
  const observedAt = clock.now();
  const { rows, low, snapshot } = await readPage(pool, mapped, condition);
  const high = changedSince === null ? null : await placeAfterWrites(pool, mapped);
  const changed = changedSince === null || high === null ? null : await changedSince({ mapped, low, snapshot, high });
  const last = rows.at(-1);
  const observations = rows.flatMap((row): RawUpsert[] => {
    const id = idOf(mapped.table, row);
    if (id === null || changed?.(id) === true) return [];
    return [
      upsertOf(mapped, row, id, changed === null || high === null ? null : revisionOf(justBefore(high)), observedAt),
    ];
  });
  return { observations, lastId: last === undefined ? null : idOf(mapped.table, last), count: rows.length };
}

function upsertOf(
  mapped: MappedTable,
  row: TextRow,
  id: RecordId,
  revision: string | null,
  observedAt: number,
): RawUpsert {
  const key = row["truce created key"];
  const cells = cellsOf(mapped, row);
  return {
    kind: "upsert",
    ref: refOf(mapped, id),
    revision,
    observedAt,
    cells,
    complete: isComplete(mapped, cells),
    changedAt: null,
    author: null,
    ...(key == null ? {} : { createKey: key }),
  };
}

async function readPage(
  pool: pg.Pool,
  mapped: MappedTable,
  { sql, values, limit }: Condition,
): Promise<{ rows: TextRow[]; low: Lsn; snapshot: Snapshot }> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    // Before the snapshot: what is committed before `low` is in it, or by a transaction that it does not see yet.
    const low = await insertPlace(client);
    await client.query("begin isolation level repeatable read read only");
    const taken = await client.query<{ text: string }>("select pg_current_snapshot()::text as text");
    const { table, object } = mapped;
    const order = table.key.map((column) => `t.${quoted(column.name)}`).join(", ");
    // Asked for row by row: a join with a table that is not yet analyzed may go through all of it for each page.
    const key = `(select c.key from truce.created c where c.object = $1 and c.id = ${idSql(table, "t")} limit 1)`;
    const { rows } = await client.query<TextRow>(
      `select ${textColumns(mapped, "t")}, ${mapped.hasKeys ? key : "$1::text"} as "truce created key"
       from ${quotedTable(table)} t ${sql} order by ${order} limit ${limit}`,
      [mapped.hasKeys ? object.object : null, ...values],
    );
    await client.query("commit");
    return { rows, low, snapshot: parseSnapshot(taken.rows[0]?.text ?? "") };
  } catch (error) {
    broken = error instanceof Error ? error : undefined;
    if (isAnswered(error)) await client.query("rollback").catch(() => undefined);
    throw error;
  } finally {
    client.release(isAnswered(broken) ? undefined : broken);
  }
}

/**
 * A place in the log with no write of Truce's across it: a write tells its place before it commits, and a row read between the two would
 * seem newer than the write. `null` when a write takes long.
 */
async function placeAfterWrites(pool: pg.Pool, { table }: MappedTable): Promise<Lsn | null> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("begin; set local lock_timeout = '2s'");
    await client.query("select pg_advisory_xact_lock($1, $2)", [...writeLock(table.oid)]);
    const high = await insertPlace(client);
    await client.query("commit");
    return high;
  } catch (error) {
    broken = error instanceof Error ? error : undefined;
    if (!isAnswered(error)) throw error;
    await client.query("rollback").catch(() => undefined);
    if (error instanceof pg.DatabaseError && error.code === "55P03") return null;
    throw error;
  } finally {
    client.release(isAnswered(broken) ? undefined : broken);
  }
}

async function insertPlace(client: pg.PoolClient): Promise<Lsn> {
  const { rows } = await client.query<{ lsn: string }>("select pg_current_wal_insert_lsn()::text as lsn");
  return parseLsn(rows[0]?.lsn ?? "0/0");
}

/** Rows with these ids. Parameters begin at $2. */
export function withIds({ table }: MappedTable, ids: readonly RecordId[]): Condition {
  const parts = ids.flatMap((id) => {
    const own = keyParts(table, id);
    return own === null ? [] : [own];
  });
  const lists = table.key.map((_, i) => `$${i + 2}::text[]`).join(", ");
  const names = table.key.map((_, i) => `k${i}`).join(", ");
  const match = table.key.map((column, i) => `t.${quoted(column.name)} = k${i}::${column.cast}`).join(" and ");
  return {
    sql: `join unnest(${lists}) as wanted(${names}) on ${match}`,
    values: table.key.map((_, i) => parts.map((part) => part[i])),
    limit: ids.length,
  };
}

/**
 * Rows written by transactions of a range, after an id in the key's order. A row's version tells the low half of its transaction's number only,
 * so the distance from the range's begin is compared.
 */
export function changedAfter(
  mapped: MappedTable,
  id: RecordId | null,
  limit: number,
  { since, next }: { readonly since: bigint; readonly next: bigint },
): Condition {
  const rest = afterId(mapped, id, limit);
  const half = 1n << 32n;
  const place = rest.values.length + 2;
  const isChanged = `mod(t.xmin::text::bigint - $${place}::bigint + ${half}, ${half}) <= $${place + 1}::bigint`;
  return {
    sql: `${rest.sql === "" ? "where" : `${rest.sql} and`} ${isChanged}`,
    values: [...rest.values, (since % half).toString(), (next - since).toString()],
    limit,
  };
}

/** Rows after an id in the key's order; all from the start with `null`. */
export function afterId({ table }: MappedTable, id: RecordId | null, limit: number): Condition {
  if (id === null) return { sql: "", values: [], limit };
  const names = table.key.map((column) => `t.${quoted(column.name)}`).join(", ");
  const places = table.key.map((column, i) => `$${i + 2}::text::${column.cast}`).join(", ");
  return { sql: `where (${names}) > (${places})`, values: keyParts(table, id) ?? [], limit };
}
