import type pg from "pg";
import { type RawObservation, revisionOf } from "../../model/observation.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ChangeBatch, ChangeFeed } from "../../ports/connector.ts";
import { failureOf } from "./errors.ts";
import { type Lsn, lsnText, parseLsn } from "./lsn.ts";
import type { Relation } from "./pgoutput.ts";
import { cellsOf, idOf, type MappedTable, refOf } from "./rows.ts";
import { preparePublication, prepareSchema, slotState, unpublished } from "./setup.ts";
import { openStream, type RowChange, type Stream, type Transaction } from "./stream.ts";

/** A place in the stream of one server: a restored or failed-over server has another history, and the place means nothing there. */
type Place = { readonly lsn: string; readonly system: string };

/** Row changes a pull brings at most, in whole transactions. */
const pullMax = 1_000;
/** How long a page of rows waits for the stream to pass it. */
const passMsMax = 15_000;
/** Changes of rows remembered for pages being read. */
const recentMax = 200_000;

export type PostgresFeed = ChangeFeed & {
  /**
   * Which of these rows the stream changed after `low`, or in one of these transactions, once it has passed `high`. Rejects when it does
   * not get there. `null` while nobody pulls: then there is nothing to be in order with.
   */
  changedSince(
    table: MappedTable,
    low: Lsn,
    running: ReadonlySet<number>,
    high: Lsn,
  ): Promise<((id: string) => boolean) | null>;
  close(): Promise<void>;
};

export function createFeed(options: {
  readonly pool: pg.Pool;
  readonly url: string;
  readonly slot: string;
  readonly publication: string;
  readonly clock: Clock;
  readonly mappedTables: () => Promise<readonly MappedTable[]>;
}): PostgresFeed {
  const { pool, url, slot, publication, clock, mappedTables } = options;
  let stream: Stream | null = null;
  let tables: readonly MappedTable[] = [];
  let position: Lsn = 0n;
  let system = "";
  let recent: { readonly key: string; readonly lsn: Lsn; readonly xid: number }[] = [];

  const mappedOf = (relation: Relation) =>
    tables.find((one) => one.table.schema === relation.schema && one.table.name === relation.table);

  const remember = (transaction: Transaction) => {
    for (const change of transaction.changes) {
      const mapped = mappedOf(change.relation);
      if (mapped === undefined || change.kind === "truncate") continue;
      for (const row of change.kind === "delete" ? [change.old] : [change.row, change.old]) {
        const id = row === null ? null : idOf(mapped.table, row);
        if (id !== null)
          recent.push({ key: `${mapped.object.object}/${id}`, lsn: transaction.lsn, xid: transaction.xid });
      }
    }
    if (recent.length > recentMax * 1.5) recent = recent.slice(-recentMax);
  };

  const identify = async (): Promise<string> => {
    const { rows } = await pool.query<{ id: string }>(
      "select system_identifier::text || '/' || current_database() as id from pg_control_system()",
    );
    return rows[0]?.id ?? "";
  };

  const ensureStream = async (from: Lsn): Promise<Stream> => {
    if (stream !== null && stream.failure() === null && position === from) return stream;
    await stream?.close();
    recent = [];
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
    kind: "stream",
    intervalMs: 0,
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
        const place = JSON.parse(cursor) as Place;
        if (system === "") system = await identify();
        if (place.system !== system || (stream === null && (await slotState(pool, slot)) !== "ready"))
          return await startOver();
        const missing =
          stream === null
            ? await unpublished(
                pool,
                publication,
                tables.map((one) => one.table),
              )
            : [];
        if (missing.length > 0) {
          await preparePublication(pool, publication, missing);
          const lost = tables.filter((one) => missing.includes(one.table)).map((one) => one.object.object);
          return { observations: [], cursor, caughtUp: false, lost };
        }
        const open = await ensureStream(parseLsn(place.lsn));
        open.acknowledge(position);
        return await collect(open, waitMs, signal);
      } catch (error) {
        await stream?.close();
        stream = null;
        throw failureOf(error);
      }
    },
    async changedSince(table, low, running, high) {
      const open = stream;
      if (open === null) return null;
      const never = new AbortController().signal;
      const until = clock.now() + passMsMax;
      while (open.received() < high && open.failure() === null && clock.now() < until)
        await open.wait(500, high, never).then(() => (open.received() < high ? clock.sleep(20) : undefined));
      if (open.received() < high || open.failure() !== null) {
        throw new SyncFailure({
          code: "UNREACHABLE",
          message: `the change stream did not reach ${lsnText(high)} while ${table.object.object} was being read`,
        });
      }
      const prefix = `${table.object.object}/`;
      const changed = new Set(
        recent
          .filter((one) => one.key.startsWith(prefix) && (one.lsn > low || running.has(one.xid)))
          .map((one) => one.key),
      );
      return (id) => changed.has(prefix + id);
    },
    close: async () => stream?.close(),
  };

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

function madeRows(mark: string): [string, string, string][] {
  const { object, made } = JSON.parse(mark) as { object: string; made: [string, string][] };
  return made.map(([id, key]) => [object, id, key]);
}

/** A later change of the same row in the same transaction; a large value that it did not send is the earlier one's. */
function joined(before: RawObservation | undefined, now: RawObservation): RawObservation {
  if (before?.kind !== "upsert" || now.kind !== "upsert") return now;
  return { ...now, cells: { ...before.cells, ...now.cells } };
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
