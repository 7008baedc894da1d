import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import type { WebhookRequest, WebhookResult } from "../../ports/connector.ts";
import type { VerifyShape, WebhookShape } from "./options.ts";
import { connectorAt } from "./testing.ts";

const now = 1_800_000_000_000;
const seconds = String(now / 1_000);
const body = JSON.stringify({
  type: "contact.updated",
  data: { id: 7, name: "Ada", updatedAt: "2027-01-15T08:00:00.5Z" },
});

function request(headers: Readonly<Record<string, string>>, rest: Partial<WebhookRequest> = {}): WebhookRequest {
  const url = "https://truce.example/webhooks/tool";
  return { method: "POST", url, headers, body: Buffer.from(body), receivedAt: now, ...rest };
}

function judged(shape: Partial<WebhookShape> & { readonly verify: VerifyShape }, one: WebhookRequest): WebhookResult {
  const connector = connectorAt(
    "http://127.0.0.1:1",
    { modifiedAt: "updatedAt" },
    { webhook: { id: "data.id", ...shape } },
    ["name", "notes"],
  );
  return connector.webhook!(one);
}

const hmac = (key: string | Buffer, text: string, encoding: "hex" | "base64") =>
  createHmac("sha256", key).update(text).digest(encoding);

const key = Buffer.from("a secret of some length");
const whsec = `whsec_${key.toString("base64")}`;

const styles: readonly (readonly [string, VerifyShape, Readonly<Record<string, string>>])[] = [
  [
    "Standard Webhooks",
    { type: "standard", secrets: ["whsec_b2xk", whsec] },
    {
      "webhook-id": "msg_1",
      "webhook-timestamp": seconds,
      "webhook-signature": `v1a,zzz v1,${hmac(key, `msg_1.${seconds}.${body}`, "base64")}`,
    },
  ],
  [
    "Standard Webhooks by the names they had before",
    { type: "standard", secrets: [whsec] },
    {
      "svix-id": "msg_1",
      "svix-timestamp": seconds,
      "svix-signature": `v1,b2xk v1,${hmac(key, `msg_1.${seconds}.${body}`, "base64")}`,
    },
  ],
  [
    "GitHub's style",
    { type: "hmac", secrets: ["s"], header: "X-Hub-Signature-256", prefix: "sha256=" },
    { "x-hub-signature-256": `sha256=${hmac("s", body, "hex")}` },
  ],
  [
    "Shopify's style",
    { type: "hmac", secrets: ["s"], header: "X-Hmac", encoding: "base64" },
    { "x-hmac": hmac("s", body, "base64") },
  ],
  [
    "Stripe's style",
    { type: "hmac", secrets: ["s"], header: "Sig", prefix: "v1=", signed: "{timestamp}.{body}", timestamp: "Sig t" },
    { sig: `t=${seconds},v1=${hmac("s", `${seconds}.${body}`, "hex")}` },
  ],
  [
    "Slack's style",
    {
      type: "hmac",
      secrets: ["s"],
      header: "X-Sig",
      prefix: "v0=",
      signed: "v0:{timestamp}:{body}",
      timestamp: "X-Time",
    },
    { "x-time": seconds, "x-sig": `v0=${hmac("s", `v0:${seconds}:${body}`, "hex")}` },
  ],
];

test.each(styles)(
  "%s: what is signed so is believed; a changed body, another secret, and nothing are not",
  (_name, verify, headers) => {
    expect(judged({ verify }, request(headers))).toMatchObject({ kind: "accepted" });
    const changed = request(headers, { body: Buffer.from(body.replace("Ada", "Eve")) });
    expect(judged({ verify }, changed)).toMatchObject({ kind: "refused", status: 401 });
    expect(judged({ verify: { ...verify, secrets: ["other"] } }, request(headers))).toMatchObject({ status: 401 });
    expect(judged({ verify }, request({}))).toMatchObject({ kind: "refused", status: 401 });
  },
);

test.each(
  styles.filter(
    ([, verify]) => verify.type === "standard" || (verify.type === "hmac" && verify.timestamp !== undefined),
  ),
)("%s: a request of ten minutes ago is replayed, not new", (_name, verify, headers) => {
  expect(judged({ verify }, request(headers, { receivedAt: now + 600_000 }))).toMatchObject({ status: 401 });
});

test("senders that sign nothing are known by the end of the address", () => {
  const verify: VerifyShape = { type: "path", secrets: ["s3cr%t"] };
  const at = (end: string) => judged({ verify }, request({}, { url: `https://truce.example/webhooks/tool${end}` }));
  expect(at("/s3cr%25t")).toMatchObject({ kind: "accepted" });
  expect(at("")).toMatchObject({ kind: "refused", status: 401 });
  expect(at("/other")).toMatchObject({ kind: "refused", status: 401 });
});

const open: VerifyShape = { type: "path", secrets: ["tool"] };

test("an id alone is a hint; a record with its moment speaks for itself, in full or in part", () => {
  const told = (shape: Partial<WebhookShape>) => {
    const result = judged({ verify: open, ...shape }, request({}));
    return result.kind === "accepted" ? result.events[0]?.observation : result;
  };
  expect(told({})).toMatchObject({ kind: "hint", ref: { id: "7" } });
  expect(told({ record: "data", carries: "partial" })).toMatchObject({
    kind: "upsert",
    complete: false,
    cells: { name: "Ada" },
    revision: "00000001800000000500",
  });
  expect(told({ record: "data" })).toMatchObject({ kind: "upsert", complete: false, cells: { name: "Ada" } });
});

test("an event about a deletion shows the record as it was, which is no news of it", () => {
  const shape = { verify: open, record: "data", deleted: { at: "type", is: ["contact.updated"] } };
  expect(judged(shape, request({}))).toMatchObject({ events: [{ observation: { kind: "hint" } }] });
});

test("a record without its moment is read: a late event could not be told from news", () => {
  const late = request({}, { body: Buffer.from(JSON.stringify({ data: { id: 7, name: "Ada" } })) });
  expect(judged({ verify: open, record: "data" }, late)).toMatchObject({ events: [{ observation: { kind: "hint" } }] });
});

test("many events in one body keep their ids; those about other objects concern nobody", () => {
  const events = [
    { eid: "e1", kind: "person", ref: "1" },
    { eid: "e2", kind: "invoice", ref: "2" },
    { eid: "e3", kind: "person", ref: 3 },
  ];
  const shape = {
    verify: open,
    events: "events",
    eventId: "eid",
    id: "ref",
    object: { at: "kind", is: { person: "contacts" } },
  };
  expect(judged(shape, request({}, { body: Buffer.from(JSON.stringify({ events })) }))).toMatchObject({
    events: [
      { id: "e1", observation: { ref: { id: "1" } } },
      { id: "e3", observation: { ref: { id: "3" } } },
    ],
  });
});

test.each(["", "no json", "[1]", '"text"', '{"data":{}}', '{"data":{"id":{"__proto__":1}}}'])(
  "the signed body %j is refused",
  (text) => {
    expect(judged({ verify: open }, request({}, { body: Buffer.from(text) }))).toMatchObject({
      kind: "refused",
      status: 400,
    });
  },
);
