import mysql, { type RowDataPacket } from "mysql2/promise";
import { machineClock } from "../../clock/machine.ts";
import type { FieldType } from "../../model/field-type.ts";
import type { RawValue } from "../../model/value.ts";
import type { Connector, MappedCell, MappedObject } from "../../ports/connector.ts";
import { createMysqlConnector, type MysqlOptions } from "./connector.ts";

export function cell(name: string, type: FieldType = { kind: "text" }, rest: Partial<MappedCell> = {}): MappedCell {
  return { cell: name, field: name, type, direction: "both", ...rest };
}

export function mapped(object: string, ...cells: readonly MappedCell[]): MappedObject {
  return { object, create: true, cells };
}

export function connectTo(url: string, objects: readonly MappedObject[], rest: Partial<MysqlOptions> = {}): Connector {
  return createMysqlConnector({ system: "db", url, objects, clock: machineClock, pollMs: 20, ...rest });
}

/** Runs statements as a user of the database, in one session. */
export async function run(url: string, ...statements: readonly string[]): Promise<void> {
  await withConnection(url, async (connection) => {
    for (const statement of statements) await connection.query(statement);
  });
}

export async function query(url: string, sql: string, values: unknown[] = []): Promise<Record<string, RawValue>[]> {
  return withConnection(url, async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>(sql, values);
    return rows as Record<string, RawValue>[];
  });
}

/** As `query`, for a statement that inserts a row with a counted key. */
export async function insert(url: string, table: string, cells: Cells): Promise<string> {
  return withConnection(url, async (connection) => {
    const [done] = await connection.query<mysql.ResultSetHeader>(`insert into ${table} set ?`, [cells]);
    return String(done.insertId);
  });
}

async function withConnection<Result>(
  url: string,
  work: (connection: mysql.Connection) => Promise<Result>,
): Promise<Result> {
  const connection = await mysql.createConnection({ uri: url, dateStrings: true, timezone: "Z", charset: "utf8mb4" });
  try {
    return await work(connection);
  } finally {
    await connection.end();
  }
}

type Cells = Readonly<Record<string, RawValue>>;
