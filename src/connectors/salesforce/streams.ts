import type { RawObservation } from "../../model/observation.ts";
import type { ObjectName } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { MappedObject } from "../../ports/connector.ts";
import { objectOf, objectsOf, own, textOf } from "../../ports/json-object.ts";
import { type TellEventDeps, tellEvent } from "./change-event.ts";
import type { Client } from "./client.ts";
import { RefusedCall } from "./errors.ts";
import type { Replays } from "./place.ts";
import type { BoundObject } from "./schema.ts";
import type { PubSubLink, StreamEnd, Subscription } from "./subscription.ts";
import type { Session } from "./tokens.ts";

export type StreamDeps = TellEventDeps & {
  readonly clock: Clock;
  readonly link: PubSubLink;
  readonly onObject: <Result>(object: MappedObject, work: (bound: BoundObject) => Promise<Result>) => Promise<Result>;
};

export type Taken = {
  readonly observations: readonly RawObservation[];
  /** There may be more at once. */
  readonly isFull: boolean;
  /** Everything must be compared. */
  readonly lost: readonly ObjectName[];
  /** Something may have happened that events don't tell, as before a stream's beginning: these are to be polled now. */
  readonly unsure: readonly ObjectName[];
};

export type Streams = {
  /** Subscribes to what is selected and not subscribed to yet. */
  open(objects: readonly MappedObject[], replays: Replays, news: () => void): Promise<void>;
  /** Hands over what has come, and moves the places in `replays`. */
  take(objects: readonly MappedObject[], replays: Replays): Promise<Taken>;
  /** The object's changes come by themselves now. Nobody says when a stream begins: it is live from its first sign of life. */
  isLive(object: ObjectName): boolean;
  /** Some object is, or was a moment ago. */
  readonly isAny: boolean;
  /** Ends all subscriptions: the next `open` begins at the places it is given. */
  reset(): void;
};

type Entry = {
  subscription: Subscription | null;
  session: Session | null;
  isLive: boolean;
  /** Not to be opened before this. */
  retryAt: Instant;
  failures: number;
};

const selectionMs = 3_600_000;
const barredMs = 3_600_000;
const retryMsBase = 5_000;
const retryMsMax = 300_000;
const eventsMax = 500;

/** The change streams of an org's objects, opened again when they break. What they can't tell is left to polling. */
export function createStreams(deps: StreamDeps): Streams {
  const { client, clock, link } = deps;
  const entries = new Map<ObjectName, Entry>();
  let selected: { readonly names: ReadonlySet<string>; readonly until: Instant } | null = null;

  const selection = async (): Promise<ReadonlySet<string>> => {
    if (selected === null || clock.now() >= selected.until) {
      selected = { names: await selectedEntities(client), until: clock.now() + selectionMs };
    }
    return selected.names;
  };

  const settleEnd = (entry: Entry, end: StreamEnd): boolean => {
    entry.subscription = null;
    entry.isLive = false;
    const backoffMs = Math.min(retryMsMax, retryMsBase * 2 ** entry.failures);
    entry.failures++;
    if (end.kind === "lost") entry.retryAt = 0;
    else if (end.kind === "barred") entry.retryAt = clock.now() + barredMs;
    // The first time with another session at once; a session that is refused again is no better than a broken stream.
    else entry.retryAt = end.kind === "expired" && entry.failures === 1 ? 0 : clock.now() + backoffMs;
    return end.kind === "lost";
  };

  return {
    async open(objects, replays, news) {
      const names = await selection();
      for (const { object } of objects) {
        if (!names.has(entityOf(object))) continue;
        const entry = entries.get(object) ?? {
          subscription: null,
          session: null,
          isLive: false,
          retryAt: 0,
          failures: 0,
        };
        entries.set(object, entry);
        if (entry.subscription !== null || clock.now() < entry.retryAt) continue;
        const session = await client.session();
        entry.session = session;
        const after = replays.get(object) ?? null;
        entry.subscription = link.subscribe({ topic: `/data/${entityOf(object)}`, after, session, news });
      }
    },

    async take(objects, replays) {
      const observations: RawObservation[] = [];
      const [lost, unsure]: [ObjectName[], ObjectName[]] = [[], []];
      let isFull = false;
      for (const mapped of objects) {
        const { object } = mapped;
        const entry = entries.get(object);
        if (entry === undefined || entry.subscription === null) continue;
        const { subscription } = entry;
        const { events, reached } = subscription.take(eventsMax);
        if (events.length > 0) {
          const arrivedAt = clock.now();
          await deps.onObject(mapped, async (bound) => {
            for (const { event } of events) {
              if (event === null) unsure.push(object);
              else {
                const told = tellEvent(deps, bound, event, arrivedAt);
                observations.push(...told.observations);
                if (told.isLost) lost.push(object);
              }
            }
          });
          entry.failures = 0;
        }
        if (reached !== null) replays.set(object, reached);
        if (!entry.isLive && reached !== null) {
          entry.isLive = true;
          unsure.push(object);
        }
        isFull ||= events.length === eventsMax;
        if (subscription.end === null || events.length > 0) continue;
        if (subscription.end.kind === "expired" && entry.session !== null) client.expired(entry.session);
        if (settleEnd(entry, subscription.end)) replays.delete(object);
        unsure.push(object);
      }
      return { observations, isFull, lost, unsure };
    },

    isLive: (object) => entries.get(object)?.isLive === true,

    get isAny() {
      return entries.size > 0;
    },

    reset: () => {
      for (const entry of entries.values()) {
        entry.subscription?.close();
        entry.subscription = null;
        entry.isLive = false;
      }
    },
  };
}

/** `ContactChangeEvent`, `Invoice__ChangeEvent` */
function entityOf(object: ObjectName): string {
  return object.endsWith("__c") ? `${object.slice(0, -1)}ChangeEvent` : `${object}ChangeEvent`;
}

/** What the org has selected for Change Data Capture. A topic that is not selected would be silent for ever. */
async function selectedEntities(client: Client): Promise<ReadonlySet<string>> {
  const what = "asking what is selected for Change Data Capture";
  const soql = "SELECT SelectedEntity FROM PlatformEventChannelMember WHERE EventChannel = 'ChangeEvents'";
  try {
    const path = `tooling/query?q=${encodeURIComponent(soql)}`;
    const answer = objectOf(await client.call({ method: "GET", path, effect: "read", what })) ?? {};
    return new Set(objectsOf(own(answer, "records")).map((record) => textOf(own(record, "SelectedEntity"))));
  } catch (error) {
    // The integration user may not see the set-up: then all is polled.
    if (error instanceof RefusedCall) return new Set();
    throw error;
  }
}
