import { createHmac, timingSafeEqual } from "node:crypto";
import type { WebhookRequest, WebhookResult } from "../../ports/connector.ts";

/** The secrets of our webhooks, by webhook id; several while one replaces another. */
export type PingSecrets = ReadonlyMap<string, string>;

/**
 * Judges a ping. It carries no data and only wakes the feed, so a late or repeated one does no harm and no time window is kept.
 * Signature: HMAC-SHA-256 over the raw body, keyed with the base64-decoded secret.
 */
export function judgePing(request: WebhookRequest, baseId: string, secrets: PingSecrets): WebhookResult {
  const header = request.headers["x-airtable-content-mac"] ?? "";
  const isSigned = [...secrets.values()].some((secret) => isSignedWith(secret, header, request.body));
  if (!isSigned) return { kind: "refused", status: 401, reason: "the signature is missing or wrong" };
  if (baseOf(request.body) !== baseId) {
    return { kind: "refused", status: 400, reason: "this is not a ping about the base" };
  }
  return { kind: "accepted", events: [], wake: true };
}

function isSignedWith(secret: string, header: string, body: Uint8Array): boolean {
  const wanted = createHmac("sha256", Buffer.from(secret, "base64")).update(body).digest();
  const given = Buffer.from(/^hmac-sha256=([0-9a-f]{64})$/i.exec(header)?.[1] ?? "", "hex");
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function baseOf(body: Uint8Array): unknown {
  try {
    return (JSON.parse(Buffer.from(body).toString()) as { base?: { id?: unknown } } | null)?.base?.id;
  } catch {
    return undefined;
  }
}
