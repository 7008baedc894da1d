import { createHash } from "node:crypto";
import type { RawDelete, RawObservation, RawUpsert } from "../../model/observation.ts";
import type { ObjectName, RecordId, SystemId } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Instant } from "../../model/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ChangeFeed, MappedObject } from "../../ports/connector.ts";
import { createSeenVersions, type SeenVersions } from "../../ports/seen-versions.ts";
import { type Client, RefusedCall } from "./client.ts";
import { at, idOf, isYes, type Json, objectOf, textOf } from "./json.ts";
import { listPage, type Page, type Place } from "./list.ts";
import type { ChangesShape } from "./options.ts";
import { type Bound, changedIn, idIn, isDeleted, isOurs, revisionIn, upsertOf } from "./record.ts";
import { filled } from "./template.ts";

export type FeedDeps = {
  readonly system: SystemId;
  readonly client: Client;
  readonly clock: Clock;
  readonly intervalMs: number;
  bind(object: MappedObject): Bound;
};

/** `told` counts what was told, so that a pull with news ends at a place of its own, even where no state moved. */
type Cursor = { readonly told: number; readonly objects: Readonly<Record<ObjectName, State>> };

/** Where we are in one object's changes. `null` where nothing is asked. */
type State = SinceState | TokenState | ListState | null;
/**
 * `since`: ms, by the tool's clock; everything before it is stored. `high`: the latest change of this round. `isSecond`: this round repeats one of
 * several pages, as records that change while pages are turned can slip between two of them.
 */
type SinceState = {
  readonly since: Instant;
  readonly high: Instant;
  readonly place: Place | null;
  readonly news: boolean;
  readonly isSecond: boolean;
};
type TokenState = { readonly token: string | null };
type ListState = { readonly place: Place | null };

type Step = {
  readonly state: State;
  readonly observations: readonly RawObservation[];
  readonly done: boolean;
  readonly isLost: boolean;
};

const overlapMsDefault = 60_000;
/** How far the machine's clock is trusted where the tool does not tell its own. */
const slackMs = 60_000;

/** Changes by asking: for what changed since a moment, by a token, or for everything. One page with news of each object a pull, so batches stay small. */
export function createFeed(deps: FeedDeps): ChangeFeed {
  const seen = createSeenVersions();
  return {
    kind: "poll",
    intervalMs: deps.intervalMs,

    async start(objects) {
      const states: [ObjectName, State][] = [];
      for (const object of objects) states.push([object.object, await begin(deps, deps.bind(object))]);
      return JSON.stringify({ told: 0, objects: Object.fromEntries(states) } satisfies Cursor);
    },

    async pull({ objects, cursor, signal }) {
      seen.acknowledge(cursor);
      const { told, objects: states } = JSON.parse(cursor) as Cursor;
      const steps = await Promise.all(
        objects.map(async (object): Promise<readonly [ObjectName, Step]> => {
          const bound = deps.bind(object);
          const state = states[object.object];
          // An object that was added to the config since is scanned anyway; its feed begins now.
          if (state === undefined) return [object.object, still(await begin(deps, bound))];
          return [object.object, await stepToNews(deps, bound, state, seen, signal)];
        }),
      );
      const observations = steps.flatMap(([, one]) => one.observations);
      const next = JSON.stringify({
        told: told + observations.length,
        objects: Object.fromEntries(steps.map(([object, { state }]) => [object, state])),
      } satisfies Cursor);
      seen.handOver(next);
      return {
        observations,
        cursor: next,
        // After news the next pull comes at once: it says that they are stored, and often brings what came meanwhile.
        caughtUp: observations.length === 0 && steps.every(([, { done }]) => done),
        lost: steps.flatMap(([object, { isLost }]) => (isLost ? [object] : [])),
      };
    },
  };
}

async function begin(deps: FeedDeps, bound: Bound): Promise<State> {
  const { changes } = bound.shape;
  switch (changes?.type) {
    case "since": {
      const page = await listPage(deps.client, {
        shape: bound.shape,
        place: null,
        what: `listing ${bound.object.object}`,
      });
      return sinceState(page.at ?? deps.clock.now() - slackMs);
    }
    case "token":
      return { token: changes.start === undefined ? null : await firstToken(deps, bound, changes, changes.start) };
    case "list":
      return { place: null };
    default:
      return null;
  }
}

