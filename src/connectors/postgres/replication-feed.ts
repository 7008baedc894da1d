import type pg from "pg";
import { z } from "zod";
import { type RawObservation, revisionOf } from "../../model/observation.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ChangeBatch } from "../../ports/connector.ts";
import type { CaptureFeed } from "./capture.ts";
import { failureOf } from "./errors.ts";
import { type Lsn, lsnText, parseLsn } from "./lsn.ts";
import type { Relation } from "./pgoutput.ts";
import { recentChanges } from "./recent.ts";
import { cellsOf, idOf, type MappedTable, refOf } from "./rows.ts";
import { preparePublication, prepareSchema, slotState, unpublished } from "./setup.ts";
import { openStream, type RowChange, type Stream, type Transaction } from "./stream.ts";
import { parseXid, type Xid } from "./xid.ts";

/** A place in the stream of one server's history: a restored or failed-over server has another, and the place means nothing there. */
type Place = { readonly lsn: string; readonly system: string };

/** Row changes a pull brings at most, in whole transactions. */
const pullMax = 1_000;
/** How long a page of rows waits for the stream to pass it. */
const passMsMax = 15_000;
/** PostgreSQL passes over tables that left the publication and says nothing. */
const publicationEveryMs = 30_000;
/** Changes of rows remembered for pages being read. */
const recentMax = 200_000;

