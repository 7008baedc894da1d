import pg from "pg";
import type { FieldType } from "../../model/field-type.ts";
import { type SyncError, SyncFailure } from "../../model/sync-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type {
  Connector,
  MappedCell,
  MappedObject,
  ObjectSchema,
  ReadResult,
  SchemaProblem,
  WriteResult,
} from "../../ports/connector.ts";
import { type Column, fieldTypeOf, qualified, readTables, type Table } from "./catalog.ts";
import { failureOf } from "./errors.ts";
import { createFeed } from "./feed.ts";
import { afterId, readRows, withIds } from "./read.ts";
import type { MappedTable } from "./rows.ts";
import { preparePublication, prepareSchema } from "./setup.ts";
import { encode } from "./value.ts";
import { writeBatch } from "./write.ts";

export type PostgresOptions = {
  readonly system: string;
  readonly url: string;
  /** Objects that will be used; the feed publishes these tables. */
  readonly objects: readonly MappedObject[];
  readonly clock: Clock;
};

const scanPageRows = 1_000;
const writeBatchMax = 500;

/** Connects to a PostgreSQL database: changes by logical replication, guarded writes. */
export function createPostgresConnector({ system, url, objects, clock }: PostgresOptions): Connector {
  const pool = new pg.Pool({
    connectionString: url,
    max: 6,
    application_name: "truce",
    connectionTimeoutMillis: 10_000,
    statement_timeout: 60_000,
    options: "-c timezone=UTC -c datestyle=ISO -c intervalstyle=iso_8601 -c extra_float_digits=3",
  });
  // A connection that breaks while idle is replaced at its next use.
  pool.on("error", () => undefined);
  const slug = system.replaceAll(/[^a-z0-9_]/giu, "_").toLowerCase();
  const tables = new Map<string, MappedTable>();
  let prepared = false;

  const mappedTable = async (object: MappedObject): Promise<MappedTable> => {
    const known = tables.get(object.object);
    if (known !== undefined) return known;
    if (!prepared) {
      await prepareSchema(pool);
      prepared = true;
    }
    const table = (await readTables(pool, [qualified(object.object)])).get(qualified(object.object));
    if (table === undefined)
      throw schemaFailure(`there is no table ${qualified(object.object)}, or this user may not see it`);
    if (table.key.length === 0)
      throw schemaFailure(`table ${qualified(object.object)} has no primary key; Truce names rows by it`);
    const columns = object.cells.map(({ cell }) => {
      const column = table.columns.find((one) => one.name === cell);
      if (column === undefined) throw schemaFailure(`table ${qualified(object.object)} has no column ${cell}`);
      return column;
    });
    const mapped = { system, object, table, columns };
    tables.set(object.object, mapped);
    return mapped;
  };
  const feed = createFeed({
    pool,
    url,
    slot: `truce_${slug}`,
    publication: `truce_${slug}`,
    clock,
    mappedTables: () => Promise.all(objects.map(mappedTable)),
  });
  /** A mapped column may have gone since it was looked up: then it is looked up anew next time. */
  const calling = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      const failure = failureOf(error);
      if (failure.error.code === "SCHEMA") tables.clear();
      throw failure;
    }
  };

  return {
    system,
    label: "PostgreSQL",
    guarantees: { conditionalWrite: true, uniqueCreate: true, history: false, deleteEvents: true },
    writeBatchMax,
    feed,
    describe: (named) =>
      calling(async () => {
        const found = await readTables(pool, named === undefined ? null : named.map(qualified));
        return [...found].map(
          ([object, table]): ObjectSchema => ({ object, label: table.name, cells: table.columns.map(cellSchema) }),
        );
      }),
    check: (mapped, { prepare }) => calling(() => check(pool, mapped, prepare, `truce_${slug}`)),
    encode: (object, cell, value) =>
      encode(
        tables.get(object)?.columns.find((column) => column.name === cell.cell),
        cell.type,
        value,
      ),
    read: (object, ids) =>
      calling(async () => {
        if (ids.length === 0) return [];
        const mapped = await mappedTable(object);
        // A row that the stream has just changed is left out of an ordered read; it is read once more, plainly.
        const { observations } = await readRows(pool, mapped, null, clock, withIds(mapped, ids));
        const byId = new Map(observations.map((one) => [one.ref.id, one]));
        return ids.map((id): ReadResult => {
          const observation = byId.get(id);
          return observation === undefined ? { id, kind: "missing" } : { id, kind: "found", observation };
        });
      }),
    scan: (object, cursor) =>
      calling(async () => {
        const mapped = await mappedTable(object);
        const { observations, lastId, count } = await readRows(
          pool,
          mapped,
          feed,
          clock,
          afterId(mapped, cursor, scanPageRows),
        );
        return {
          observations,
          cursor: count < scanPageRows ? null : lastId,
          total: Math.max(mapped.table.estimate, count) || null,
        };
      }),
    write: async (object, requests): Promise<readonly WriteResult[]> => {
      if (requests.length === 0) return [];
      const mapped = await calling(() => mappedTable(object));
      return calling(() => writeBatch(pool, mapped, requests, () => clock.now()));
    },
    async close() {
      await feed.close();
      await pool.end();
    },
  };
}