function still(state: State): Step {
  return { state, observations: [], done: true, isLost: false };
}

/** Pages that tell nothing new are turned at once: the place within a round is worth storing only with news. */
async function stepToNews(
  deps: FeedDeps,
  bound: Bound,
  from: State,
  seen: SeenVersions,
  signal: AbortSignal,
): Promise<Step> {
  let one = await step(deps, bound, from, seen);
  while (!one.done && one.observations.length === 0 && !signal.aborted) one = await step(deps, bound, one.state, seen);
  return one;
}

function sinceState(since: Instant, rest: Partial<SinceState> = {}): SinceState {
  return { since, high: since, place: null, news: false, isSecond: false, ...rest };
}

async function step(deps: FeedDeps, bound: Bound, state: State, seen: SeenVersions): Promise<Step> {
  const { changes } = bound.shape;
  if (changes?.type === "since" && state !== null && "since" in state)
    return stepSince(deps, bound, changes, state, seen);
  if (changes?.type === "token" && state !== null && "token" in state) return stepToken(deps, bound, changes, state);
  if (changes?.type === "list" && state !== null && "place" in state && !("since" in state))
    return stepList(deps, bound, state, seen);
  if (changes === undefined || changes.type === "none") return still(null);
  // The config asks in another way than before: what happened between is found by a sweep.
  return { state: await begin(deps, bound), observations: [], done: true, isLost: true };
}

type Since = ChangesShape & { readonly type: "since" };
type TokenChanges = ChangesShape & { readonly type: "token" };

async function stepSince(
  deps: FeedDeps,
  bound: Bound,
  changes: Since,
  state: SinceState,
  seen: SeenVersions,
): Promise<Step> {
  const { clock, client } = deps;
  const observedAt = clock.now();
  const moment = momentText(changes.format ?? "iso", Math.max(0, state.since - (changes.overlap ?? overlapMsDefault)));
  const query = Object.fromEntries(
    Object.entries(changes.query).map(([name, value]) => [name, filled(value, { since: moment })]),
  );
  const what = `asking for changes of ${bound.object.object}`;
  const page = await listPage(client, { shape: bound.shape, place: state.place, query, what });
  const observations = tell(deps, bound, page, observedAt, what, seen);
  // A moment in the future, from a wrong clock or an import, must not make the feed pass over all that comes before it.
  const now = page.at ?? clock.now();
  const moments = page.records
    .flatMap((record) => changedIn(bound.shape, record)?.from ?? [])
    .filter((one) => one <= now);
  const high = moments.reduce((a, b) => Math.max(a, b), state.high);
  const news = state.news || observations.length > 0;
  if (page.next !== null)
    return { state: { ...state, high, news, place: page.next }, observations, done: false, isLost: false };
  const isRepeated = news && state.place !== null && !state.isSecond;
  const next = isRepeated ? sinceState(state.since, { high, isSecond: true }) : sinceState(high);
  return { state: next, observations, done: !isRepeated, isLost: false };
}

async function stepList(deps: FeedDeps, bound: Bound, state: ListState, seen: SeenVersions): Promise<Step> {
  const observedAt = deps.clock.now();
  const what = `listing ${bound.object.object} for changes`;
  const page = await listPage(deps.client, { shape: bound.shape, place: state.place, lane: 2, what });
  const observations = tell(deps, bound, page, observedAt, what, seen);
  return { state: { place: page.next }, observations, done: page.next === null, isLost: false };
}

/** What a page tells that was not told before. */
function tell(
  deps: FeedDeps,
  bound: Bound,
  page: Page,
  observedAt: Instant,
  what: string,
  seen: SeenVersions,
): readonly RawObservation[] {
  const { shape, object } = bound;
  return page.records.flatMap((record): RawObservation[] => {
    if (!isOurs(shape, record)) return [];
    const id = idIn(shape, record, what);
    const said = isDeleted(shape, record)
      ? deletionOf(deps, bound, record, id, observedAt)
      : upsertOf(deps.system, bound, record, observedAt, what);
    const version = versionOf(said);
    if (seen.has(object.object, id, version)) return [];
    seen.add(object.object, id, version);
    return [said];
  });
}

