import { createHmac } from "node:crypto";
import { createDeliverer, type Deliverer } from "../core/deliver.ts";
import type { FaultBoard } from "../core/fault.ts";
import type { SeededRandom } from "../core/random.ts";
import type { SandboxAnswer } from "../core/serve.ts";
import { isObject, type JsonObject, objectsIn, stringIn, wholeNumber } from "./body.ts";
import type { PortalEvent } from "./portal.ts";
import { badRequest, notFound } from "./refusal.ts";
import { iso } from "./render.ts";

/** One entry of a webhook's body. */
export type WebhookEvent = Readonly<Record<string, string | number | boolean | readonly number[]>>;

export type Subscription = {
  readonly id: string;
  readonly eventType: string;
  readonly propertyName?: string;
  readonly objectTypeId?: string;
  readonly active: boolean;
  readonly createdAt: string;
  readonly updatedAt?: string;
};

export type SavedWebhooks = { readonly targetUrl: string | null; readonly subscriptions: readonly Subscription[] };

export type Webhooks = {
  hear(event: PortalEvent): void;
  /** Answers below `/webhooks/v3/{appId}`. */
  answer(method: string, rest: readonly string[], body: () => JsonObject): SandboxAnswer | null;
  subscribe(
    targetUrl: string,
    subscriptions: readonly { eventType: string; propertyName?: string; objectTypeId?: string }[],
  ): void;
  settled(): Promise<void>;
  counts(): { readonly delivered: number; readonly failed: number };
  snapshot(): SavedWebhooks;
  restore(saved: SavedWebhooks): void;
  close(): void;
};

export type WebhookOptions = {
  readonly portalId: number;
  readonly appId: number;
  readonly secret: string;
  readonly now: () => number;
  readonly speed: number;
  readonly faults: FaultBoard;
  readonly random: SeededRandom;
};

const eventsPerRequestMax = 100;
const subscriptionsMax = 1000;
/** Events of so many ms share a request. */
const gatherMs = 500;
/** Ten retries over 24 hours. */
const retryDelaysMs = [1, 2, 5, 15, 30, 60, 120, 240, 400, 567].map((minutes) => minutes * 60_000);
const timeoutMs = 5000;

/** Webhooks v3 of one app: its settings, subscriptions and deliveries, signed with signature v3. */
export function createWebhooks(options: WebhookOptions): Webhooks {
  const { random, now, speed } = options;
  let targetUrl: string | null = null;
  let subscriptions: Subscription[] = [];
  let gathered: WebhookEvent[] = [];
  let timer: NodeJS.Timeout | null = null;
  let lastEventId = 0;

  const deliverer: Deliverer<WebhookEvent> = createDeliverer<WebhookEvent>({
    faults: options.faults,
    random,
    retryDelaysMs: retryDelaysMs.map((ms) => ms / speed),
    timeoutMs,
    sign: ({ url, events, attempt }) => {
      const body = JSON.stringify(events.map((event) => ({ ...event, attemptNumber: attempt })));
      const timestamp = String(now());
      return {
        body,
        headers: {
          "content-type": "application/json",
          "x-hubspot-signature-version": "v1",
          "x-hubspot-request-timestamp": timestamp,
          "x-hubspot-signature-v3": signatureV3(options.secret, "POST", url, body, timestamp),
        },
      };
    },
  });
  const flush = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const events = gathered;
    gathered = [];
    for (let at = 0; at < events.length; at += eventsPerRequestMax) {
      if (targetUrl !== null) deliverer.send(targetUrl, events.slice(at, at + eventsPerRequestMax));
    }
  };
  const gather = (event: WebhookEvent) => {
    gathered.push(event);
    if (timer !== null) return;
    timer = setTimeout(flush, gatherMs / speed);
    timer.unref();
  };
  const add = (draft: {
    eventType: string;
    propertyName?: string;
    objectTypeId?: string;
    active: boolean;
  }): Subscription => {
    if (subscriptions.length >= subscriptionsMax)
      throw badRequest(`At most ${subscriptionsMax} subscriptions are allowed`);
    checkSubscription(draft);
    const subscription = { id: String(1000 + random.below(9_000_000)), createdAt: iso(now()), ...draft };
    subscriptions.push(subscription);
    return subscription;
  };

  return {
    hear: (event) => {
      for (const subscription of subscriptions) {
        if (!subscription.active || !concerns(subscription, event)) continue;
        // Event ids are documented as not unique.
        const eventId = lastEventId !== 0 && random.chance(0.05) ? lastEventId : 1 + random.below(2 ** 32 - 1);
        lastEventId = eventId;
        gather(render(options, subscription, event, eventId));
      }
    },
    subscribe: (url, drafts) => {
      targetUrl = url;
      for (const draft of drafts) add({ ...draft, active: true });
    },
    answer: (method, [what, id, ...more], body) => {
      if (what === "settings" && id === undefined) {
        if (method === "DELETE") targetUrl = null;
        else if (method === "PUT") targetUrl = stringIn(body(), "targetUrl");
        else if (method !== "GET") return null;
        if (method === "DELETE") return { status: 204, body: null };
        if (targetUrl === null) throw notFound(String(options.appId));
        const throttling = { maxConcurrentRequests: 10 };
        return { status: 200, body: { targetUrl, throttling, createdAt: iso(now()), updatedAt: iso(now()) } };
      }
      if (what !== "subscriptions") return null;
      if (id === "batch" && more[0] === "update" && method === "POST") {
        const results = objectsIn(body(), "inputs").map((input) => setActive(stringIn(input, "id"), input));
        return { status: 200, body: { status: "COMPLETE", results, startedAt: iso(now()), completedAt: iso(now()) } };
      }
      if (id === undefined) {
        if (method === "GET") return { status: 200, body: { results: subscriptions } };
        return method === "POST" ? { status: 201, body: add(draftOf(body())) } : null;
      }
      if (!subscriptions.some((one) => one.id === id)) throw notFound(id);
      if (method === "GET") return { status: 200, body: subscriptions.find((one) => one.id === id)! };
      if (method === "PATCH") return { status: 200, body: setActive(id, body()) };
      if (method !== "DELETE") return null;
      subscriptions = subscriptions.filter((one) => one.id !== id);
      return { status: 204, body: null };
    },
    settled: async () => {
      flush();
      await deliverer.settled();
    },
    counts: () => ({ ...deliverer.counts }),
    snapshot: () => ({ targetUrl, subscriptions }),
    restore: (saved) => {
      targetUrl = saved.targetUrl;
      subscriptions = [...saved.subscriptions];
    },
    close: () => {
      if (timer !== null) clearTimeout(timer);
      deliverer.close();
    },
  };

  function setActive(id: string, body: JsonObject): Subscription {
    const index = subscriptions.findIndex((one) => one.id === id);
    const found = subscriptions[index];
    if (found === undefined) throw notFound(id);
    const changed = { ...found, active: body["active"] === true, updatedAt: iso(now()) };
    subscriptions[index] = changed;
    return changed;
  }
}

