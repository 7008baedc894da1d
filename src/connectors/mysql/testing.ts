import mysql, { type RowDataPacket } from "mysql2/promise";
import { machineClock } from "../../clock/machine.ts";
import type { FieldType } from "../../model/field-type.ts";
import type { RawObservation } from "../../model/observation.ts";
import type { RawValue } from "../../model/value.ts";
import type { Connector, MappedCell, MappedObject, WriteRequest } from "../../ports/connector.ts";
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

export function update(id: string, base: Cells, patch: Cells): WriteRequest {
  return { kind: "update", attemptId: `update ${id}`, id, base, patch, revision: null };
}

export function create(key: string, patch: Cells, identity: readonly string[] = []): WriteRequest {
  return { kind: "create", attemptId: `create ${key}`, key, patch, identity, lookFirst: false };
}

export type Pulled = { readonly seen: RawObservation[]; readonly lost: string[]; readonly cursor: string };

/** Pulls until `isDone` of all that came so far. */
export async function pullUntil(
  connector: Connector,
  objects: readonly MappedObject[],
  from: string,
  isDone: (pulled: Pulled) => boolean,
): Promise<Pulled> {
  let pulled: Pulled = { seen: [], lost: [], cursor: from };
  const { signal } = new AbortController();
  while (!isDone(pulled)) {
    const batch = await connector.feed!.pull({ objects, cursor: pulled.cursor, waitMs: 200, signal });
    pulled = {
      seen: [...pulled.seen, ...batch.observations],
      lost: [...pulled.lost, ...batch.lost],
      cursor: batch.cursor,
    };
  }
  return pulled;
}