function versionOf(said: RawUpsert | RawDelete): string {
  const content = JSON.stringify([said.kind, said.revision, said.kind === "upsert" ? said.cells : null]);
  return createHash("sha256").update(content).digest("base64url").slice(0, 22);
}

function deletionOf(
  { system }: FeedDeps,
  { shape, object }: Bound,
  record: Json,
  id: RecordId,
  observedAt: Instant,
): RawDelete {
  const ref = { system, object: object.object, id };
  return { kind: "delete", ref, revision: revisionIn(shape, record), observedAt, confirmed: true };
}

async function stepToken(deps: FeedDeps, bound: Bound, changes: TokenChanges, { token }: TokenState): Promise<Step> {
  const observedAt = deps.clock.now();
  const what = `asking for changes of ${bound.object.object}`;
  let body: Json;
  try {
    body = await ask(deps, changes, token, what);
  } catch (error) {
    if (!(error instanceof RefusedCall) || token === null || ![400, 404, 410, 422].includes(error.status)) throw error;
    return { state: await begin(deps, bound), observations: [], done: true, isLost: true };
  }
  const items = at(body, changes.items ?? "");
  const next = tokenIn(body, changes, what);
  if (!Array.isArray(items)) {
    throw new SyncFailure({ code: "SCHEMA", message: `${what}: the answer has no list at "${changes.items ?? ""}"` });
  }
  if (items.length > 0 && next === token) {
    throw new SyncFailure({ code: "SCHEMA", message: `${what}: changes came, but the token does not move on` });
  }
  const observations = items.flatMap((item) => changeOf(deps, bound, changes, item, observedAt, what));
  const hasMore = changes.more === undefined ? items.length > 0 : isYes(at(body, changes.more));
  return { state: { token: next }, observations, done: !hasMore, isLost: false };
}

function changeOf(
  deps: FeedDeps,
  bound: Bound,
  changes: TokenChanges,
  item: Json,
  observedAt: Instant,
  what: string,
): RawObservation[] {
  const { shape, object } = bound;
  const id = idOf(at(item, changes.id));
  if (id === undefined) {
    throw new SyncFailure({ code: "SCHEMA", message: `${what}: a change has no id at "${changes.id}"` });
  }
  const ref = { system: deps.system, object: object.object, id };
  const record = changes.record === undefined ? undefined : at(item, changes.record);
  if (changes.deleted !== undefined && isYes(at(item, changes.deleted))) {
    // Its mark of the object is gone with it; what was never known is passed over by whoever reads this.
    return [{ kind: "delete", ref, revision: revisionIn(shape, record), observedAt, confirmed: true }];
  }
  if (objectOf(record) === undefined) return [{ kind: "hint", ref, revision: null, observedAt }];
  if (!isOurs(shape, record)) return [];
  if (isDeleted(shape, record)) return [deletionOf(deps, bound, record, id, observedAt)];
  return [upsertOf(deps.system, bound, record, observedAt, what)];
}

async function firstToken(deps: FeedDeps, bound: Bound, changes: TokenChanges, start: string): Promise<string> {
  const what = `asking where the changes of ${bound.object.object} stand`;
  return tokenIn(await ask(deps, changes, start, what), changes, what);
}

async function ask({ client }: FeedDeps, changes: TokenChanges, token: string | null, what: string): Promise<Json> {
  const query = { ...changes.query, ...(token === null ? {} : { [changes.param]: token }) };
  return (await client.call({ method: "GET", path: changes.path, query, effect: "read", what })).body;
}

function tokenIn(body: Json, changes: TokenChanges, what: string): string {
  const next = textOf(at(body, changes.next));
  if (next !== "") return next;
  throw new SyncFailure({ code: "SCHEMA", message: `${what}: the answer has no token at "${changes.next}"` });
}

function momentText(format: NonNullable<Since["format"]>, ms: Instant): string {
  switch (format) {
    case "iso":
      return new Date(ms).toISOString();
    case "date":
      return new Date(ms).toISOString().slice(0, 10);
    case "seconds":
      return String(Math.floor(ms / 1_000));
    case "milliseconds":
      return String(ms);
  }
}