/** Changes by logical replication. */
export function createReplicationFeed(options: {
  readonly pool: pg.Pool;
  readonly url: string;
  readonly slot: string;
  readonly publication: string;
  readonly clock: Clock;
  readonly mappedTables: () => Promise<readonly MappedTable[]>;
}): CaptureFeed {
  const { pool, url, slot, publication, clock, mappedTables } = options;
  let stream: Stream | null = null;
  let tables: readonly MappedTable[] = [];
  let position: Lsn = 0n;
  let system = "";
  let publishedAt = 0;
  const recent = recentChanges(recentMax);

  const mappedOf = (relation: Relation) =>
    tables.find((one) => one.table.schema === relation.schema && one.table.name === relation.table);

  const remember = ({ lsn, xid, changes }: Transaction) => {
    for (const change of changes) {
      const mapped = mappedOf(change.relation);
      if (mapped === undefined) continue;
      const { object } = mapped.object;
      if (change.kind === "truncate") recent.add({ object, id: null, lsn, xid });
      else
        for (const row of change.kind === "delete" ? [change.old] : [change.row, change.old]) {
          const id = row === null ? null : idOf(mapped.table, row);
          if (id !== null) recent.add({ object, id, lsn, xid });
        }
    }
  };

  /** The server's history, by its identifier and timeline, and the database. */
  const identify = async (): Promise<string> => {
    const { rows } = await pool.query<{ id: string }>(
      "select system_identifier::text || '/' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) || '/' || current_database() as id from pg_control_system()",
    );
    return rows[0]?.id ?? "";
  };

  const openAt = async (from: Lsn): Promise<Stream> => {
    const isContinued = stream !== null && from <= stream.received();
    await stream?.close();
    stream = null;
    if (isContinued) recent.continueAt(from);
    else recent.beginAt(from, await newXid(pool));
    stream = await openStream({ url, slot, publication, from, onTransaction: remember });
    position = from;
    return stream;
  };

  const makeSlot = async () => {
    await prepareSchema(pool);
    await preparePublication(
      pool,
      publication,
      tables.map((one) => one.table),
    );
    await pool.query("select pg_create_logical_replication_slot($1, 'pgoutput')", [slot]);
  };

  /** Slot gone or fallen behind the log, or another server: a new slot, and everything must be read again. */
  const startOver = async (): Promise<ChangeBatch> => {
    await stream?.close();
    stream = null;
    tables = await mappedTables();
    if ((await slotState(pool, slot)) === "lost") await pool.query("select pg_drop_replication_slot($1)", [slot]);
    if ((await slotState(pool, slot)) === "missing") await makeSlot();
    return { observations: [], cursor: await here(), caughtUp: false, lost: tables.map((one) => one.object.object) };
  };

  const here = async (): Promise<string> => {
    const { rows } = await pool.query<{ lsn: string }>(
      "select confirmed_flush_lsn::text as lsn from pg_replication_slots where slot_name = $1",
      [slot],
    );
    return JSON.stringify({ lsn: rows[0]?.lsn ?? "0/0", system: await identify() } satisfies Place);
  };

  return {
    async start() {
      try {
        tables = await mappedTables();
        if ((await slotState(pool, slot)) === "missing") await makeSlot();
        else
          await preparePublication(
            pool,
            publication,
            tables.map((one) => one.table),
          );
        return await here();
      } catch (error) {
        throw failureOf(error);
      }
    },
    async pull({ cursor, waitMs, signal }) {
      try {
        if (tables.length === 0) tables = await mappedTables();
        const place = placeOf(cursor);
        if (place === null) return await startOver();
        const from = parseLsn(place.lsn);
        if (stream === null || stream.failure() !== null || position !== from) {
          system = await identify();
          if (place.system !== system || !(await isKept(from))) return await startOver();
          await openAt(from);
          publishedAt = 0;
        }
        if (clock.now() - publishedAt > publicationEveryMs) {
          const lost = await publishMissing();
          publishedAt = clock.now();
          if (lost.length > 0) return { observations: [], cursor, caughtUp: false, lost };
        }
        const open = stream as unknown as Stream;
        open.acknowledge(position);
        return await collect(open, waitMs, signal);
      } catch (error) {
        // It stays to be continued from: what it brought lately is still known.
        await stream?.close();
        throw failureOf(error);
      }
    },
    async changedSince(page) {
      const open = stream;
      if (open === null) return null;
      const never = new AbortController().signal;
      const until = clock.now() + passMsMax;
      while (open.received() < page.high && open.failure() === null && clock.now() < until)
        await open.wait(500, page.high, never).then(() => (open.received() < page.high ? clock.sleep(20) : undefined));
      if (open.received() < page.high || open !== stream || open.failure() !== null) {
        const { object } = page.mapped.object;
        const message = `the change stream did not reach ${lsnText(page.high)} while ${object} was being read`;
        throw new SyncFailure({ code: "UNREACHABLE", message });
      }
      return recent.changedIn(page);
    },
    close: async () => stream?.close(),
  };

  /** False when the slot is gone or lost, has gone on beyond `from`, or the server's log does not reach it: then changes are missing. */
  async function isKept(from: Lsn): Promise<boolean> {
    if ((await slotState(pool, slot)) !== "ready") return false;
    const { rows } = await pool.query<{ confirmed: string; written: string }>(
      "select confirmed_flush_lsn::text as confirmed, pg_current_wal_insert_lsn()::text as written from pg_replication_slots where slot_name = $1",
      [slot],
    );
    const { confirmed = "0/0", written = "0/0" } = rows[0] ?? {};
    return parseLsn(confirmed) <= from && from <= parseLsn(written);
  }

  /** Publishes tables that came to the mapping or left the publication; what happened in them meanwhile is lost. */
  async function publishMissing(): Promise<string[]> {
    const own = tables.map((one) => one.table);
    const missing = await unpublished(pool, publication, own);
    if (missing.length === 0) return [];
    await preparePublication(pool, publication, own);
    return tables.filter((one) => missing.includes(one.table)).map((one) => one.object.object);
  }

  async function collect(open: Stream, waitMs: number, signal: AbortSignal): Promise<ChangeBatch> {
    const { rows } = await pool.query<{ lsn: string }>("select pg_current_wal_flush_lsn()::text as lsn");
    const target = parseLsn(rows[0]?.lsn ?? "0/0");
    await open.wait(waitMs, target, signal);
    let taken = open.take(pullMax);
    const caughtUp = taken.length === 0 && open.received() >= target;
    if (caughtUp) {
      // Nothing more as of now: news is waited for.
      await open.wait(waitMs, 0xffffffffffffffffn, signal);
      taken = open.take(pullMax);
    }
    const broken = open.failure();
    if (broken !== null && taken.length === 0) throw broken;
    const observedAt = clock.now();
    const lost = new Set<string>();
    const observations = taken.flatMap((transaction) => observationsOf(transaction, observedAt, lost));
    // With nothing in hand the place moves on with the log, so that a quiet database does not make the server keep it all.
    position = taken.at(-1)?.end ?? (open.received() > position ? open.received() : position);
    return {
      observations,
      cursor: JSON.stringify({ lsn: lsnText(position), system } satisfies Place),
      caughtUp: caughtUp && taken.length === 0,
      lost: [...lost],
    };
  }

  /** One observation per row and transaction: its state at the end of it. */
  function observationsOf(transaction: Transaction, observedAt: number, lost: Set<string>): RawObservation[] {
    const byRecord = new Map<string, RawObservation>();
    const made = new Map<string, string>();
    for (const mark of transaction.marks)
      for (const [object, id, key] of madeRows(mark)) made.set(`${object}/${id}`, key);
    for (const change of transaction.changes) {
      const mapped = mappedOf(change.relation);
      if (mapped === undefined) continue;
      if (change.kind === "truncate") lost.add(mapped.object.object);
      else
        for (const one of rowObservations(mapped, change, transaction, observedAt, made))
          byRecord.set(`${one.ref.object}/${one.ref.id}`, joined(byRecord.get(`${one.ref.object}/${one.ref.id}`), one));
    }
    return [...byRecord.values()];
  }
}

