import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { SyncFailure } from "../../model/sync-error.ts";
import { toStored } from "../../ports/store-text.ts";

export type Value = null | number | string;

/** The embedded database with its statements, each prepared once. Texts are stored by `toStored`. */
export type Database = {
  readonly file: string;
  /** Several statements without values. */
  exec(sql: string): void;
  /** Runs a statement for its effect; returns the number of rows it changed. */
  run(sql: string, ...values: Value[]): number;
  get<Row>(sql: string, ...values: Value[]): Row | undefined;
  /** The first column of the first row: the quickest way to look something up. */
  value<T>(sql: string, ...values: Value[]): T | undefined;
  /** The first column of all rows. */
  values<T>(sql: string, ...values: Value[]): T[];
  all<Row>(sql: string, ...values: Value[]): Row[];
  /** Rows one by one, for a reader that may stop early. */
  rows<Row>(sql: string, ...values: Value[]): Iterable<Row>;
  /** The key of the last row that was inserted. */
  lastKey(): number;
  /** One durable transaction; what throws is rolled back. A full disk rejects with UNREACHABLE: nothing was done. */
  transaction<T>(work: () => T): T;
  close(): void;
};

/** How long another process may take to let the file go. */
const lockWaitMs = 1_000;
/** The write-ahead log is folded into the file each time it has grown by so much: 32 MiB of 4 KiB pages. */
const checkpointPages = 8_192;
const logBytesMax = 64 * 1024 * 1024;
const cacheKiB = 64 * 1024;

/**
 * Opens the file, alone: SQLite's own exclusive lock is held until the process ends, however it ends. Rejects, naming the process that
 * holds it, when another one does.
 */
export async function openDatabase(file: string): Promise<Database> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const db = await openAlone(file);
  const prepare = statementsOf(db, false);
  const prepareForArrays = statementsOf(db, true);
  let lastKey = 0;
  return {
    file,
    exec: (sql) => db.exec(sql),
    run(sql, ...values) {
      const { changes, lastInsertRowid } = prepare(sql).run(...stored(values));
      lastKey = Number(lastInsertRowid);
      return Number(changes);
    },
    get: <Row>(sql: string, ...values: Value[]) => prepare(sql).get(...stored(values)) as Row | undefined,
    value<T>(sql: string, ...values: Value[]) {
      const row = prepareForArrays(sql).get(...stored(values)) as readonly T[] | undefined;
      return row?.[0];
    },
    values<T>(sql: string, ...values: Value[]) {
      const rows = prepareForArrays(sql).all(...stored(values)) as unknown as readonly (readonly T[])[];
      return rows.map((row) => row[0] as T);
    },
    all: <Row>(sql: string, ...values: Value[]) => prepare(sql).all(...stored(values)) as Row[],
    rows: <Row>(sql: string, ...values: Value[]) => prepare(sql).iterate(...stored(values)) as Iterable<Row>,
    lastKey: () => lastKey,
    transaction: (work) => transaction(db, work),
    close() {
      if (!db.isOpen) return;
      db.close();
      rmSync(ownerFile(file), { force: true });
    },
  };
}

/** Prepares each statement once. */
function statementsOf(db: DatabaseSync, asArrays: boolean): (sql: string) => StatementSync {
  const statements = new Map<string, StatementSync>();
  return (sql) => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = db.prepare(sql);
    statement.setReturnArrays(asArrays);
    statements.set(sql, statement);
    return statement;
  };
}

/** In place: these run some twenty times an event. */
function stored(values: Value[]): Value[] {
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === "string") values[i] = toStored(value);
  }
  return values;
}

function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec("begin immediate");
  try {
    const result = work();
    db.exec("commit");
    return result;
  } catch (error) {
    if (db.isTransaction) db.exec("rollback");
    throw isDiskFull(error)
      ? new SyncFailure({ code: "UNREACHABLE", message: "The disk of the store is full." })
      : error;
  }
}

const sqliteBusy = 5;
const sqliteFull = 13;
const codeOf = (error: unknown) => (error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : 0);
const isDiskFull = (error: unknown) => codeOf(error) === sqliteFull;

async function openAlone(file: string): Promise<DatabaseSync> {
  const { DatabaseSync } = await withoutExperimentalWarning(() => import("node:sqlite"));
  // What is in it is for its owner alone; SQLite gives its log the same mode.
  closeSync(openSync(file, "a", 0o600));
  const db = new DatabaseSync(file, { timeout: lockWaitMs });
  try {
    // The lock is taken by the first write, not by opening.
    db.exec("pragma locking_mode = exclusive; pragma journal_mode = wal; begin immediate; commit;");
    db.exec(`pragma synchronous = full; pragma secure_delete = fast; pragma temp_store = memory; pragma cache_size = -${cacheKiB};
      pragma wal_autocheckpoint = ${checkpointPages}; pragma journal_size_limit = ${logBytesMax};`);
  } catch (error) {
    db.close();
    throw codeOf(error) === sqliteBusy ? new Error(inUse(file)) : error;
  }
  writeFileSync(ownerFile(file), `${process.pid}\n`);
  return db;
}

/** Says which process holds the lock; only read when the lock is taken, so one that was left behind does no harm. */
function ownerFile(file: string): string {
  return `${file}.pid`;
}

function inUse(file: string): string {
  let owner = "another process";
  try {
    owner = `process ${readFileSync(ownerFile(file), "utf8").trim()}`;
  } catch {
    // It may be starting, or be no Truce.
  }
  return `${file} is in use by ${owner}. Stop it first; with PostgreSQL as the store (TRUCE_DATABASE_URL) several can run.`;
}

/** Some versions of Node print at each start that their SQLite is experimental: news to us, not to users. All else is passed on. */
async function withoutExperimentalWarning<T>(load: () => Promise<T>): Promise<T> {
  const emit = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] === "ExperimentalWarning" && String(warning).includes("SQLite")) return;
    (emit as (...args: unknown[]) => void).call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    return await load();
  } finally {
    process.emitWarning = emit;
  }
}
