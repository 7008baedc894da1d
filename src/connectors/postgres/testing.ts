import pg from "pg";
import { machineClock } from "../../clock/machine.ts";
import type { FieldType } from "../../model/field-type.ts";
import type { Connector, MappedCell, MappedObject } from "../../ports/connector.ts";
import { createPostgresConnector, type PostgresOptions } from "./connector.ts";

export function cell(name: string, type: FieldType = { kind: "text" }, rest: Partial<MappedCell> = {}): MappedCell {
  return { cell: name, field: name, type, direction: "both", ...rest };
}

export function mapped(object: string, ...cells: readonly MappedCell[]): MappedObject {
  return { object, create: true, cells };
}

export function connectTo(
  url: string,
  objects: readonly MappedObject[],
  rest: Partial<PostgresOptions> = {},
): Connector {
  return createPostgresConnector({ system: "db", url, objects, clock: machineClock, pollMs: 20, ...rest });
}

/** Runs statements as a user of the database. */
export async function run(url: string, ...statements: readonly string[]): Promise<void> {
  await withClient(url, async (client) => {
    for (const statement of statements) await client.query(statement);
  });
}

export async function query<Row extends pg.QueryResultRow>(
  url: string,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  return withClient(url, async (client) => (await client.query<Row>(sql, values)).rows);
}

async function withClient<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
