import { createHmac } from "node:crypto";
import type { Notice } from "../../model/alert.ts";
import type { Instant } from "../../model/time.ts";
import { noticeText } from "./alert-text.ts";
import { post } from "./post.ts";

/**
 * The notice as JSON. `truce-signature: t=SECONDS,v1=HEX` is the HMAC-SHA256 of "SECONDS.BODY" under the route's secret: receivers compare it
 * over the raw bytes, and refuse what is old.
 */
export function sendWebhook(
  { url, secret }: { readonly url: string; readonly secret: string | null },
  notice: Notice,
  now: Instant,
): Promise<void> {
  const body = JSON.stringify({ ...notice, text: noticeText(notice) });
  const seconds = Math.floor(now / 1_000);
  if (secret === null) return post(url, body);
  const digest = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
  return post(url, body, { "truce-signature": `t=${seconds},v1=${digest}` });
}
