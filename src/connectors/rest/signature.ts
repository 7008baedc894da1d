import { createHmac, timingSafeEqual } from "node:crypto";
import type { WebhookRequest } from "../../ports/connector.ts";
import type { VerifyShape } from "./options.ts";
import { filled } from "./template.ts";

const toleranceMsDefault = 300_000;

/** Why a webhook is not believed, or `null` where it is. Over the raw bytes, in constant time; each secret counts while one replaces the other. */
export function signatureProblem(verify: VerifyShape, request: WebhookRequest): string | null {
  switch (verify.type) {
    case "path":
      return pathProblem(verify.secrets, request);
    case "standard":
      return standardProblem(verify, request);
    case "hmac":
      return hmacProblem(verify, request);
  }
}

function pathProblem(secrets: readonly string[], { url }: WebhookRequest): string | null {
  const last = decoded(new URL(url).pathname.split("/").at(-1) ?? "");
  return secrets.some((secret) => isSame(digest(secret), digest(last)))
    ? null
    : "the address has no secret, or a wrong one";
}

type Standard = VerifyShape & { readonly type: "standard" };

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md; many still send the names that Svix had before. */
function standardProblem(
  { secrets, tolerance = toleranceMsDefault }: Standard,
  request: WebhookRequest,
): string | null {
  const header = (name: string) => request.headers[`webhook-${name}`] ?? request.headers[`svix-${name}`] ?? "";
  const id = header("id");
  const timestamp = header("timestamp");
  const given = header("signature")
    .split(" ")
    .flatMap((part) => (part.startsWith("v1,") ? [part.slice(3)] : []));
  const isSigned = secrets.some((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/u, ""), "base64");
    const wanted = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(request.body).digest();
    return given.some((one) => isSame(wanted, Buffer.from(one, "base64")));
  });
  if (id === "" || !isSigned) return "the signature is missing or wrong";
  return timeProblem(timestamp, tolerance, request);
}

type Hmac = VerifyShape & { readonly type: "hmac" };

function hmacProblem(verify: Hmac, request: WebhookRequest): string | null {
  const {
    secrets,
    prefix = "",
    algorithm = "sha256",
    encoding = "hex",
    signed = "{body}",
    tolerance = toleranceMsDefault,
  } = verify;
  const timestamp = verify.timestamp === undefined ? "" : headerPart(request, verify.timestamp);
  const given = (request.headers[verify.header.toLowerCase()] ?? "")
    .split(/,\s*/u)
    .flatMap((part) => (part.startsWith(prefix) ? [Buffer.from(part.slice(prefix.length), encoding)] : []));
  const [before = "", after = ""] = signed.split("{body}").map((part) => filled(part, { timestamp }));
  const isSigned = secrets.some((secret) => {
    const wanted = createHmac(algorithm, secret).update(before).update(request.body).update(after).digest();
    return given.some((one) => isSame(wanted, one));
  });
  if (!isSigned) return "the signature is missing or wrong";
  return verify.timestamp === undefined ? null : timeProblem(timestamp, tolerance, request);
}

/** `stripe-signature t`: the part `t=…` of that header; without a part the whole header. */
function headerPart({ headers }: WebhookRequest, place: string): string {
  const [name = "", part] = place.split(" ");
  const value = headers[name.toLowerCase()] ?? "";
  if (part === undefined) return value;
  return (
    value
      .split(/,\s*/u)
      .find((one) => one.startsWith(`${part}=`))
      ?.slice(part.length + 1) ?? ""
  );
}

function timeProblem(timestamp: string, toleranceMs: number, { receivedAt }: WebhookRequest): string | null {
  const sentAt = Number(timestamp) * (/^\d{13}$/u.test(timestamp) ? 1 : 1_000);
  const isNear = timestamp !== "" && Math.abs(receivedAt - sentAt) <= toleranceMs;
  return isNear ? null : "the request is too old, or the clocks differ";
}

function isSame(wanted: Buffer, given: Buffer): boolean {
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function digest(text: string): Buffer {
  return createHmac("sha256", "truce").update(text).digest();
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
