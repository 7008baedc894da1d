import type { ObjectName, SystemId } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Instant } from "../../model/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ChangeBatch, ChangeFeed, MappedObject } from "../../ports/connector.ts";
import type { Hook, Hooks } from "./hook.ts";
import type { OwnWrites } from "./own-writes.ts";
import { readPayloads } from "./payload.ts";
import type { BoundTable } from "./schema.ts";
import { seal, unseal } from "./seal.ts";

export type FeedDeps = {
  readonly system: SystemId;
  readonly token: string;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly hooks: Hooks;
  readonly own: OwnWrites;
  userId(): Promise<string>;
  bindAll(objects: readonly MappedObject[]): Promise<readonly BoundTable[]>;
  forgetSchema(): void;
  /** Called with each webhook whose pings are to be believed. */
  listening(hook: Hook): void;
};

/** Where we are in which webhook; `hook: null` where the token may have none. `secret` is sealed with the token. */
type Place = { readonly hook: string | null; readonly secret: string; readonly next: number; readonly at: Instant };

/** A hook is looked at when Truce starts and then once a day; listing its payloads keeps it from expiring. */
const inspectEveryMs = 86_400_000;
/** Payloads are kept for seven days, as a hook is. After a pause this long some may be gone. */
const pauseMsMax = 6.5 * 86_400_000;

/**
 * Changes by webhook payloads: listed on every pull, at once when a ping came. A hook that is gone, dead or may have dropped payloads is
 * replaced, and all objects are reported lost, so that a sweep finds what it did not tell. Without the right to have a webhook there is
 * nothing to pull, and sweeps alone find changes.
 */
export function createFeed(deps: FeedDeps): ChangeFeed {
  const { clock, hooks } = deps;
  let inspectedAt: Instant | null = null;
  /** The last batch with news. Asked for again, its own writes would no longer be remembered. */
  let last: { readonly from: string; readonly batch: ChangeBatch } | null = null;

  const begin = async (): Promise<Place> => {
    const hook = await hooks.create();
    inspectedAt = clock.now();
    if (hook === null) return { hook: null, secret: "", next: 1, at: clock.now() };
    deps.listening(hook);
    return { hook: hook.id, secret: seal(deps.token, hook.secret), next: 1, at: clock.now() };
  };

  const replace = async (old: Place, objects: readonly MappedObject[]): Promise<ChangeBatch> => {
    const place = await begin();
    if (old.hook !== null) await hooks.remove(old.hook).catch(ignoreFailure);
    const lost = objects.map(({ object }): ObjectName => object);
    return { observations: [], cursor: JSON.stringify(place), caughtUp: true, lost };
  };

  /** True when the hook can be trusted to have told everything since the place. */
  const isSound = async (place: Place & { readonly hook: string }): Promise<boolean> => {
    const secret = unseal(deps.token, place.secret);
    if (secret === null || clock.now() - place.at > pauseMsMax) return false;
    deps.listening({ id: place.hook, secret });
    if (inspectedAt !== null && clock.now() - inspectedAt < inspectEveryMs) return true;
    const state = await hooks.inspect(place.hook);
    inspectedAt = clock.now();
    return state === "alive";
  };

  /** Asks once a day whether a webhook is allowed by now. */
  const withoutHook = async (place: Place, objects: readonly MappedObject[]): Promise<ChangeBatch> => {
    const isDue = inspectedAt === null || clock.now() - inspectedAt >= inspectEveryMs;
    const next = isDue ? await begin() : place;
    const isFound = next.hook !== null;
    return {
      observations: [],
      cursor: JSON.stringify(isFound ? next : place),
      caughtUp: true,
      lost: isFound ? objects.map(({ object }) => object) : [],
    };
  };

  const pullFrom = async (place: Place, objects: readonly MappedObject[]): Promise<ChangeBatch> => {
    if (place.hook === null) return withoutHook(place, objects);
    if (!(await isSound({ ...place, hook: place.hook }))) return replace(place, objects);
    const observedAt = clock.now();
    const page = await hooks.payloads(place.hook, place.next);
    if (page === null) return replace(place, objects);
    const [userId, bound] = await Promise.all([deps.userId(), deps.bindAll(objects)]);
    const renewed = page.payloads.some(isDeath) ? await replace(place, objects) : null;
    const tables = new Map(bound.map((table) => [table.table.id, table]));
    const reading = readPayloads({ system: deps.system, tables, own: deps.own, userId, observedAt }, page.payloads);
    if (reading.schemaChanged) deps.forgetSchema();
    if (renewed !== null) return { ...renewed, observations: reading.observations };
    // An idle feed's cursor stays as it is, for most of a day: it need not be stored at every pull.
    const isIdle = page.cursor === place.next && observedAt - place.at < inspectEveryMs;
    const next: Place = isIdle ? place : { ...place, next: page.cursor, at: observedAt };
    return {
      observations: reading.observations,
      cursor: JSON.stringify(next),
      caughtUp: !page.mightHaveMore,
      lost: [],
    };
  };

  return {
    kind: "poll",
    intervalMs: deps.intervalMs,

    start: async () => JSON.stringify(await begin()),

    async pull({ objects, cursor }) {
      if (last?.from === cursor) return last.batch;
      const batch = await pullFrom(JSON.parse(cursor) as Place, objects);
      last = batch.cursor === cursor ? null : { from: cursor, batch };
      return batch;
    },
  };
}

/** The hook told that it is dead: nothing after this payload can be believed complete. */
function isDeath(payload: Record<string, unknown>): boolean {
  return payload["error"] === true;
}

/** A hook that can't be removed now expires by itself. */
function ignoreFailure(error: unknown): void {
  if (!(error instanceof SyncFailure)) throw error;
}
