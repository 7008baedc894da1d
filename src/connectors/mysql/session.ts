import type { Connection, Pool, QueryError, ResultSetHeader, TypeCastField } from "mysql2";
import mysql from "mysql2";
import { SyncFailure } from "../../model/sync-error.ts";

/** Something that takes statements: a pool's connection, or the pool itself for what needs no transaction. */
export type Session = Pick<Connection, "query">;

/** A row as text, column by column. */
export type TextRow = Readonly<Record<string, string | null>>;

/** What kind of server it is; asked once. */
export type Server = {
  readonly isMariaDb: boolean;
  readonly version: string;
  /** [10, 11, 6] */
  readonly numbers: readonly number[];
};

/** How long a statement waits for a row that another session holds. */
const lockWaitSeconds = 2;
/** Longer than the server takes to give anything up: a line that died silently. */
const queryMsMax = 90_000;

/**
 * Every session speaks alike: times in UTC, values that don't fit are refused instead of cut off, rows that others hold are waited for briefly.
 * Reads are of one moment (REPEATABLE READ); a write asks for READ COMMITTED itself.
 */
const settings = [
  "set names utf8mb4",
  "set session time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'",
  `set session innodb_lock_wait_timeout = ${lockWaitSeconds}, lock_wait_timeout = 5, autocommit = 1, sql_safe_updates = 0, sql_auto_is_null = 0`,
  "set session transaction isolation level repeatable read",
].join("; ");

export type Address = {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly ssl?: { readonly rejectUnauthorized: boolean; readonly verifyIdentity: boolean };
};

/** mysql://user:password@host:3306/database?ssl-mode=REQUIRED. Throws in words where a part is missing. */
export function parseAddress(url: string): Address {
  const { protocol, hostname, port, username, password, pathname, searchParams } = parsed(url);
  if (!["mysql:", "mariadb:"].includes(protocol)) throw wrong("the address begins with mysql://");
  const database = decodeURIComponent(pathname.slice(1));
  if (database === "") throw wrong("the address names no database: mysql://user:password@host:3306/database");
  const mode = (searchParams.get("ssl-mode") ?? searchParams.get("sslmode") ?? "DISABLED").toUpperCase();
  const ssl = sslModes[mode.replace("-", "_")];
  if (ssl === undefined) throw wrong(`ssl-mode=${mode} is none of ${Object.keys(sslModes).join(", ")}`);
  return {
    host: hostname.replace(/^\[|\]$/gu, ""),
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database,
    ...(ssl === null ? {} : { ssl }),
  };
}

const sslModes: Readonly<Record<string, Address["ssl"] | null>> = {
  DISABLED: null,
  REQUIRED: { rejectUnauthorized: false, verifyIdentity: false },
  VERIFY_CA: { rejectUnauthorized: true, verifyIdentity: false },
  VERIFY_IDENTITY: { rejectUnauthorized: true, verifyIdentity: true },
};

function parsed(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw wrong("the address is no URL: mysql://user:password@host:3306/database");
  }
}

function wrong(message: string): SyncFailure {
  return new SyncFailure({ code: "SCHEMA", message });
}

export function openPool(address: Address): Pool {
  const pool = mysql.createPool({
    ...address,
    connectionLimit: 6,
    maxIdle: 2,
    connectTimeout: 10_000,
    enableKeepAlive: true,
    multipleStatements: true,
    charset: "utf8mb4",
    supportBigNumbers: true,
    bigNumberStrings: true,
    typeCast: (field: TypeCastField) => field.string(),
  });
  // Asked before anything else on that connection. One that can't be set up is of no use.
  pool.on("connection", (connection) => {
    connection.on("error", () => undefined);
    connection.query(settings, (error: QueryError | null) => {
      if (error !== null) connection.destroy();
    });
  });
  return pool;
}

/** Sends statements in one round trip and gives the rows of each; of one that has none, an empty list. */
export async function rowsOf(session: Session, ...statements: readonly string[]): Promise<TextRow[][]> {
  return new Promise((resolve, reject) => {
    const sql = statements.join("; ");
    const query = session.query({ sql, timeout: queryMsMax }, (error: QueryError | null, results: unknown) => {
      forgetTimer(query);
      if (error !== null) return reject(error);
      const each = statements.length === 1 ? [results] : (results as readonly unknown[]);
      resolve(each.map((rows) => (Array.isArray(rows) ? (rows as TextRow[]) : [])));
    });
  });
}

/** What a statement that changes rows came to. */
export type Changed = { readonly matched: number; readonly madeId: string };

/**
 * Sends statements that change rows in one round trip. The server goes through them in order and stops at the first that fails: `done` are those
 * before it, and `error` what was said to it, or that the line is lost.
 */
export async function runAll(
  session: Pick<Connection, "query" | "on" | "off">,
  statements: readonly string[],
): Promise<{ readonly done: Changed[]; readonly error: unknown }> {
  return new Promise((resolve) => {
    const done: Changed[] = [];
    let sent: object = {};
    const end = (error: unknown) => {
      forgetTimer(sent);
      session.off("error", end);
      resolve({ done, error });
    };
    // Of a line that is lost, at once where it is lost already, the driver tells the session alone, and nothing to the statement on it.
    session.on("error", end);
    const query = session.query({ sql: statements.join("; "), timeout: queryMsMax });
    sent = query;
    query.on("result", (result) => {
      // Matched rows, also those that held the new value already (FOUND_ROWS).
      const { affectedRows, insertId } = result as unknown as ResultSetHeader;
      done.push({ matched: affectedRows, madeId: String(insertId) });
    });
    query.on("error", end);
    query.on("end", () => end(null));
  });
}

/** A driver's statement on its way. The driver keeps its timer when the line breaks: until it is over, no process with it would end. */
function forgetTimer(query: object): void {
  if ("queryTimeout" in query) clearTimeout(query.queryTimeout as NodeJS.Timeout | undefined);
}

/** A text in a form that no setting of the server reads otherwise, and nothing in it can end. */
export function textLiteral(text: string): string {
  return text === "" ? "''" : `_utf8mb4 X'${Buffer.from(text, "utf8").toString("hex")}'`;
}

export async function readServer(session: Session): Promise<Server> {
  const [[row] = []] = await rowsOf(session, "select version() as version");
  const version = row?.["version"] ?? "";
  const numbers = (/^[\d.]+/u.exec(version)?.[0] ?? "").split(".").map(Number);
  return { isMariaDb: /mariadb/iu.test(version), version, numbers };
}

export function isAtLeast(server: Server, ...wanted: readonly number[]): boolean {
  for (const [i, number] of wanted.entries()) {
    const own = server.numbers[i] ?? 0;
    if (own !== number) return own > number;
  }
  return true;
}
