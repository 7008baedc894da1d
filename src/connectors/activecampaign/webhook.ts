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
  const form = formOf(Buffer.from(request.body).toString("utf8"));
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

/** The event's fields by the keys of PHP, `contact[id]`, also where they come as JSON. */
function formOf(body: string): { readonly get: (key: string) => string | null } {
  if (!body.trimStart().startsWith("{")) return new URLSearchParams(body);
  const fields = new Map<string, string>();
  const collect = (value: unknown, key: string) => {
    if (typeof value === "string" || typeof value === "number") fields.set(key, String(value));
    if (typeof value !== "object" || value === null) return;
    for (const [name, inner] of Object.entries(value)) collect(inner, key === "" ? name : `${key}[${name}]`);
  };
  try {
    collect(JSON.parse(body), "");
  } catch {
    // No event, then.
  }
  return { get: (key) => fields.get(key) ?? null };
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
