import type pg from "pg";
import type { Clock } from "../../ports/clock.ts";
import type { ChangeBatch } from "../../ports/connector.ts";
import type { CaptureFeed } from "./capture.ts";
import { failureOf } from "./errors.ts";
import { changedAfter, readRows } from "./read.ts";
import type { MappedTable } from "./rows.ts";

/**
 * A round over all tables looks for rows written by transactions from `since` on. `next` was taken when it began: all transactions before it had
 * ended, so the next round begins there. `object` and `after` are where the round is.
 */
type Place = {
  readonly since: string;
  readonly next: string | null;
  readonly object: number;
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
  const freshPlace = async (): Promise<string> => roundAt((await horizon()).oldest);

  return {
    changedSince: null,
    async start() {
      try {
        await mappedTables();
        return await freshPlace();
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
          return { observations: [], cursor: await freshPlace(), caughtUp: false, lost };
        }
        const end = place.next ?? oldest;
        const mapped = tables[place.object];
        if (mapped === undefined) {
          await clock.sleep(Math.min(intervalMs, waitMs), signal);
          return { observations: [], cursor: roundAt(end), caughtUp: true, lost: [] };
        }
        const written = { since: BigInt(place.since), next: BigInt(next) };
        const page = changedAfter(mapped, place.after, pageRows, written);
        const { observations, lastId, count } = await readRows(pool, mapped, null, clock, page);
        const isMore = count === pageRows;
        const goOn = {
          since: place.since,
          next: end,
          object: place.object + (isMore ? 0 : 1),
          after: isMore ? lastId : null,
        };
        return { observations, cursor: JSON.stringify(goOn satisfies Place), caughtUp: false, lost: [] };
      } catch (error) {
        throw failureOf(error);
      }
    },
    close: () => Promise.resolve(),
  };
}

function roundAt(since: string): string {
  return JSON.stringify({ since, next: null, object: 0, after: null } satisfies Place);
}

function placeOf(cursor: string): Place | null {
  const place = JSON.parse(cursor) as Partial<Place>;
  return place.since === undefined ? null : { next: null, object: 0, after: null, ...place, since: place.since };
}
