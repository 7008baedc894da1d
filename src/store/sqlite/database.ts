import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { migrations } from "./schema.ts";

/** The embedded database with its statements, each prepared once. */
export type Database = {
  /** Runs a statement for its effect; returns the number of rows it changed. */
  run(sql: string, ...values: Value[]): number;
  get<Row>(sql: string, ...values: Value[]): Row | undefined;
  all<Row>(sql: string, ...values: Value[]): Row[];
  /** One durable transaction; what throws is rolled back. */
  transaction<T>(work: () => T): T;
  migrate(): void;
  close(): void;
};

export type Value = null | number | string;

/**
 * Opens the file, alone: SQLite's own exclusive lock is held until the process ends, however it ends. Rejects in words when another process
 * holds it, or when a newer Truce made it.
 */
export async function openDatabase(file: string): Promise<Database> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const db = await openFile(file);
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    const statement = statements.get(sql) ?? db.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  const transaction = <T>(work: () => T): T => {
    prepare("begin immediate").run();
    try {
      const result = work();
      prepare("commit").run();
      return result;
    } catch (error) {
      if (db.isTransaction) prepare("rollback").run();
      throw error;
    }
  };
  return {
    run: (sql, ...values) => Number(prepare(sql).run(...values).changes),
    get: <Row>(sql: string, ...values: Value[]) => prepare(sql).get(...values) as Row | undefined,
    all: <Row>(sql: string, ...values: Value[]) => prepare(sql).all(...values) as Row[],
    transaction,
    migrate: () => migrate(db, file),
    close: () => db.close(),
  };
}

async function openFile(file: string): Promise<DatabaseSync> {
  const { DatabaseSync } = await withoutExperimentalWarning(() => import("node:sqlite"));
  const db = new DatabaseSync(file);
  try {
    db.exec(
      "pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full; pragma temp_store = memory; pragma cache_size = -32000;",
    );
    // The lock is taken by the first write, not by opening.
    db.exec("begin immediate; commit;");
  } catch (error) {
    db.close();
    if (error instanceof Error && /locked|busy/iu.test(error.message)) {
      throw new Error(
        `${file} is in use by another truce process. Stop it first, or use PostgreSQL (TRUCE_DATABASE_URL) to run several.`,
      );
    }
    throw error;
  }
  return db;
}

/** Node marks its SQLite as experimental in some versions and says so at each start; that line is for us, not for users. */
async function withoutExperimentalWarning<T>(load: () => Promise<T>): Promise<T> {
  const emit = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (String(warning).includes("SQLite")) return;
    (emit as (...args: unknown[]) => void).call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    return await load();
  } finally {
    process.emitWarning = emit;
  }
}

function migrate(db: DatabaseSync, file: string): void {
  const present = Number((db.prepare("pragma user_version").get() as { user_version: number }).user_version);
  if (present > migrations.length) {
    throw new Error(
      `${file} was made by a newer Truce (store version ${present}, this one knows ${migrations.length}). Install that version or newer.`,
    );
  }
  for (let version = present; version < migrations.length; version++) {
    db.exec(`begin immediate; ${migrations[version]}; pragma user_version = ${version + 1}; commit;`);
  }
}
