import { createHmac } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFaultBoard } from "../../../sandbox/core/fault.ts";
import { createRandom } from "../../../sandbox/core/random.ts";
import { type RunningServer, type SandboxRequest, serve } from "../../../sandbox/core/serve.ts";
import type { WebhookRequest } from "../../ports/connector.ts";
import { connectTo, contacts, line, mapped, type Setting, setUp } from "./testing.ts";

let setting: Setting;
beforeEach(async () => {
  setting = await setUp();
});
afterEach(() => setting.sandbox.close());

const url = "https://sync.example/webhooks/crm?x=1";

function signed(body: string, rest: Partial<WebhookRequest> & { secret?: string; at?: number } = {}): WebhookRequest {
  const receivedAt = rest.receivedAt ?? Date.UTC(2026, 0, 1);
  const timestamp = String(rest.at ?? receivedAt);
  const secret = rest.secret ?? setting.sandbox.oauth.clientSecret;
  const signature = createHmac("sha256", secret).update(`POST${url}${body}${timestamp}`).digest("base64");
  const headers = { "x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": timestamp };
  return { method: "POST", url, headers, body: Buffer.from(body), receivedAt, ...rest };
}

const creation = { eventId: 1, subscriptionId: 2, occurredAt: 3, subscriptionType: "contact.creation", objectId: 17 };

function judge(events: unknown, connector = setting.connector) {
  const result = connector.webhook!(signed(typeof events === "string" ? events : JSON.stringify(events)));
  if (result.kind !== "accepted") throw new Error(`refused: ${result.reason}`);
  return {
    told: result.events.map(({ observation }) => line(observation)),
    ids: result.events.map(({ id }) => id),
    wake: result.wake,
  };
}

test("what the emulated HubSpot sends is accepted, and each event is a hint to read its record", async () => {
  const received: SandboxRequest[] = [];
  const receiver: RunningServer = await serve({
    port: 0,
    faults: createFaultBoard(createRandom(1)),
    handle: (request) => {
      received.push(request);
      return { status: 204, body: null };
    },
    admin: () => ({ status: 404, body: null }),
    rateLimited: () => ({ status: 429, body: null }),
    serverError: (status) => ({ status, body: null }),
  });
  const target = `${receiver.url}/webhooks/crm`;
  const { admin } = setting.sandbox;
  admin.subscribe(target, [
    { eventType: "contact.propertyChange", propertyName: "firstname" },
    { eventType: "contact.deletion" },
    { eventType: "contact.merge" },
  ]);
  const [a, b, c] = admin.seed(
    "contacts",
    ["A", "B", "C"].map((firstname) => ({ properties: { firstname } })),
  );
  admin.edit(101, "contacts", a!, { firstname: "edited" });
  admin.archiveAs(101, "contacts", a!);
  const survivor = admin.mergeAs(101, "contacts", b!, c!);
  await admin.webhooksSettled();
  const told = received.flatMap(({ method, headers, body }) => {
    const result = setting.connector.webhook!({ method, url: target, headers, body, receivedAt: Date.now() });
    return result.kind === "accepted" ? result.events.map(({ observation }) => line(observation)) : [result.reason];
  });
  expect(told).toEqual([`hint ${a}`, `hint ${a}`, `merge ${survivor} <- ${b} ${c}`, `hint ${survivor}`]);
  await receiver.close();
});

test("a request that is not HubSpot's is refused with 401 before it is parsed", () => {
  const body = JSON.stringify([creation]);
  const good = signed(body);
  const refusals: WebhookRequest[] = [
    { ...good, headers: {} },
    { ...good, body: Buffer.from(`${body} `) },
    { ...good, url: `${url}2` },
    { ...good, method: "PUT" },
    { ...good, headers: { ...good.headers, "x-hubspot-signature-v3": "short" } },
    { ...good, headers: { ...good.headers, "x-hubspot-request-timestamp": "soon" } },
    signed(body, { secret: "another" }),
    signed("{", { secret: "another" }),
  ];
  for (const request of refusals) {
    expect(setting.connector.webhook!(request)).toMatchObject({ kind: "refused", status: 401 });
  }
});

test("a request older than five minutes is a replay", () => {
  const now = Date.UTC(2026, 0, 1);
  const at = (ms: number) => setting.connector.webhook!(signed("[]", { receivedAt: now, at: now - ms })).kind;
  expect(at(299_000)).toBe("accepted");
  expect(at(301_000)).toBe("refused");
  expect(at(-301_000)).toBe("refused");
});

test("while a secret is changed both are believed; with none nobody is", () => {
  const both = connectTo(setting.sandbox, { webhookSecrets: ["old", "new"] });
  for (const secret of ["old", "new"]) expect(both.webhook!(signed("[]", { secret })).kind).toBe("accepted");
  const none = connectTo(setting.sandbox, { webhookSecrets: [] });
  expect(none.webhook!(signed("[]")).kind).toBe("refused");
});

