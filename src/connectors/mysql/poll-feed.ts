import { createHash } from "node:crypto";
import type { Pool } from "mysql2";
import type { RawUpsert } from "../../model/observation.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ChangeBatch } from "../../ports/connector.ts";
import type { CaptureFeed } from "./capture.ts";
import { failureOf } from "./errors.ts";
import { afterId, readRows } from "./read.ts";
import type { MappedTable } from "./rows.ts";

/** `objects` are all of a round; `left` those that it has still to go through, the first one from `after` on. */
type Place = {
  readonly round: number;
  readonly objects: readonly string[];
  readonly left: readonly string[];
  readonly after: string | null;
};

const pageRows = 1_000;

/**
 * Changes by asking, with no demand on the server: each round reads every row, and tells those that are not as they were a round before. That is
 * remembered as a number for each row, in memory: after a start, and from any other place than the last, every row is told. Deletes are not seen.
 */
export function createPollFeed(options: {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly database: string;
  readonly intervalMs: number;
  readonly mappedTables: () => Promise<readonly MappedTable[]>;
}): CaptureFeed {
  const { pool, clock, database, intervalMs, mappedTables } = options;
  const known = new Map<string, number>();
  /** What the last pull told; known once its place is pulled from. */
  let told: { readonly cursor: string; readonly rows: ReadonlyMap<string, number> } | null = null;

  const acknowledge = (cursor: string) => {
    if (told?.cursor === cursor) for (const [row, number] of told.rows) known.set(row, number);
    else known.clear();
    told = null;
  };

  return {
    order: () => null,
    stamp: () => null,
    async start() {
      try {
        return roundAt(0, await mappedTables());
      } catch (error) {
        throw failureOf(error);
      }
    },
    async pull({ cursor, waitMs, signal }): Promise<ChangeBatch> {
      try {
        const tables = await mappedTables();
        const place = placeOf(cursor);
        acknowledge(cursor);
        const remembered = (next: string, rows: ReadonlyMap<string, number> = new Map()) => {
          told = { cursor: next, rows };
          return next;
        };
        if (place === null) {
          const lost = tables.map((one) => one.object.object);
          return { observations: [], cursor: remembered(roundAt(0, tables)), caughtUp: false, lost };
        }
        // A table that went meanwhile has no part in the round, and none in `objects`: should it come back, it is lost.
        const isThere = (object: string) => tables.some((one) => one.object.object === object);
        const left = place.left.filter(isThere);
        const mapped = tables.find((one) => one.object.object === left[0]);
        if (mapped === undefined) {
          const followed = place.objects.filter(isThere);
          const lost = tables.map((one) => one.object.object).filter((object) => !followed.includes(object));
          if (lost.length === 0) await clock.sleep(Math.min(intervalMs, waitMs), signal);
          const next = remembered(roundAt(place.round + 1, tables));
          return { observations: [], cursor: next, caughtUp: lost.length === 0, lost };
        }
        const after = left[0] === place.left[0] ? place.after : null;
        const page = afterId(mapped, after, pageRows);
        const { observations, lastId, count } = await readRows(pool, mapped, null, clock, database, page);
        const isMore = count === pageRows;
        const numbers = new Map(observations.map((one) => [`${one.ref.object}/${one.ref.id}`, numberOf(one)]));
        const news = observations.filter((one) => {
          const row = `${one.ref.object}/${one.ref.id}`;
          return known.get(row) !== numbers.get(row);
        });
        const goOn: Place = {
          round: place.round,
          objects: place.objects.filter(isThere),
          left: isMore ? left : left.slice(1),
          after: isMore ? lastId : null,
        };
        return { observations: news, cursor: remembered(JSON.stringify(goOn), numbers), caughtUp: false, lost: [] };
      } catch (error) {
        throw failureOf(error);
      }
    },
    close: () => Promise.resolve(),
  };
}

/** 48 bits of a digest: of a million rows that change, one passes for unchanged every few hundred years. */
function numberOf({ cells }: RawUpsert): number {
  return createHash("sha256").update(JSON.stringify(cells)).digest().readUIntBE(0, 6);
}

function roundAt(round: number, tables: readonly MappedTable[]): string {
  const objects = tables.map((one) => one.object.object);
  return JSON.stringify({ round, objects, left: objects, after: null } satisfies Place);
}

/** A place that this way of capture did not make is none. */
function placeOf(cursor: string): Place | null {
  const { round, objects, left, after = null } = JSON.parse(cursor) as Partial<Place>;
  if (round === undefined || objects === undefined || left === undefined) return null;
  return { round, objects, left, after };
}
