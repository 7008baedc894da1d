import { createHash, timingSafeEqual } from "node:crypto";
import type { RawObservation } from "../../model/observation.ts";
import type { SystemId } from "../../model/record.ts";
import type { WebhookRequest, WebhookResult } from "../../ports/connector.ts";
import type { Name } from "./schema.ts";

/**
 * Judges a webhook: one event, as a form in the keys of PHP. Nothing is signed; that the address holds the secret is all there is. So it is believed
 * only that something happened to a record, and the record is read.
 */
export function judgeWebhook(system: SystemId, secret: string | undefined, request: WebhookRequest): WebhookResult {
  const key = new URL(request.url).searchParams.get("key") ?? "";
  if (secret === undefined || !isSame(key, secret))
    return { kind: "refused", status: 401, reason: "the address does not hold our key" };
  const form = new URLSearchParams(Buffer.from(request.body).toString("utf8"));
  const type = form.get("type") ?? "";
  const name = objectOf(type);
  const id = form.get(`${name.slice(0, -1)}[id]`) ?? form.get(`${name.slice(0, -1)}id`) ?? "";
  if (type === "") return { kind: "refused", status: 400, reason: "the body is no event" };
  // Events about other things concern nobody.
  if (!/^\d+$/u.test(id)) return { kind: "accepted", events: [], wake: true };
  const observation: RawObservation = {
    kind: "hint",
    ref: { system, object: name, id },
    revision: null,
    observedAt: request.receivedAt,
  };
  return { kind: "accepted", events: [{ id: null, observation }], wake: true };
}

/** A deal's or account's event also tells of its contact. */
function objectOf(type: string): Name {
  if (type.startsWith("deal_")) return "deals";
  return /^account_(?:add|update)/u.test(type) ? "accounts" : "contacts";
}

function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
