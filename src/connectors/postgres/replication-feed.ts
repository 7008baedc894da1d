import type pg from "pg";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ChangeBatch } from "../../ports/connector.ts";
import { type CaptureFeed, type Followed, following, unfollowed } from "./capture.ts";
import { failureOf } from "./errors.ts";
import { type Lsn, lsnText, parseLsn } from "./lsn.ts";
import type { OwnWrites } from "./own-writes.ts";
import type { Piece, RowChange, Within } from "./pieces.ts";
import { recentChanges, tableName } from "./recent.ts";
import { observationsOf, shapeOf, tableOf } from "./row-observations.ts";
import { idOf, type MappedTable } from "./rows.ts";
import { preparePublication, prepareSchema, slotState, unpublished } from "./setup.ts";
import { openStream, type Stream } from "./stream.ts";
import { parseXid, type Xid } from "./xid.ts";

/** A place in the stream of one server's history: a restored or failed-over server has another, and the place means nothing there. */
type Place = {
  readonly lsn: string;
  readonly system: string;
  /** Part of the next transaction that was taken before. */
  readonly within?: { readonly lsn: string; readonly changes: number };
  readonly tables: Followed;
};

/** `lsn`: up to here the server may forget. */
type Position = { readonly lsn: Lsn; readonly within: Within | null };