function placeOf(cursor: string): Place | null {
  const place = JSON.parse(cursor) as Partial<Place>;
  return place.lsn === undefined || place.system === undefined ? null : { lsn: place.lsn, system: place.system };
}

/** The number of a transaction that begins now and ends at once: all before it are known to every snapshot from now on, seen or running. */
async function newXid(pool: pg.Pool): Promise<Xid> {
  const { rows } = await pool.query<{ xid: string }>("select pg_current_xact_id()::text as xid");
  return parseXid(rows[0]?.xid ?? "0");
}

/** Anybody may write messages with our prefix; one that is none of ours says nothing. */
function madeRows(mark: string): [string, string, string][] {
  const parsed = markSchema.safeParse(mark);
  return parsed.success ? parsed.data.made.map(([id, key]) => [parsed.data.object, id, key]) : [];
}

const markSchema = z
  .string()
  .transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue("not JSON");
      return z.NEVER;
    }
  })
  .pipe(z.object({ object: z.string(), made: z.array(z.tuple([z.string(), z.string()])) }));

/** A later change of the same row in the same transaction; a large value that it did not send is the earlier one's. */
function joined(before: RawObservation | undefined, now: RawObservation): RawObservation {
  if (before?.kind !== "upsert" || now.kind !== "upsert") return now;
  return { ...now, cells: { ...before.cells, ...now.cells }, complete: before.complete || now.complete };
}

function rowObservations(
  mapped: MappedTable,
  change: RowChange & { readonly kind: "upsert" | "delete" },
  transaction: Transaction,
  observedAt: number,
  made: ReadonlyMap<string, string>,
): RawObservation[] {
  const revision = revisionOf(transaction.lsn);
  const gone = (id: string): RawObservation => ({
    kind: "delete",
    ref: refOf(mapped, id),
    revision,
    observedAt,
    confirmed: true,
  });
  if (change.kind === "delete") {
    const id = idOf(mapped.table, change.old);
    return id === null ? [] : [gone(id)];
  }
  const id = idOf(mapped.table, change.row);
  if (id === null) return [];
  const oldId = change.old === null ? null : idOf(mapped.table, change.old);
  const cells = cellsOf(mapped, change.row);
  const at = { from: transaction.committedAt, until: transaction.committedAt };
  const key = made.get(`${mapped.object.object}/${id}`);
  const upsert: RawObservation = {
    kind: "upsert",
    ref: refOf(mapped, id),
    revision,
    observedAt,
    cells,
    complete: mapped.columns.every((column) => column.name in cells),
    changedAt: at,
    author: null,
    ...(key === undefined ? {} : { createKey: key }),
  };
  return oldId !== null && oldId !== id ? [gone(oldId), upsert] : [upsert];
}
