import pg from "pg";
import type { RawUpsert } from "../../model/observation.ts";
import type { RecordId } from "../../model/record.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Connector, MappedObject, ObjectSchema, ReadResult, WriteResult } from "../../ports/connector.ts";
import { type Capture, type CaptureFeed, type Choice, chooseCapture } from "./capture.ts";
import { type Column, fieldTypeOf, qualified, readTables } from "./catalog.ts";
import { captureProblems, tableProblems } from "./check.ts";
import { failureOf, isRowError } from "./errors.ts";
import { newOwnWrites } from "./own-writes.ts";
import { createPollFeed } from "./poll-feed.ts";
import { afterId, readRows, withIds } from "./read.ts";
import { createReplicationFeed } from "./replication-feed.ts";
import type { MappedTable } from "./rows.ts";
import { sessionOptions } from "./session.ts";
import { preparePublication, prepareSchema } from "./setup.ts";
import { createTables } from "./tables.ts";
import { createTriggerFeed, triggerName } from "./trigger-feed.ts";
import { uninstall } from "./uninstall.ts";
import { encode } from "./value.ts";
import { writeBatch } from "./write.ts";

export type PostgresOptions = {
  readonly system: string;
  readonly url: string;
  /** Objects that will be used; the feed publishes these tables. */
  readonly objects: readonly MappedObject[];
  readonly clock: Clock;
  /** How changes are learned. "auto", the default: the best that the database and the user's rights allow. */
  readonly capture?: Capture | "auto";
  /** How often is looked, where changes are not streamed: 1 s for what triggers noted, else 15 s. */
  readonly pollMs?: number;
};

const scanPageRows = 1_000;
const writeBatchMax = 2_000;

const triggerPollMsDefault = 1_000;
const pollMsDefault = 15_000;

type PostgresConnector = Connector & {
  /** Takes away what the feed made in the database, for a system that goes out of use. The feed is closed by it. */
  uninstall(): Promise<void>;
};

/** Connects to a PostgreSQL database: changes by logical replication, triggers or polling, guarded writes. See docs/connectors/postgres.md. */
export function createPostgresConnector(options: PostgresOptions): PostgresConnector {
  const { system, url, objects, clock, capture = "auto" } = options;
  const pool = new pg.Pool({
    connectionString: url,
    max: 6,
    application_name: "truce",
    connectionTimeoutMillis: 10_000,
    statement_timeout: 60_000,
    // Longer than the server takes to give a statement up: a line that died silently.
    query_timeout: 90_000,
    keepAlive: true,
    options: sessionOptions,
  });
  // A connection that breaks while idle is replaced at its next use; one that breaks in use fails the call that uses it.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  const slug = system.replaceAll(/[^a-z0-9_]/giu, "_").toLowerCase();
  const tables = createTables(pool, system, clock);
  const name = `truce_${slug}`;
  const names = { slot: name, publication: name, trigger: triggerName(slug), slug };
  const mappedTables = () => tables.present(objects);
  const alteredTables = () => {
    tables.forget();
    return tables.present(objects);
  };
  const own = newOwnWrites();
  let known: Choice | null = null;
  const choose = async (): Promise<Choice> => {
    const used = (await mappedTables()).map((mapped) => mapped.table);
    known = await chooseCapture(pool, capture, names, used);
    return known;
  };
  let opened: Promise<CaptureFeed> | null = null;
  /** Which way it is is settled at its first use; a database that can't be reached then is asked again. */
  const captureFeed = (): Promise<CaptureFeed> => {
    opened ??= choose()
      .then(({ capture: way }): CaptureFeed => {
        if (way === "replication")
          return createReplicationFeed({
            pool,
            url,
            slot: name,
            publication: name,
            clock,
            own,
            mappedTables,
            alteredTables,
          });
        const shared = { pool, clock, mappedTables };
        return way === "triggers"
          ? createTriggerFeed({ ...shared, slug, intervalMs: options.pollMs ?? triggerPollMsDefault })
          : createPollFeed({ ...shared, intervalMs: options.pollMs ?? pollMsDefault });
      })
      .catch((error: unknown) => {
        opened = null;
        throw error;
      });
    return opened;
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
    label: "PostgreSQL",
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
        const found = await readTables(pool, named === undefined ? null : named.map(qualified));
        return [...found].map(
          ([object, table]): ObjectSchema => ({ object, label: table.name, cells: table.columns.map(cellSchema) }),
        );
      }),
    check: (mapped, { prepare }) =>
      calling(async () => {
        tables.forget();
        const wanted = mapped.map((one) => qualified(one.object));
        const found = await readTables(pool, wanted);
        const problems = await tableProblems(pool, mapped, found);
        const isSound = () => problems.every((problem) => problem.severity !== "error");
        if (!isSound()) return problems;
        const usable = [...found.values()];
        const choice = await chooseCapture(pool, capture, names, usable);
        known ??= choice;
        problems.push(...captureProblems(choice, capture));
        if (prepare && isSound()) {
          if (mapped.some((one) => one.create)) await prepareSchema(pool);
          if (choice.capture === "replication") await preparePublication(pool, name, usable);
        }
        return problems;
      }),
    encode: (object, cell, value) => encode(tables.columnOf(object, cell.cell), cell.type, value),
    read: (object, ids) =>
      calling(async () => {
        if (ids.length === 0) return [];
        const mapped = await tables.of(object);
        // As of now, without a place among the changes: a read must not wait for the stream.
        const observations = await readIds(pool, mapped, clock, ids);
        const byId = new Map(observations.map((one) => [one.ref.id, one]));
        return ids.map((id): ReadResult => {
          const observation = byId.get(id);
          return observation === undefined ? { id, kind: "missing" } : { id, kind: "found", observation };
        });
      }),
    scan: (object, cursor) =>
      calling(async () => {
        const mapped = await tables.of(object);
        const { changedSince } = await captureFeed();
        const page = afterId(mapped, cursor, scanPageRows);
        const { observations, lastId, count } = await readRows(pool, mapped, changedSince, clock, page);
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
        const isLogged = (await captureFeed()).changedSince !== null;
        return writeBatch(pool, mapped, requests, { now: () => clock.now(), isLogged, own });
      });
    },
    async uninstall() {
      await (await opened?.catch(() => null))?.close();
      opened = null;
      await uninstall(pool, clock, names);
    },
    async close() {
      await (await opened?.catch(() => null))?.close();
      if (!pool.ending) await pool.end();
    },
  };
}

/** Ids that no row can have, such as a word where keys are numbers, are like ids of rows that are gone. */
async function readIds(
  pool: pg.Pool,
  mapped: MappedTable,
  clock: Clock,
  ids: readonly RecordId[],
): Promise<readonly RawUpsert[]> {
  try {
    return (await readRows(pool, mapped, null, clock, withIds(mapped, ids))).observations;
  } catch (error) {
    if (!isRowError(error)) throw error;
    if (ids.length === 1) return [];
    const half = Math.ceil(ids.length / 2);
    const first = await readIds(pool, mapped, clock, ids.slice(0, half));
    return [...first, ...(await readIds(pool, mapped, clock, ids.slice(half)))];
  }
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