function schemaFailure(message: string): SyncFailure {
  return new SyncFailure({ code: "SCHEMA", message } satisfies SyncError);
}

function cellSchema(column: Column) {
  return {
    cell: column.name,
    label: column.name,
    nativeType: column.type,
    type: fieldTypeOf(column),
    readOnly: column.readOnly,
    unique: column.unique,
  };
}

async function check(
  pool: pg.Pool,
  objects: readonly MappedObject[],
  prepare: boolean,
  publication: string,
): Promise<SchemaProblem[]> {
  const found = await readTables(
    pool,
    objects.map((one) => qualified(one.object)),
  );
  const problems = objects.flatMap((object) => checkObject(object, found.get(qualified(object.object))));
  const { rows } = await pool.query<{ level: string; version: number; may: boolean }>(
    "select current_setting('wal_level') as level, current_setting('server_version_num')::int as version, (select rolreplication or rolsuper from pg_roles where rolname = current_user) as may",
  );
  const server = rows[0];
  const add = (message: string) => problems.push({ object: "", cell: null, severity: "error", message });
  if (server?.level !== "logical")
    add(
      `wal_level is ${server?.level}; set it to logical (ALTER SYSTEM SET wal_level = logical) and restart PostgreSQL`,
    );
  if (server?.may === false) add("this user may not replicate: ALTER ROLE … REPLICATION");
  if (prepare && problems.every((problem) => problem.severity !== "error")) {
    await prepareSchema(pool);
    await preparePublication(pool, publication, [...found.values()]);
  }
  return problems;
}

function checkObject(object: MappedObject, table: Table | undefined): SchemaProblem[] {
  const problem = (cell: string | null, severity: SchemaProblem["severity"], message: string): SchemaProblem => ({
    object: object.object,
    cell,
    severity,
    message,
  });
  if (table === undefined) return [problem(null, "error", "there is no such table, or this user may not see it")];
  const problems: SchemaProblem[] = [];
  if (table.key.length === 0)
    problems.push(problem(null, "error", "the table has no primary key: add one; Truce names rows by it"));
  for (const mapped of object.cells)
    problems.push(...checkCell(mapped, table).map(([severity, message]) => problem(mapped.cell, severity, message)));
  if (object.create) {
    const given = new Set(object.cells.filter((one) => one.direction !== "read").map((one) => one.cell));
    for (const column of table.columns) {
      if (!column.notNull || column.hasDefault || column.readOnly || given.has(column.name)) continue;
      problems.push(
        problem(
          column.name,
          "error",
          "the column must not be null, has no default and is not mapped, so no row can be created: map it, give it a default, or set create: false",
        ),
      );
    }
  }
  return problems;
}

function checkCell({ cell, direction, type }: MappedCell, table: Table): [SchemaProblem["severity"], string][] {
  const column = table.columns.find((one) => one.name === cell);
  if (column === undefined)
    return [["error", `the table has no such column; it has ${table.columns.map((one) => one.name).join(", ")}`]];
  const found: [SchemaProblem["severity"], string][] = [];
  if (column.readOnly && direction !== "read")
    found.push(["error", "the column is generated and can't be written: set direction: read"]);
  if (!fits(type, column)) found.push(["error", `the column is ${column.type}, which does not hold a ${type.kind}`]);
  return found;
}

const numbers = new Set(["int2", "int4", "int8", "float4", "float8", "numeric"]);
const texts = new Set(["text", "varchar", "bpchar", "citext", "name", "uuid"]);

function fits(type: FieldType, column: Column): boolean {
  const { base } = column;
  if (texts.has(base) && base !== "uuid") return true;
  switch (type.kind) {
    case "number":
    case "money":
      return numbers.has(base);
    case "boolean":
      return base === "bool";
    case "date":
      return base === "date" || base.startsWith("timestamp");
    case "datetime":
      return base.startsWith("timestamp");
    case "choice":
      return base === "enum" || numbers.has(base);
    case "set":
      return base.startsWith("_") || base.startsWith("json");
    case "text":
    case "reference":
      return base === "uuid" || numbers.has(base) || base === "enum" || base.startsWith("json");
    default:
      return false;
  }
}
