import pg from "pg";
import { SyncFailure } from "../../model/sync-error.ts";
import { listOf } from "./stored.ts";

export type Value = null | boolean | number | string | readonly (null | boolean | number | string)[];

/** Runs one statement and gives its rows. Arrays are sent as `listOf` makes them: `truce.texts($1)`. */
export type Query = <Row>(sql: string, ...values: Value[]) => Promise<Row[]>;

/**
 * Connections to a PostgreSQL. Nothing is kept in a session between transactions (no named statements, no session settings, no LISTEN), so a
 * PgBouncer in transaction mode may stand between.
 */
export type Database = {
  /** One statement that changes nothing. Rejects with UNREACHABLE when the database can't be reached. */
  readonly read: Query;
  /** One statement, committed when it resolves. Rejects with UNKNOWN_OUTCOME when the connection was lost meanwhile. */
  readonly write: Query;
  /** Several statements that change nothing and see one moment. Rejects like `read`. */
  look<T>(work: (query: Query) => Promise<T>): Promise<T>;
  /**
   * One transaction. `work` must return all that it asked for; what it throws is rolled back. Losing a race (deadlock, a unique key that another
   * transaction took first) starts it anew. Rejects with UNREACHABLE when surely nothing was done, with UNKNOWN_OUTCOME when the connection was
   * lost during the commit: the caller decides again from fresh state. `race` counts the starts, from 1.
   */
  transaction<T>(work: (query: Query, race: number) => Promise<T>): Promise<T>;
  close(): Promise<void>;
};

const connectMs = 10_000;
const queryMs = 60_000;
/**
 * Of each transaction. One whose process has stopped in its midst is ended after 20 s, so that others don't wait for its locks. Batches look rows
 * up by index: statistics of tables that change this fast are often wrong, and would have it read whole tables instead. A plan that is unlikely by such
 * statistics is taken for a long one, which would be compiled for half a second to run for some milliseconds.
 */
const settings = `select set_config('idle_in_transaction_session_timeout', '20000', true), set_config('enable_seqscan', 'off', true),
  set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
  set_config('jit', 'off', true)`;
/** Each lost race was won by another transaction, so this many in a row mean that something is wrong. */
const racesMax = 50;

export type PostgresOptions = {
  /** Most connections that this process opens; 10 by default. */
  readonly connectionsMax?: number;
};

export function openDatabase(url: string, { connectionsMax = 10 }: PostgresOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: connectionsMax,
    connectionTimeoutMillis: connectMs,
    query_timeout: queryMs,
    keepAlive: true,
    // Statements that don't need each other's answers are sent together.
    pipeline: true,
    application_name: "truce",
  });
  // A connection that breaks tells whoever waits for an answer on it; an idle one is replaced. Without listeners it would end the process.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return {
    read: (sql, ...values) => once(pool, sql, values, "UNREACHABLE"),
    write: (sql, ...values) => once(pool, sql, values, "UNKNOWN_OUTCOME"),
    look: (work) => transaction(pool, "begin isolation level repeatable read, read only", work, "UNREACHABLE"),
    transaction: (work) => transaction(pool, "begin", work, "UNKNOWN_OUTCOME"),
    close: () => pool.end(),
  };
}

type LostCode = "UNREACHABLE" | "UNKNOWN_OUTCOME";

async function once<Row>(pool: pg.Pool, sql: string, values: Value[], lost: LostCode): Promise<Row[]> {
  for (let race = 1; ; race++) {
    const client = await connect(pool);
    try {
      const { rows } = await client.query(sql, sent(values));
      client.release();
      return rows;
    } catch (error) {
      client.release(isBroken(error));
      if (!isLostRace(error) || race === racesMax) throw failureOf(error, lost);
    }
  }
}

async function transaction<T>(
  pool: pg.Pool,
  begin: string,
  work: (query: Query, race: number) => Promise<T>,
  lostInCommit: LostCode,
): Promise<T> {
  for (let race = 1; ; race++) {
    const client = await connect(pool);
    let lost: LostCode = "UNREACHABLE";
    try {
      const begun = Promise.all([client.query(begin), client.query(settings)]);
      const query = async <Row>(sql: string, ...values: Value[]) =>
        (await client.query(sql, sent(values))).rows as Row[];
      const [result] = await Promise.all([work(query, race), begun]);
      lost = lostInCommit;
      await client.query("commit");
      client.release();
      return result;
    } catch (error) {
      client.release(isBroken(error) || !(await isRolledBack(client)));
      if (!isLostRace(error) || race === racesMax) throw failureOf(error, lost);
    }
  }
}

function sent(values: readonly Value[]): unknown[] {
  return values.map((value) => (typeof value === "object" && value !== null ? listOf(value) : value));
}

async function isRolledBack(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query("rollback");
    return true;
  } catch {
    return false;
  }
}

async function connect(pool: pg.Pool): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw failureOf(error, "UNREACHABLE");
  }
}

const stateOf = (error: unknown) => (error instanceof pg.DatabaseError ? (error.code ?? "") : null);

/** Serialization failure, deadlock, unique key: the transaction was rolled back because another one was first. */
function isLostRace(error: unknown): boolean {
  return ["40001", "40P01", "23505"].includes(stateOf(error) ?? "");
}

/** The server shuts down, or there was no answer at all: the connection is of no more use. */
function isBroken(error: unknown): boolean {
  const state = stateOf(error);
  return state === null || state.startsWith("57P") || state.startsWith("08") || state === "25P03";
}

/** Failures of the outside world as SyncFailures; everything else is a bug, and stays as it is. */
function failureOf(error: unknown, lost: LostCode): unknown {
  if (error instanceof SyncFailure || !(error instanceof Error)) return error;
  const state = stateOf(error);
  const message = `The store's PostgreSQL: ${error.message || String(error)}`;
  if (state === null) return isOfNetwork(error) ? new SyncFailure({ code: lost, message }) : error;
  // The server said what it is ending for: shutdown, failover, idle too long. During a commit that is no answer.
  if (isBroken(error)) return new SyncFailure({ code: lost, message });
  // No more room, connections, locks; read-only; a rolled back race: nothing was done.
  const isPassing =
    state.startsWith("53") || state === "25006" || isLostRace(error) || state === "55P03" || state === "57014";
  if (isPassing) return new SyncFailure({ code: "UNREACHABLE", message });
  if (state.startsWith("28")) return new SyncFailure({ code: "UNAUTHORIZED", message });
  return error;
}

/** Errors of sockets have a code; those that pg itself makes of a lost connection are known by their words. */
function isOfNetwork(error: Error): boolean {
  return "code" in error || /connection|timeout|queryable/iu.test(error.message);
}
