import { createHash } from "node:crypto";
import type { RawUpsert } from "../../model/observation.ts";
import type { ObjectName, SystemId } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ChangeFeed, MappedObject } from "../../ports/connector.ts";
import { createSeenVersions } from "../../ports/seen-versions.ts";
import type { Json } from "./json.ts";
import type { Place, Reader } from "./read.ts";
import { modifiedAt, upsertOf } from "./records.ts";
import type { Bound } from "./schema.ts";

export type FeedDeps = {
  readonly system: SystemId;
  readonly clock: Clock;
  readonly reader: Reader;
  readonly intervalMs: number;
  bind(object: MappedObject): Promise<Bound>;
  /** Sees to it that webhooks are told, where that is wanted. */
  listen(): Promise<void>;
};

/**
 * `since`: everything that was changed before it, by the account's clock, is stored. `high`: the latest change of this round. `place`: where in the
 * list the round is.
 */
type State = { readonly since: Instant; readonly high: Instant; readonly place: Place | null };
type Cursor = { readonly told: number; readonly objects: Readonly<Record<ObjectName, State>> };

/** How the filter takes its time is not documented, nor in which zone: so it is asked for a day more, and compared here. */
const askedMoreMs = 86_400_000;
/** Changes are told in whole seconds, and one may be seen late. */
const overlapMs = 600_000;
/** Records of a pull, about. */
const pullMax = 500;

/** Changes by asking for what was modified. Modified it is by much that concerns nobody, such as an opened mail: contents are compared. */
export function createFeed(deps: FeedDeps): ChangeFeed {
  const { system, clock, reader, intervalMs } = deps;
  const seen = createSeenVersions();

  /** One page of what changed in an object. */
  const step = async (
    bound: Bound,
    state: State,
  ): Promise<{ observations: RawUpsert[]; state: State; done: boolean }> => {
    const from = state.since - overlapMs;
    // Accounts have no such filter: all of them are listed.
    const asked = new Date(Math.max(0, from - askedMoreMs)).toISOString();
    const query = bound.name === "accounts" ? "" : `filters[updated_after]=${encodeURIComponent(asked)}`;
    let high = state.high;
    const now = clock.now();
    const wanted = (record: Json) => {
      const at = modifiedAt(record);
      // A moment in the future, from a wrong clock, must not make the feed pass over all that comes before it.
      if (at !== null && at > high && at <= now) high = at;
      return at === null || at >= from;
    };
    const { held, next } = await reader.page(bound, { place: state.place, query, wanted, lane: 0 });
    const observations = held.flatMap((one) => {
      const said = upsertOf(system, bound, one);
      const version = createHash("sha256").update(JSON.stringify(said.cells)).digest("base64url").slice(0, 22);
      if (seen.has(bound.object.object, one.id, version)) return [];
      seen.add(bound.object.object, one.id, version);
      return [said];
    });
    if (next !== null) return { observations, state: { ...state, high, place: next }, done: false };
    return { observations, state: { since: high, high, place: null }, done: true };
  };

  return {
    kind: "poll",
    intervalMs,

    async start(objects) {
      await deps.listen();
      const since = clock.now() - overlapMs;
      const states = objects.map(({ object }) => [object, { since, high: since, place: null } satisfies State]);
      return JSON.stringify({ told: 0, objects: Object.fromEntries(states) } satisfies Cursor);
    },

    async pull({ objects, cursor, signal }) {
      seen.acknowledge(cursor);
      await deps.listen();
      const { told, objects: states } = JSON.parse(cursor) as Cursor;
      const next: Record<ObjectName, State> = {};
      const observations: RawUpsert[] = [];
      const lost: ObjectName[] = [];
      let isDone = true;
      for (const object of objects) {
        const known = states[object.object];
        // New to the mapping: it is scanned anyway, and its feed begins now.
        const since = clock.now() - overlapMs;
        let state = known ?? { since, high: since, place: null };
        if (known === undefined) lost.push(object.object);
        else {
          const bound = await deps.bind(object);
          for (let done = false; !done; ) {
            if (observations.length >= pullMax || signal.aborted) {
              isDone = false;
              break;
            }
            const one = await step(bound, state);
            observations.push(...one.observations);
            ({ state, done } = one);
          }
        }
        next[object.object] = state;
      }
      const place: Cursor = { told: told + observations.length, objects: next };
      const text = JSON.stringify(place);
      seen.handOver(text);
      return { observations, cursor: text, caughtUp: isDone && observations.length === 0, lost };
    },
  };
}
