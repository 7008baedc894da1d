import pg from "pg";
import { machineClock } from "../../clock/machine.ts";
import type { FieldType } from "../../model/field-type.ts";
import type { RawObservation } from "../../model/observation.ts";
import type { RawValue } from "../../model/value.ts";
import type { Connector, MappedCell, MappedObject, WriteRequest } from "../../ports/connector.ts";
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
