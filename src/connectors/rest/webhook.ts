import type { RawObservation } from "../../model/observation.ts";
import type { ObjectName } from "../../model/record.ts";
import type { MappedObject, WebhookRequest, WebhookResult } from "../../ports/connector.ts";
import { at, idOf, type Json, objectOf, parseJson, textOf } from "./json.ts";
import type { RestOptions, WebhookShape } from "./options.ts";
import { type Bound, isDeleted, isOurs, revisionIn, upsertOf } from "./record.ts";
import { signatureProblem } from "./signature.ts";

/**
 * Judges a webhook. A record in it counts as told only where it carries its place in the order of versions: without one, a late or repeated event
 * could not be told from news, so the record is read instead.
 */
export function judgeWebhook(
  { system, objects }: Pick<RestOptions, "system" | "objects">,
  shape: WebhookShape,
  bind: (object: ObjectName) => Bound | null,
  request: WebhookRequest,
): WebhookResult {
  const refusal = signatureProblem(shape.verify, request);
  if (refusal !== null) return { kind: "refused", status: 401, reason: refusal };
  const body = parsed(request.body);
  const events = at(body, shape.events ?? "");
  const list = Array.isArray(events) ? events : [events];
  if (body === undefined || list.some((event) => objectOf(event) === undefined)) {
    return { kind: "refused", status: 400, reason: "the body is no JSON event" };
  }
  const only = Object.keys(objects).length === 1 ? Object.keys(objects)[0] : undefined;
  const heard = list.map((event) => {
    const name = shape.object === undefined ? only : shape.object.is[textOf(at(event, shape.object.at))];
    const bound = name === undefined ? null : bind(name);
    return { event, bound, id: idOf(at(event, shape.id)) };
  });
  const nameless = heard.find(({ bound, id }) => bound !== null && id === undefined);
  if (nameless !== undefined)
    return { kind: "refused", status: 400, reason: `an event has no record id at "${shape.id}"` };
  return {
    kind: "accepted",
    // Events about objects that are not mapped concern nobody.
    events: heard.flatMap(({ event, bound, id }) =>
      bound === null || id === undefined
        ? []
        : [
            {
              id: eventIdOf(shape, event, request, list.length),
              observation: observationOf(system, shape, bound, id, event, request),
            },
          ],
    ),
    wake: false,
  };
}

function observationOf(
  system: string,
  shape: WebhookShape,
  bound: Bound,
  id: string,
  event: Json,
  { receivedAt }: WebhookRequest,
): RawObservation {
  const { object } = bound.object as MappedObject;
  const ref = { system, object, id };
  const hint: RawObservation = { kind: "hint", ref, revision: null, observedAt: receivedAt };
  const record = shape.record === undefined ? undefined : at(event, shape.record);
  // Confirmed by the read that a hint leads to: a redelivered event must not delete what was made anew.
  if (shape.deleted?.is.includes(textOf(at(event, shape.deleted.at))) === true) return hint;
  if (objectOf(record) === undefined || !isOurs(bound.shape, record) || isDeleted(bound.shape, record)) return hint;
  if (revisionIn(bound.shape, record) === null || idOf(at(record, bound.shape.id ?? "id")) !== id) return hint;
  const told = upsertOf(system, bound, record, receivedAt, "a webhook");
  return shape.carries === "partial" ? mentionedOnly(bound, record, told) : told;
}

/** A record in part says nothing of the fields that it leaves out, whatever that means elsewhere. */
function mentionedOnly(bound: Bound, record: Json, told: RawObservation & { readonly kind: "upsert" }): RawObservation {
  const strict = upsertOf(
    told.ref.system,
    { ...bound, shape: { ...bound.shape, absent: "unknown" } },
    record,
    told.observedAt,
    "a webhook",
  );
  return { ...strict, complete: false };
}

/** By its own id; Standard Webhooks have one for each message. */
function eventIdOf(shape: WebhookShape, event: Json, { headers }: WebhookRequest, count: number): string | null {
  if (shape.eventId !== undefined) return idOf(at(event, shape.eventId)) ?? null;
  return shape.verify.type === "standard" && count === 1 ? (headers["webhook-id"] ?? null) : null;
}

function parsed(body: Uint8Array): Json {
  try {
    return parseJson(Buffer.from(body).toString("utf8"));
  } catch {
    return undefined;
  }
}
