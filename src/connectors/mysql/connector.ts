import type { Pool } from "mysql2";
import type { RecordId } from "../../model/record.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Connector, MappedObject, ObjectSchema, ReadResult, WriteResult } from "../../ports/connector.ts";
import { createBinlogFeed } from "./binlog-feed.ts";
import { type Capture, type CaptureFeed, type Choice, chooseCapture } from "./capture.ts";
import { type Column, fieldTypeOf, qualified, readTables } from "./catalog.ts";
import { captureProblems, logProblems, tableProblems } from "./check.ts";
import { failureOf } from "./errors.ts";
import { createPollFeed } from "./poll-feed.ts";
import { afterId, readRows, withIds } from "./read.ts";
import { openPool, parseAddress, readServer, type Server } from "./session.ts";
import { prepareKeys } from "./setup.ts";
import { createTables } from "./tables.ts";
import { encode } from "./value.ts";
import { writeBatch } from "./write.ts";

export type MysqlOptions = {
  readonly system: string;
  readonly url: string;
  /** Objects that will be used; the feed follows these tables. */
  readonly objects: readonly MappedObject[];
  readonly clock: Clock;
  /** How changes are learned. "auto", the default: the binary log, where the server and the user's rights allow it. */
  readonly capture?: Capture | "auto";
  /** How often the tables are read again where there is no log to read. Default: 15 s. */
  readonly pollMs?: number;
};

const scanPageRows = 1_000;
const writeBatchMax = 500;
const pollMsDefault = 15_000;

/** Connects to a MySQL or MariaDB database: changes by the binary log or polling, guarded writes. See docs/connectors/mysql.md. */
export function createMysqlConnector(options: MysqlOptions): Connector {
  const { system, objects, clock, capture = "auto" } = options;
  const address = parseAddress(options.url);
  const { database } = address;
  const pool = openPool(address);
  let asked: Promise<Server> | null = null;
  const server = (): Promise<Server> => {
    asked ??= readServer(pool).catch((error: unknown) => {
      asked = null;
      throw error;
    });
    return asked;
  };
  const tables = createTables({ session: pool, server, system, database, clock });
  const mappedTables = () => tables.present(objects);
  const alteredTables = () => {
    tables.forget();
    return tables.present(objects);
  };
  let known: Choice | null = null;
  let opened: Promise<CaptureFeed> | null = null;
  /** Which way it is is settled at its first use; a server that can't be reached then is asked again. */
  const captureFeed = (): Promise<CaptureFeed> => {
    opened ??= open().catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  };
  const open = async (): Promise<CaptureFeed> => {
    const used = (await mappedTables()).map((mapped) => mapped.table);
    known = await chooseCapture(pool, await server(), capture, used);
    if (known.capture === "poll")
      return createPollFeed({ pool, clock, database, mappedTables, intervalMs: options.pollMs ?? pollMsDefault });
    return createBinlogFeed({ pool, address, server: await server(), clock, mappedTables, alteredTables });
  };
  /** A table may have been altered since it was looked up: it is looked up anew, and the call made once more. */
  const calling = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      const failure = failureOf(error);
      if (failure.error.code !== "SCHEMA") throw failure;
      tables.forget();
      return work().catch((again: unknown) => {
        throw failureOf(again);
      });
    }
  };

  return {
    system,
    label: "MySQL",
    guarantees: {
      conditionalWrite: true,
      uniqueCreate: true,
      history: false,
      get deleteEvents() {
        return (known?.capture ?? capture) !== "poll";
      },
    },
    writeBatchMax,
    // Also where rows are asked for, the asking is done here: what the way is may be known later than the connector is made.
    feed: {
      kind: "stream",
      intervalMs: 0,
      start: (mapped) => calling(async () => (await captureFeed()).start(mapped)),
      pull: (request) => calling(async () => (await captureFeed()).pull(request)),
    },
    describe: (named) =>
      calling(async () => {
        const wanted = named?.map((object) => qualified(object, database)) ?? null;
        const found = await readTables(pool, await server(), wanted);
        return [...found].map(([path, table]): ObjectSchema => {
          const object = table.schema === database ? table.name : path;
          return { object, label: table.name, cells: table.columns.map(cellSchema) };
        });
      }),
    check: (mapped, { prepare }) =>
      calling(async () => {
        tables.forget();
        const kind = await server();
        const wanted = mapped.map((one) => qualified(one.object, database));
        const found = await readTables(pool, kind, wanted);
        const problems = await tableProblems(pool, kind, database, mapped, found);
        if (problems.some((problem) => problem.severity === "error")) return problems;
        const choice = await chooseCapture(pool, kind, capture, [...found.values()]);
        known ??= choice;
        problems.push(...captureProblems(choice, capture));
        if (choice.capture === "binlog") problems.push(...logProblems(mapped, found, database));
        if (prepare && mapped.some((one) => one.create)) await prepareKeys(pool, database);
        return problems;
      }),
    encode: (object, cell, value) => encode(tables.columnOf(object, cell.cell), cell.type, value),
    read: (object, ids) =>
      calling(async () => {
        if (ids.length === 0) return [];
        const mapped = await tables.of(object);
        const condition = withIds(mapped, ids);
        const order = (await captureFeed()).order();
        const observations =
          condition === null ? [] : (await readRows(pool, mapped, order, clock, database, condition)).observations;
        const byId = new Map<RecordId, (typeof observations)[number]>(observations.map((one) => [one.ref.id, one]));
        return ids.map((id): ReadResult => {
          const observation = byId.get(id);
          return observation === undefined ? { id, kind: "missing" } : { id, kind: "found", observation };
        });
      }),
    scan: (object, cursor) =>
      calling(async () => {
        const mapped = await tables.of(object);
        const order = (await captureFeed()).order();
        const page = afterId(mapped, cursor, scanPageRows);
        const { observations, lastId, count } = await readRows(pool, mapped, order, clock, database, page);
        return {
          observations,
          cursor: count < scanPageRows ? null : lastId,
          total: Math.max(mapped.table.estimate, count) || null,
        };
      }),
    write: async (object, requests): Promise<readonly WriteResult[]> => {
      if (requests.length === 0) return [];
      return calling(async () => {
        const mapped = await tables.of(object);
        const order = (await captureFeed()).stamp();
        return writeBatch(pool, mapped, requests, { now: () => clock.now(), database, server: await server(), order });
      });
    },
    async close() {
      await (await opened?.catch(() => null))?.close();
      await ended(pool);
    },
  };
}

function ended(pool: Pool): Promise<void> {
  // One that was closed before says so.
  return new Promise((resolve) => pool.end(() => resolve()));
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
