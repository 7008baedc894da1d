import type { RawObservation } from "../model/observation.ts";
import type { ObjectName, SystemId } from "../model/record.ts";
import type { WebhookRequest, WebhookResult } from "../ports/connector.ts";
import { type CursorRow, type InboxItem, laneLive } from "../ports/store.ts";
import { ringWork } from "./bell.ts";
import { connectorOf, type Deps, mappedObjects } from "./deps.ts";

/** Where the place in a system's change feed is kept. */
function feedCursorName(system: SystemId): string {
  return `feed/${system}`;
}

/** Where it is kept that an object's feed lost its place and everything must be compared; the value `owed` says that it still must. */
export function sweepCursorName(system: SystemId, object: ObjectName): string {
  return `sweep/${system}/${object}`;
}

/** Marks the present place of a system's feed, before its first scan. Does nothing when there is a place already, or no feed. */
export async function startFeed(deps: Deps, system: SystemId): Promise<void> {
  const { feed } = connectorOf(deps, system);
  if (feed === null || (await deps.store.cursor(feedCursorName(system))) !== null) return;
  const value = await feed.start(mappedObjects(deps.policy, system));
  // Of several workers that start at once the first place counts: a later one would pass over what came between.
  await deps.store.setCursors([{ name: feedCursorName(system), value, at: deps.clock.now(), isFirst: true }]);
}

export type Pulled = {
  readonly count: number;
  readonly caughtUp: boolean;
  readonly lost: readonly ObjectName[];
  /** The place that is now stored. */
  readonly cursor: string | null;
};

/** Takes observations in, and stores cursors with them: when it resolves each is stored, or decided and that is stored. */
export type TakeIn = (items: readonly InboxItem[], cursors: readonly CursorRow[]) => Promise<unknown>;

/**
 * Takes the next batch of changes in. Observations and cursor are stored together, so the cursor never passes an event that is not stored
 * (I7); the pull after it tells the system so. `from` is the place that the last pull ended at; `null` asks the store.
 */
export async function pullFeed(
  deps: Deps,
  system: SystemId,
  from: string | null,
  waitMs: number,
  signal: AbortSignal,
  takeIn: TakeIn = deps.store.receive,
): Promise<Pulled> {
  const { feed } = connectorOf(deps, system);
  const cursor = from ?? (await deps.store.cursor(feedCursorName(system)));
  if (feed === null || cursor === null) return { count: 0, caughtUp: true, lost: [], cursor };
  const batch = await feed.pull({ objects: mappedObjects(deps.policy, system), cursor, waitMs, signal });
  const told = feed.kind === "stream" ? batch.observations.map(asPushed) : batch.observations;
  const items = told.map((observation) => liveItem(deps, observation, null));
  if (items.length > 0 || batch.lost.length > 0 || batch.cursor !== cursor) {
    const at = deps.clock.now();
    // With the new place goes the debt: should the process die before the sweep, the next one knows of it.
    const owed = batch.lost.map((object) => ({ name: sweepCursorName(system, object), value: "owed", at }));
    await takeIn(items, [{ name: feedCursorName(system), value: batch.cursor, at }, ...owed]);
  }
  if (items.length > 0) deps.tell({ kind: "received", system, count: items.length, from: "feed" });
  for (const object of batch.lost) deps.tell({ kind: "feed-lost", system, object });
  return { count: items.length, caughtUp: batch.caughtUp, lost: batch.lost, cursor: batch.cursor };
}

export type WebhookAnswer = { readonly status: number; readonly body: string; readonly wake: boolean };

/**
 * Verifies a webhook, stores what it says, and only then acknowledges (I8). A store that can't take it now answers 503: senders try again on
 * that, and give up on a 401 or 404.
 */
export async function receiveWebhook(deps: Deps, system: SystemId, request: WebhookRequest): Promise<WebhookAnswer> {
  const connector = connectorOf(deps, system);
  if (connector.webhook === undefined) return { status: 404, body: `System ${system} takes no webhooks.`, wake: false };
  const result: WebhookResult = connector.webhook(request);
  if (result.kind === "refused") return { status: result.status, body: result.reason, wake: false };
  const items = result.events.map(({ id, observation }) =>
    liveItem(deps, asPushed(observation), id === null ? null : `${system}/webhook/${id}`),
  );
  if (items.length > 0) {
    try {
      await deps.store.receive(items, []);
    } catch (error) {
      deps.tell({
        kind: "trouble",
        system,
        doing: "storing a webhook",
        code: "STORE",
        message: messageOf(error),
        retryInMs: 0,
      });
      return { status: 503, body: "The event could not be stored now; send it again.", wake: false };
    }
    deps.tell({ kind: "received", system, count: items.length, from: "webhook" });
    ringWork(deps.store);
  }
  return { status: 200, body: "", wake: result.wake };
}

function asPushed(observation: RawObservation): RawObservation {
  return observation.kind === "upsert" ? { ...observation, pushed: true } : observation;
}

function liveItem(deps: Deps, observation: RawObservation, dedupeKey: string | null): InboxItem {
  const now = deps.clock.now();
  return { id: deps.random.id(), dedupeKey, observation, lane: laneLive, receivedAt: now, dueAt: now, tries: 0 };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