/** base64 HMAC-SHA-256 over method, full URL, body and timestamp. */
function signatureV3(secret: string, method: string, url: string, body: string, timestamp: string): string {
  return createHmac("sha256", secret).update(`${method}${url}${body}${timestamp}`).digest("base64");
}

const kinds = ["creation", "deletion", "merge", "restore", "propertyChange", "associationChange"];
const objects = ["contact", "company", "deal", "ticket", "product", "line_item", "object"];

function checkSubscription(draft: {
  readonly eventType: string;
  readonly propertyName?: string;
  readonly objectTypeId?: string;
}): void {
  const [object = "", kind = ""] = draft.eventType.split(".");
  const known = draft.eventType === "contact.privacyDeletion" || (objects.includes(object) && kinds.includes(kind));
  if (!known) throw badRequest(`Unknown event type: ${draft.eventType}`);
  if (kind === "propertyChange" && !draft.propertyName) throw badRequest("propertyChange needs a propertyName");
  if (draft.propertyName === "hs_lastmodifieddate" || draft.propertyName === "lastmodifieddate") {
    throw badRequest(`${draft.propertyName} cannot be subscribed to`);
  }
  if (object === "object" && !draft.objectTypeId) throw badRequest(`${draft.eventType} needs an objectTypeId`);
}

function draftOf(body: JsonObject) {
  if (!isObject(body)) throw badRequest("an object was expected");
  const { propertyName, objectTypeId } = body;
  return {
    eventType: stringIn(body, "eventType"),
    ...(typeof propertyName === "string" ? { propertyName } : {}),
    ...(typeof objectTypeId === "string" ? { objectTypeId } : {}),
    active: body["active"] === true,
  };
}

function concerns(subscription: Subscription, event: PortalEvent): boolean {
  const [object, kind] = subscription.eventType.split(".");
  const { type } = event.table;
  const ownObject =
    object === "object" ? subscription.objectTypeId === type.id : object === type.singular && !type.custom;
  if (!ownObject || kind !== event.kind) return false;
  return event.kind !== "propertyChange" || event.name === subscription.propertyName;
}

function render(
  options: WebhookOptions,
  subscription: Subscription,
  event: PortalEvent,
  eventId: number,
): WebhookEvent {
  const { actor } = event;
  const common = {
    eventId,
    subscriptionId: Number(subscription.id),
    portalId: options.portalId,
    appId: options.appId,
    occurredAt: options.now(),
    subscriptionType: subscription.eventType,
    changeSource: actor.sourceType,
    ...(actor.sourceId === null ? {} : { sourceId: actor.sourceId }),
    ...(subscription.objectTypeId === undefined ? {} : { objectTypeId: subscription.objectTypeId }),
  };
  switch (event.kind) {
    case "propertyChange":
      return {
        ...common,
        objectId: numeric(event.id),
        propertyName: event.name,
        propertyValue: event.value,
        isSensitive: false,
      };
    case "creation":
      return { ...common, objectId: numeric(event.id), changeFlag: "CREATED" };
    case "deletion":
    case "privacyDeletion":
      return { ...common, objectId: numeric(event.id), changeFlag: "DELETED" };
    case "restore":
      return { ...common, objectId: numeric(event.id), changeFlag: "RESTORED" };
    case "merge":
      return {
        ...common,
        objectId: numeric(event.id),
        primaryObjectId: numeric(event.primaryId),
        mergedObjectIds: event.mergedIds.map(numeric),
        newObjectId: numeric(event.id),
        numberOfPropertiesMoved: event.moved,
      };
    case "associationChange":
      return {
        ...common,
        associationType: `${event.table.type.singular}_TO_${event.to.table.type.singular}`.toUpperCase(),
        associationTypeId: event.typeId,
        associationCategory: "HUBSPOT_DEFINED",
        fromObjectId: numeric(event.id),
        toObjectId: numeric(event.to.id),
        associationRemoved: event.removed,
        isPrimaryAssociation: [1, 2, 5, 6, 25, 26].includes(event.typeId),
      };
  }
}

/** Webhooks carry ids as JSON numbers. */
function numeric(id: string): number {
  return wholeNumber(id, "id", 0);
}