test("a signed body that is no list of events is refused with 400", () => {
  for (const body of ["{", "{}", "17", "null", '"x"', "[".repeat(100_000)]) {
    expect(setting.connector.webhook!(signed(body))).toMatchObject({ kind: "refused", status: 400 });
  }
  const invalid = signed("");
  const bytes = Buffer.from([0x5b, 0xff, 0x5d]);
  const hmac = createHmac("sha256", setting.sandbox.oauth.clientSecret);
  hmac.update(`POST${url}`).update(bytes).update(invalid.headers["x-hubspot-request-timestamp"]!);
  const headers = { ...invalid.headers, "x-hubspot-signature-v3": hmac.digest("base64") };
  expect(setting.connector.webhook!({ ...invalid, body: bytes, headers })).toMatchObject({ status: 400 });
});

test("events with repeating ids are told apart by what they say, repeats are not", () => {
  const change = { ...creation, subscriptionType: "contact.propertyChange", propertyName: "email" };
  const { ids } = judge([
    { ...change, propertyValue: "a@x.example", attemptNumber: 0 },
    { ...change, propertyValue: "b@x.example" },
    { ...change, propertyValue: "a@x.example", attemptNumber: 1 },
  ]);
  expect(ids[0]).not.toBe(ids[1]);
  expect(ids[0]).toBe(ids[2]);
  expect(ids.join()).not.toContain("x.example");
});

test("ids above 2^53 keep all their digits", () => {
  expect(judge(`[{"subscriptionType":"contact.creation","objectId":90071992547409931}]`).told).toEqual([
    "hint 90071992547409931",
  ]);
});

test("what can't be placed wakes the feed, and does not hold up the rest", () => {
  const { told, wake } = judge(
    `[{"__proto__":{"objectId":1}},null,[],${JSON.stringify(creation)},{"subscriptionType":"contact.creation"}]`,
  );
  expect(told).toEqual(["hint 17"]);
  expect(wake).toBe(true);
});

test("a merge into a new id makes both old ids mean it", () => {
  const merge = {
    ...creation,
    subscriptionType: "contact.merge",
    primaryObjectId: 1,
    mergedObjectIds: [2],
    newObjectId: 3,
  };
  expect(judge([merge]).told).toEqual(["merge 3 <- 1 2", "hint 3"]);
  expect(judge([{ ...merge, newObjectId: 1 }]).told).toEqual(["merge 1 <- 2", "hint 1"]);
});

test("objects go by the names that the config gives them; others are passed over", async () => {
  const typeId = setting.sandbox.admin.defineObject({ name: "pet", properties: [{ name: "name", type: "string" }] });
  await setting.connector.check([{ ...contacts, object: "0-1" }, mapped("pet", "name")], { prepare: false });
  const result = setting.connector.webhook!(
    signed(
      JSON.stringify([
        creation,
        { subscriptionType: "object.creation", objectTypeId: typeId, objectId: 18 },
        { subscriptionType: "deal.creation", objectId: 19 },
      ]),
    ),
  );
  expect(result.kind === "accepted" && result.events.map(({ observation }) => observation.ref)).toEqual([
    { system: "crm", object: "0-1", id: "17" },
    { system: "crm", object: "pet", id: "18" },
  ]);
});

test("an association has two ends, and either may have a cell for it", async () => {
  await setting.connector.check([contacts, mapped("companies", "domain")], { prepare: false });
  const change = {
    subscriptionType: "contact.associationChange",
    fromObjectId: 1,
    toObjectId: 2,
    associationTypeId: 279,
  };
  const refs = (events: readonly object[]) => {
    const result = setting.connector.webhook!(signed(JSON.stringify(events)));
    return result.kind === "accepted" ? result.events.map(({ observation: { ref } }) => `${ref.object} ${ref.id}`) : [];
  };
  expect(refs([{ ...change, associationType: "CONTACT_TO_COMPANY" }])).toEqual(["contacts 1", "companies 2"]);
  // The other direction, under the same subscription.
  expect(refs([{ ...change, associationType: "COMPANY_TO_CONTACT", associationRemoved: true }])).toEqual([
    "companies 1",
    "contacts 2",
  ]);
  expect(
    refs([{ ...change, subscriptionType: "object.associationChange", fromObjectTypeId: "0-2", toObjectTypeId: "0-3" }]),
  ).toEqual(["companies 1"]);
  // Of an unknown kind, only the subscription's own end is sure.
  expect(refs([change])).toEqual(["contacts 1"]);
  const { ids } = judge([change, { ...change, associationRemoved: true }]);
  expect(ids[0]).not.toBe(ids[1]);
});

test("privacy deletions and restorations are hints like any other: a read tells what is left", () => {
  const { told } = judge([
    { ...creation, subscriptionType: "contact.privacyDeletion", objectId: 1 },
    { ...creation, subscriptionType: "contact.deletion", objectId: 1, changeFlag: "DELETED" },
    { ...creation, subscriptionType: "contact.restore", objectId: 2, changeFlag: "RESTORED" },
    {
      ...creation,
      subscriptionType: "contact.propertyChange",
      propertyName: "x",
      propertyValue: "REDACTED",
      objectId: 3,
    },
    { eventType: "object.propertyChange", objectTypeId: "0-1", objectId: "4" },
  ]);
  expect(told).toEqual(["hint 1", "hint 1", "hint 2", "hint 3", "hint 4"]);
});
