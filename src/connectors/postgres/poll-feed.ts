import type pg from "pg";
import type { Clock } from "../../ports/clock.ts";
import type { ChangeBatch } from "../../ports/connector.ts";
import type { CaptureFeed } from "./capture.ts";
import { failureOf } from "./errors.ts";
import { changedAfter, readRows } from "./read.ts";
import type { MappedTable } from "./rows.ts";

/**
 * A round over all tables looks for rows written by transactions from `since` on. `next` was taken when it began: all transactions before it had
 * ended, so the next round begins there. `left` are the objects that the round has still to go through, the first one from `after` on; `objects`
 * are all of it.
 */
type Place = {
  readonly since: string;
  readonly next: string | null;
  readonly objects: readonly string[];
  readonly left: readonly string[];
  readonly after: string | null;
};

const pageRows = 1_000;

/**
 * Changes by asking, with no demand on the tables: PostgreSQL keeps with each row the transaction that wrote it (xmin). Transactions commit in
 * another order than they begin, so a round begins where all had ended, and rows of a round before may come again. Deletes are not seen.
 */
export function createPollFeed(options: {
  readonly pool: pg.Pool;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly mappedTables: () => Promise<readonly MappedTable[]>;
}): CaptureFeed {
  const { pool, clock, intervalMs, mappedTables } = options;

  /** The oldest transaction that has not ended, and the next to begin. */
  const horizon = async (): Promise<{ readonly oldest: string; readonly next: string }> => {
    const { rows } = await pool.query<{ oldest: string; next: string }>(
      "select pg_snapshot_xmin(s)::text as oldest, pg_snapshot_xmax(s)::text as next from pg_current_snapshot() as s",
    );
    return rows[0] ?? { oldest: "0", next: "0" };
  };
  const freshPlace = async (tables: readonly MappedTable[]) => roundAt((await horizon()).oldest, tables);

  return {
    changedSince: null,
    async start() {
      try {
        return await freshPlace(await mappedTables());
      } catch (error) {
        throw failureOf(error);
      }
    },
    async pull({ cursor, waitMs, signal }): Promise<ChangeBatch> {
      try {
        const tables = await mappedTables();
        const place = placeOf(cursor);
        const { oldest, next } = await horizon();
        // The number of a restored server may lie behind.
        if (place === null || BigInt(place.since) > BigInt(next)) {
          const lost = tables.map((one) => one.object.object);
          return { observations: [], cursor: await freshPlace(tables), caughtUp: false, lost };
        }
        const end = place.next ?? oldest;
        // A table that went meanwhile has no part in the round, and none in `objects`: should it come back, it is lost.
        const isThere = (object: string) => tables.some((one) => one.object.object === object);
        const left = place.left.filter(isThere);
        const mapped = tables.find((one) => one.object.object === left[0]);
        if (mapped === undefined) {
          const known = place.objects.filter(isThere);
          const lost = tables.map((one) => one.object.object).filter((object) => !known.includes(object));
          if (lost.length === 0) await clock.sleep(Math.min(intervalMs, waitMs), signal);
          return { observations: [], cursor: roundAt(end, tables), caughtUp: lost.length === 0, lost };
        }
        const written = { since: BigInt(place.since), next: BigInt(next) };
        const after = left[0] === place.left[0] ? place.after : null;
        const page = changedAfter(mapped, after, pageRows, written);
        const { observations, lastId, count } = await readRows(pool, mapped, null, clock, page);
        const isMore = count === pageRows;
        const goOn: Place = {
          since: place.since,
          next: end,
          objects: place.objects.filter(isThere),
          left: isMore ? left : left.slice(1),
          after: isMore ? lastId : null,
        };
        return { observations, cursor: JSON.stringify(goOn), caughtUp: false, lost: [] };
      } catch (error) {
        throw failureOf(error);
      }
    },
    close: () => Promise.resolve(),
  };
}

function roundAt(since: string, tables: readonly MappedTable[]): string {
  const objects = tables.map((one) => one.object.object);
  return JSON.stringify({ since, next: null, objects, left: objects, after: null } satisfies Place);
}

/** A place that this way of capture did not make is none. */
function placeOf(cursor: string): Place | null {
  const { since, next = null, objects, left, after = null } = JSON.parse(cursor) as Partial<Place>;
  if (since === undefined || objects === undefined || left === undefined) return null;
  return { since, next, objects, left, after };
}
