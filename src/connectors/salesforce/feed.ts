import type { RawObservation } from "../../model/observation.ts";
import type { ObjectName } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Instant } from "../../model/time.ts";
import type { ChangeBatch, ChangeFeed, MappedObject } from "../../ports/connector.ts";
import { cursorOf, type Places, placesOf, type Replays } from "./place.ts";
import { freshPlace, type PollDeps, pollObject } from "./poll.ts";
import type { BoundObject } from "./schema.ts";
import type { Streams } from "./streams.ts";

export type FeedDeps = PollDeps & {
  readonly intervalMs: number;
  /** `null`: everything is polled. */
  readonly streams: Streams | null;
  /** Does its work with the object as it is now described, and again with a fresh description where it has changed. */
  readonly onObject: <Result>(object: MappedObject, work: (bound: BoundObject) => Promise<Result>) => Promise<Result>;
};

/** A streamed object is polled too, more seldom: a stream that says nothing may be a stream that has nothing to say, or not. */
const streamedPollMs = 10 * 60_000;
/** Woken up, the feed polls again, but not more often. */
const wokenPollMs = 1_000;

/**
 * Changes as the org offers them: objects that it has selected for Change Data Capture come by themselves, the others are polled. The place of polling
 * is kept for all, so that whatever happens to a stream, nothing is missed.
 */
export function createFeed(deps: FeedDeps): ChangeFeed {
  const { clock, streams } = deps;
  const polledAt = new Map<ObjectName, Instant>();
  /** Objects whose next poll must not wait for its interval. */
  const pressing = new Set<ObjectName>();
  let ring: () => void = () => undefined;
  let handedOver: string | null = null;
  let wasWoken = false;

  const dueAt = (object: ObjectName): Instant => {
    const last = polledAt.get(object);
    if (last === undefined || pressing.has(object)) return 0;
    if (streams?.isLive(object) === true) return last + Math.max(streamedPollMs, deps.intervalMs);
    return last + (wasWoken ? Math.min(wokenPollMs, deps.intervalMs) : deps.intervalMs);
  };

  return {
    get kind() {
      return streams?.isAny === true ? ("stream" as const) : ("poll" as const);
    },
    intervalMs: deps.intervalMs,

    async start(objects) {
      // Asked only for Salesforce's time.
      await deps.client.call({ method: "GET", path: "limits", effect: "read", what: "asking for the limits" });
      return cursorOf(new Map(objects.map(({ object }) => [object, freshPlace(deps)])), new Map());
    },

    async pull({ objects, cursor, waitMs, signal }) {
      deps.seen.acknowledge(cursor);
      const { places, replays } = placesOf(cursor);
      const batch = newBatch(objects, places, replays);
      for (const object of batch.lost) places.set(object, freshPlace(deps));
      // From another place than the last pull's end: what came since then is not known to be stored.
      if (cursor !== handedOver) {
        streams?.reset();
        polledAt.clear();
      }
      handedOver = null;
      const isPolling = streams === null || !(await openStreams(batch));
      if (isPolling) polledAt.clear();
      const until = clock.now() + waitMs;
      for (;;) {
        const heard = newsOf(signal);
        await takeStreams(batch);
        await pollDue(batch, signal);
        const now = clock.now();
        const isEnough = batch.observations.length > 0 || batch.lost.size > 0 || batch.failure !== null;
        if (isPolling || isEnough || now >= until || signal.aborted) break;
        await heard.orAt(Math.min(until, ...objects.map(({ object }) => dueAt(object))));
      }
      wasWoken = signal.aborted;
      return end(batch);
    },
  };

  type Batch = {
    readonly objects: readonly MappedObject[];
    readonly places: Places;
    readonly replays: Replays;
    readonly observations: RawObservation[];
    readonly lost: Set<ObjectName>;
    /** False when more is waiting, or an object was not asked. */
    caughtUp: boolean;
    failure: SyncFailure | null;
  };

  function newBatch(objects: readonly MappedObject[], places: Places, replays: Replays): Batch {
    const lost = new Set(objects.filter(({ object }) => !places.has(object)).map(({ object }) => object));
    return { objects, places, replays, observations: [], lost, caughtUp: true, failure: null };
  }

  /** True when some object is streamed. Without the Pub/Sub API everything is polled. */
  async function openStreams({ objects, replays }: Batch): Promise<boolean> {
    if (streams === null) return false;
    await streams.open(objects, replays, () => ring());
    return streams.isAny;
  }

  async function takeStreams(batch: Batch): Promise<void> {
    if (streams === null) return;
    const taken = await streams.take(batch.objects, batch.replays);
    batch.observations.push(...taken.observations);
    for (const object of taken.lost) batch.lost.add(object);
    for (const object of taken.unsure) pressing.add(object);
    if (taken.isFull) batch.caughtUp = false;
  }

  /** One object's failure does not hold up the others. */
  async function pollDue(batch: Batch, signal: AbortSignal): Promise<void> {
    const now = clock.now();
    for (const object of batch.objects) {
      if (now < dueAt(object.object)) continue;
      try {
        const { places, observations } = batch;
        const polled = await deps.onObject(object, (bound) => pollObject(deps, bound, places, observations, signal));
        if (polled.isLost) batch.lost.add(object.object);
        if (!polled.isDone) batch.caughtUp = false;
        else {
          polledAt.set(object.object, now);
          pressing.delete(object.object);
        }
      } catch (error) {
        if (!(error instanceof SyncFailure)) throw error;
        batch.failure ??= error;
      }
    }
  }

  function end({ objects, places, replays, observations, lost, caughtUp, failure }: Batch): ChangeBatch {
    // What the others told is handed over first.
    if (failure !== null && observations.length === 0) throw failure;
    const now = clock.now();
    const isAsked = objects.every(({ object }) => {
      return streams?.isLive(object) === true || now - (polledAt.get(object) ?? 0) <= wokenPollMs;
    });
    const batch: ChangeBatch = {
      observations,
      cursor: cursorOf(places, replays),
      caughtUp: caughtUp && failure === null && isAsked,
      lost: [...lost],
    };
    handedOver = batch.cursor;
    deps.seen.handOver(batch.cursor);
    return batch;
  }

  function newsOf(signal: AbortSignal) {
    const heard = new AbortController();
    ring = () => heard.abort();
    signal.addEventListener("abort", ring, { once: true });
    return {
      /** Resolves when there is news, the pull is called back, or it is so late. */
      orAt: async (at: Instant) => {
        const waitMs = Math.max(0, at - clock.now());
        if (!heard.signal.aborted) await clock.sleep(waitMs, heard.signal);
        signal.removeEventListener("abort", ring);
      },
    };
  }
}