/** Row changes a pull takes at most. When there is a backlog it takes many: of the rows that changed several times in it, only the last state is told. */
const pullMax = 20_000;
/** How long a page of rows waits for the stream to pass it. */
const passMsMax = 15_000;
/** How long what is on its way may take, when a feed says that there is nothing. */
const arriveMsMax = 1_000;
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
  readonly own: OwnWrites;
  readonly mappedTables: () => Promise<readonly MappedTable[]>;
  /** Looks tables up anew: one of them was altered. */
  readonly alteredTables: () => Promise<readonly MappedTable[]>;
}): CaptureFeed {
  const { pool, url, slot, publication, clock, own, mappedTables, alteredTables } = options;
  let stream: Stream | null = null;
  let tables: readonly MappedTable[] = [];
  let position: Position = { lsn: 0n, within: null };
  let system = "";
  let publishedAt = 0;
  const recent = recentChanges(recentMax);

  const remember = ({ relation, ...change }: RowChange, lsn: Lsn, xid: Xid) => {
    const mapped = tableOf(tables, relation);
    const table = tableName({ schema: relation.schema, name: relation.table });
    if (mapped === undefined || change.kind === "truncate" || shapeOf(mapped, relation) === "unnamed")
      return recent.add({ table, id: null, lsn, xid });
    for (const row of change.kind === "delete" ? [change.old] : [change.row, change.old]) {
      const id = row === null ? null : idOf(mapped.table, row);
      if (id !== null) recent.add({ table, id, lsn, xid });
    }
  };

  /** The server's history, by its identifier and timeline, and the database. */
  const identify = async (): Promise<string> => {
    const { rows } = await pool.query<{ id: string }>(
      "select system_identifier::text || '/' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) || '/' || current_database() as id from pg_control_system()",
    );
    return rows[0]?.id ?? "";
  };

  const openAt = async (at: Position): Promise<Stream> => {
    const { lsn: from, within: skip } = at;
    const isContinued = stream !== null && from <= stream.received();
    await stream?.close();
    stream = null;
    if (isContinued) recent.continueAt(from);
    else recent.beginAt(from, await newXid(pool));
    stream = await openStream({ url, slot, publication, from, skip, onChange: remember });
    position = at;
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
    own.forget();
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
    return placeAt({ lsn: parseLsn(rows[0]?.lsn ?? "0/0"), within: null }, await identify(), tables);
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
        tables = await mappedTables();
        const place = placeOf(cursor);
        if (place === null) return await startOver();
        const from = positionOf(place);
        if (stream === null || stream.failure() !== null || !isAt(position, from)) {
          system = await identify();
          if (place.system !== system || !(await isKept(from.lsn))) return await startOver();
          await openAt(from);
          publishedAt = 0;
        }
        const gap = await findGap(place);
        if (gap !== null) return gap;
        const open = stream as unknown as Stream;
        open.acknowledge(position.lsn);
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

  /**
   * Tables that are not followed are published, and told as lost: what happened in them before is not known. One that left the publication is
   * first taken out of the place, and published by the next pull: should we stop in between, it is still known to have a gap.
   */
  async function findGap({ tables: followed }: Place): Promise<ChangeBatch | null> {
    const none = { observations: [], caughtUp: false } as const;
    const all = tables.map((one) => one.table);
    const fresh = unfollowed(tables, followed);
    if (fresh.length > 0) {
      await preparePublication(pool, publication, all);
      const lost = fresh.map((one) => one.object.object);
      return { ...none, cursor: placeAt(position, system, tables), lost };
    }
    if (clock.now() - publishedAt <= publicationEveryMs) return null;
    const missing = await unpublished(pool, publication, all);
    publishedAt = clock.now();
    if (missing.length === 0) return null;
    const rest = tables.filter((one) => !missing.includes(one.table));
    return { ...none, cursor: placeAt(position, system, rest), lost: [] };
  }

  /** The next changes that tell something. What were only our own writes moves the place on with what comes after them. */
  async function collect(open: Stream, waitMs: number, signal: AbortSignal): Promise<ChangeBatch> {
    for (const until = clock.now() + waitMs; ; ) {
      const batch = await collectOnce(open, Math.max(0, until - clock.now()), signal);
      const isNothing = batch.observations.length === 0 && batch.lost.length === 0 && !batch.caughtUp;
      if (!isNothing || signal.aborted || clock.now() >= until) return batch;
    }
  }

  async function collectOnce(open: Stream, waitMs: number, signal: AbortSignal): Promise<ChangeBatch> {
    const target = await flushed();
    await open.wait(waitMs, target, signal);
    let taken = open.take(pullMax);
    let caughtUp = taken.length === 0 && open.received() >= target;
    if (caughtUp) {
      // Nothing more as of now: news is waited for.
      await open.wait(waitMs, 0xffffffffffffffffn, signal);
      taken = open.take(pullMax);
    }
    if (caughtUp && taken.length === 0) {
      // What was committed while we waited may still be on its way: that nothing is there must be true now.
      const end = await flushed();
      await open.wait(arriveMsMax, end, new AbortController().signal);
      taken = open.take(pullMax);
      caughtUp = open.received() >= end;
    }
    const broken = open.failure();
    if (broken !== null && taken.length === 0) throw broken;
    await lookAgain(taken);
    const news = taken.filter((piece) => !own.isEcho(piece, tables));
    const { observations, lost } = observationsOf(news, tables, clock.now());
    if (taken.length > 0) position = after(position, taken);
    // With nothing in hand the place moves on with the log, so that a quiet database does not make the server keep it all.
    else if (position.within === null && open.received() > position.lsn)
      position = { lsn: open.received(), within: null };
    return {
      observations,
      cursor: placeAt(position, system, tables),
      caughtUp: caughtUp && taken.length === 0,
      lost,
    };
  }

  /** Up to where the server's log is on the disk, and may be sent. */
  async function flushed(): Promise<Lsn> {
    const { rows } = await pool.query<{ lsn: string }>("select pg_current_wal_flush_lsn()::text as lsn");
    return parseLsn(rows[0]?.lsn ?? "0/0");
  }

  /** Rows of another shape than the catalog had when it was last looked at: a table was altered. */
  async function lookAgain(taken: readonly Piece[]): Promise<void> {
    const relations = new Set(taken.flatMap((piece) => piece.changes.map((change) => change.relation)));
    for (const relation of relations) {
      const mapped = tableOf(tables, relation);
      if (mapped === undefined || shapeOf(mapped, relation) === "known") continue;
      tables = await alteredTables();
      return;
    }
  }
}

/** A place that this way of capture did not make is none. */
function placeOf(cursor: string): Place | null {
  const place = JSON.parse(cursor) as Partial<Place>;
  if (place.lsn === undefined || place.system === undefined) return null;
  const within = place.within === undefined ? {} : { within: place.within };
  return { lsn: place.lsn, system: place.system, tables: place.tables ?? [], ...within };
}

function positionOf({ lsn, within }: Place): Position {
  return {
    lsn: parseLsn(lsn),
    within: within === undefined ? null : { lsn: parseLsn(within.lsn), changes: within.changes },
  };
}

function placeAt({ lsn, within }: Position, system: string, tables: readonly MappedTable[]): string {
  const part = within === null ? {} : { within: { lsn: lsnText(within.lsn), changes: within.changes } };
  return JSON.stringify({ lsn: lsnText(lsn), system, tables: following(tables), ...part } satisfies Place);
}

function isAt(a: Position, b: Position): boolean {
  return a.lsn === b.lsn && a.within?.lsn === b.within?.lsn && a.within?.changes === b.within?.changes;
}

/** The position after these pieces. Only a whole transaction moves what may be acknowledged. */
function after(position: Position, taken: readonly Piece[]): Position {
  const lsn = taken.findLast((piece) => piece.end !== null)?.end ?? position.lsn;
  const last = taken.at(-1);
  if (last === undefined) return position;
  return { lsn, within: last.end === null ? { lsn: last.lsn, changes: last.first + last.changes.length } : null };
}

/** The number of a transaction that begins now and ends at once: all before it are known to every snapshot from now on, seen or running. */
async function newXid(pool: pg.Pool): Promise<Xid> {
  const { rows } = await pool.query<{ xid: string }>("select pg_current_xact_id()::text as xid");
  return parseXid(rows[0]?.xid ?? "0");
}
