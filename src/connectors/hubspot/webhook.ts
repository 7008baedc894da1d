import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { RawObservation } from "../../model/observation.ts";
import type { ObjectName, SystemId } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import type { WebhookRequest, WebhookResult } from "../../ports/connector.ts";
import { type JsonObject, objectOf, own, textOf } from "../../ports/json-object.ts";
import { idOf, parseKeepingIds } from "./json.ts";
import { typeIdOf } from "./object-name.ts";

export type WebhookDeps = {
  readonly system: SystemId;
  readonly secrets: readonly string[];
  /** The name under which Truce knows a type id; `null` for one that is not mapped. */
  readonly objectOf: (typeId: string) => ObjectName | null;
};

/** HubSpot's own bound: a request older than this is a replay. */
const ageMsMax = 5 * 60_000;
const eventsMax = 1000;

/**
 * Verifies signature v3 over the raw bytes, then takes the events for hints: HubSpot sends them out of order, more than once, with event ids that
 * repeat, and without the values of sensitive properties, so each record is read. Only a merge is believed as it stands: it can't be undone.
 */
export function judgeWebhook(deps: WebhookDeps, request: WebhookRequest): WebhookResult {
  const reason = distrust(deps.secrets, request);
  if (reason !== null) return { kind: "refused", status: 401, reason };
  let body: unknown;
  try {
    body = parseKeepingIds(new TextDecoder("utf-8", { fatal: true }).decode(request.body));
  } catch {
    return { kind: "refused", status: 400, reason: "the body is no JSON" };
  }
  if (!Array.isArray(body) || body.length > eventsMax) {
    return { kind: "refused", status: 400, reason: "the body is no list of events" };
  }
  const events: { readonly id: string; readonly observation: RawObservation }[] = [];
  let wake = false;
  for (const json of body) {
    const event = objectOf(json);
    const told = event === undefined ? null : observationsOf(deps, event, request.receivedAt);
    // An event that we can't place is no reason to refuse the others: HubSpot would send them all again.
    if (event === undefined || told === null) wake = true;
    else told.forEach((observation, i) => void events.push({ id: `${eventId(event)}.${i}`, observation }));
  }
  return { kind: "accepted", events, wake };
}

/** Why the request is not HubSpot's; `null` if it is. */
function distrust(secrets: readonly string[], request: WebhookRequest): string | null {
  const { headers, receivedAt } = request;
  const signature = headers["x-hubspot-signature-v3"];
  const timestamp = headers["x-hubspot-request-timestamp"];
  if (signature === undefined || timestamp === undefined) return "the request has no v3 signature";
  const ageMs = receivedAt - Number(timestamp);
  if (!/^\d+$/.test(timestamp) || Math.abs(ageMs) > ageMsMax)
    return "the request's timestamp is not of the last 5 minutes";
  // Digests of equal length: comparing them tells nothing about where they differ, nor about the lengths.
  const given = createHash("sha256").update(signature).digest();
  let isValid = false;
  for (const secret of secrets) {
    const expected = createHash("sha256")
      .update(sign(secret, request, timestamp))
      .digest();
    isValid = timingSafeEqual(given, expected) || isValid;
  }
  return isValid ? null : "the request's signature does not match";
}

function sign(secret: string, { method, url, body }: WebhookRequest, timestamp: string): string {
  const hmac = createHmac("sha256", secret).update(method + decodeSome(url));
  return hmac.update(body).update(timestamp).digest("base64");
}

/** HubSpot signs the URL with just these characters decoded. */
function decodeSome(url: string): string {
  return url.replace(/%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)/gi, (escaped) => decodeURIComponent(escaped));
}

/** What an event says, `null` if it can't be told what it is about. An event about an object that is not mapped says nothing. */
function observationsOf(deps: WebhookDeps, event: JsonObject, receivedAt: Instant): readonly RawObservation[] | null {
  const type = textOf(own(event, "subscriptionType")) || textOf(own(event, "eventType"));
  const [word = "", kind = ""] = type.split(".");
  if (kind === "associationChange") return endsOf(deps, event, word, receivedAt);
  const typeId = word === "object" ? textOf(own(event, "objectTypeId")) : typeIdOf(word);
  if (!typeId) return null;
  const object = deps.objectOf(typeId);
  if (object === null) return [];
  const about = (id: string) => ({ ref: { system: deps.system, object, id }, revision: null, observedAt: receivedAt });
  if (kind === "merge") {
    const survivor = idOf(own(event, "newObjectId")) ?? idOf(own(event, "primaryObjectId"));
    const merged = own(event, "mergedObjectIds");
    if (survivor === undefined || !Array.isArray(merged)) return null;
    const all = [own(event, "primaryObjectId"), ...merged].flatMap((id) => idOf(id) ?? []);
    const losers = [...new Set(all)].filter((id) => id !== survivor);
    return [
      { kind: "merge", ...about(survivor), losers },
      { kind: "hint", ...about(survivor) },
    ];
  }
  const id = idOf(own(event, "objectId"));
  return id === undefined ? null : [{ kind: "hint", ...about(id) }];
}

/**
 * An association has two ends, and each may have a cell for it. Of what type they are is in `CONTACT_TO_COMPANY`, in ids of types, or only in the
 * subscription's own word, which is about the first.
 */
function endsOf(
  { system, objectOf: nameOf }: WebhookDeps,
  event: JsonObject,
  word: string,
  receivedAt: Instant,
): readonly RawObservation[] | null {
  const [first = "", second = ""] = textOf(own(event, "associationType")).toLowerCase().split("_to_");
  const ends = [
    [own(event, "fromObjectId"), textOf(own(event, "fromObjectTypeId")) || typeIdOf(first) || typeIdOf(word)],
    [own(event, "toObjectId"), textOf(own(event, "toObjectTypeId")) || typeIdOf(second)],
  ] as const;
  const known = ends.flatMap(([id, typeId]) => {
    const recordId = idOf(id);
    return recordId === undefined || !typeId ? [] : [{ id: recordId, object: nameOf(typeId) }];
  });
  if (known.length === 0) return null;
  return known.flatMap(({ id, object }): RawObservation[] =>
    object === null ? [] : [{ kind: "hint", ref: { system, object, id }, revision: null, observedAt: receivedAt }],
  );
}

/** Event ids repeat, so an event is told apart by what it says; the value may be personal, so only its digest goes in. */
function eventId(event: JsonObject): string {
  const keys = [
    "subscriptionId",
    "objectId",
    "fromObjectId",
    "toObjectId",
    "propertyName",
    "occurredAt",
    "propertyValue",
  ];
  const said = keys.map((key) => own(event, key) ?? null);
  const kinds = [
    "subscriptionType",
    "eventType",
    "newObjectId",
    "changeFlag",
    "associationTypeId",
    "associationRemoved",
  ].map((key) => own(event, key) ?? null);
  return createHash("sha256")
    .update(JSON.stringify([said, kinds]))
    .digest("base64url");
}
