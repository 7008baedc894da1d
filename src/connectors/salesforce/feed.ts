import type { RawObservation } from "../../model/observation.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { ChangeBatch, ChangeFeed, MappedObject } from "../../ports/connector.ts";
import { cursorOf, placesOf } from "./place.ts";
import { freshPlace, type PollDeps, pollObject } from "./poll.ts";
import type { BoundObject } from "./schema.ts";

export type FeedDeps = PollDeps & {
  readonly intervalMs: number;
  /** Does its work with the object as it is now described, and again with a fresh description where it has changed. */
  readonly onObject: <Result>(object: MappedObject, work: (bound: BoundObject) => Promise<Result>) => Promise<Result>;
};

/** Changes by polling, object by object: one's failure does not hold up the others. */
export function createFeed(deps: FeedDeps): ChangeFeed {
  return {
    kind: "poll",
    intervalMs: deps.intervalMs,

    async start(objects) {
      // Asked only for Salesforce's time.
      await deps.client.call({ method: "GET", path: "limits", effect: "read", what: "asking for the limits" });
      return cursorOf(new Map(objects.map(({ object }) => [object, freshPlace(deps)])));
    },

    async pull({ objects, cursor, signal }) {
      deps.seen.acknowledge(cursor);
      const places = placesOf(cursor);
      const lost = new Set(objects.filter(({ object }) => !places.has(object)).map(({ object }) => object));
      for (const object of lost) places.set(object, freshPlace(deps));
      const observations: RawObservation[] = [];
      let caughtUp = true;
      let failure: SyncFailure | null = null;
      for (const object of objects) {
        try {
          const polled = await deps.onObject(object, (bound) => pollObject(deps, bound, places, observations, signal));
          if (polled.isLost) lost.add(object.object);
          caughtUp &&= polled.isDone;
        } catch (error) {
          if (!(error instanceof SyncFailure)) throw error;
          failure ??= error;
        }
      }
      // What the others told is handed over first.
      if (failure !== null && observations.length === 0) throw failure;
      const batch: ChangeBatch = {
        observations,
        cursor: cursorOf(places),
        caughtUp: caughtUp && failure === null,
        lost: [...lost],
      };
      deps.seen.handOver(batch.cursor);
      return batch;
    },
  };
}
