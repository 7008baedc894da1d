import { Signature } from "@hubspot/api-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFaultBoard } from "../core/fault.ts";
import { createRandom } from "../core/random.ts";
import { type RunningServer, type SandboxRequest, serve } from "../core/serve.ts";
import type { HubSpotSandbox } from "./sandbox.ts";
import { type AnyJson, call, calmSandbox } from "./testing.ts";

let sandbox: HubSpotSandbox;
let receiver: RunningServer;
let received: SandboxRequest[];
let failures: number;

beforeEach(async () => {
  received = [];
  failures = 0;
  // Retries that wait a minute in reality come after milliseconds.
  sandbox = await calmSandbox({ speed: 100_000 });
  receiver = await serve({
    port: 0,
    faults: createFaultBoard(createRandom(1)),
    handle: (request) => {
      received.push(request);
      return { status: failures-- > 0 ? 500 : 204, body: null };
    },
    admin: () => ({ status: 404, body: null }),
    rateLimited: () => ({ status: 429, body: null }),
    serverError: (status) => ({ status, body: null }),
  });
});

afterEach(async () => {
  await sandbox.close();
  await receiver.close();
});

async function events(): Promise<AnyJson[]> {
  await sandbox.admin.webhooksSettled();
  return received.flatMap(({ body }) => JSON.parse(body.toString()));
}

function subscribe(...eventTypes: string[]): void {
  const subscriptions = eventTypes.map((text) => {
    const [eventType, propertyName] = text.split(":") as [string, string | undefined];
    return { eventType, ...(propertyName === undefined ? {} : { propertyName }) };
  });
  sandbox.admin.subscribe(`${receiver.url}/hook`, subscriptions);
}

test("the vendor's own library accepts the signature of a delivery", async () => {
  subscribe("contact.creation");
  sandbox.admin.createAs(101, "contacts", { firstname: "Ada" });
  await events();
  const { headers, body } = received[0]!;
  const parts = {
    signatureVersion: "v3" as const,
    signature: headers["x-hubspot-signature-v3"]!,
    clientSecret: sandbox.oauth.clientSecret,
    requestBody: body.toString(),
    method: "POST",
    url: `${receiver.url}/hook`,
    timestamp: Number(headers["x-hubspot-request-timestamp"]),
  };
  expect(Signature.isValid(parts)).toBe(true);
  expect(Signature.isValid({ ...parts, requestBody: `${parts.requestBody} ` })).toBe(false);
});

test("a user's edit and our own write look different only by their source", async () => {
  subscribe("contact.propertyChange:firstname");
  const [id] = sandbox.admin.seed("contacts", [{ properties: { firstname: "A" } }]);
  sandbox.admin.edit(101, "contacts", id!, { firstname: "B", lastname: "nobody subscribed to this" });
  await call(sandbox, "PATCH", `/crm/v3/objects/contacts/${id}`, { properties: { firstname: "C" } });
  expect(await events()).toMatchObject([
    {
      objectId: Number(id),
      propertyName: "firstname",
      propertyValue: "B",
      changeSource: "CRM_UI",
      sourceId: "userId:101",
    },
    { propertyValue: "C", changeSource: "INTEGRATION", subscriptionType: "contact.propertyChange", attemptNumber: 0 },
  ]);
});

test("creation, deletion, restore, merge and links have their own events", async () => {
  subscribe("contact.creation", "contact.deletion", "contact.restore", "contact.merge", "contact.associationChange");
  const a = sandbox.admin.createAs(101, "contacts", { firstname: "A" });
  const b = sandbox.admin.createAs(101, "contacts", { firstname: "B" });
  sandbox.admin.archiveAs(101, "contacts", a);
  sandbox.admin.restoreAs(101, "contacts", a);
  const survivor = sandbox.admin.mergeAs(101, "contacts", a, b);
  const [company] = sandbox.admin.seed("companies", [{ properties: { name: "C" } }]);
  await call(sandbox, "PUT", `/crm/v4/objects/contacts/${survivor}/associations/default/companies/${company}`);
  const all = await events();
  expect(all.map(({ subscriptionType }) => subscriptionType.split(".")[1])).toEqual([
    "creation",
    "creation",
    "deletion",
    "restore",
    "merge",
    "associationChange",
  ]);
  expect(all[4]).toMatchObject({
    primaryObjectId: Number(a),
    mergedObjectIds: [Number(b)],
    newObjectId: Number(survivor),
  });
  expect(all[5]).toMatchObject({
    fromObjectId: Number(survivor),
    toObjectId: Number(company),
    associationRemoved: false,
  });
});

test("events come in arrays of at most a hundred", async () => {
  subscribe("contact.creation");
  for (let n = 0; n < 150; n++) sandbox.admin.createAs(101, "contacts", { firstname: `${n}` });
  expect(await events()).toHaveLength(150);
  expect(received.every(({ body }) => JSON.parse(body.toString()).length <= 100)).toBe(true);
});

test("a delivery that failed comes again, signed anew, with a higher attempt number", async () => {
  failures = 1;
  subscribe("contact.creation");
  sandbox.admin.createAs(101, "contacts", { firstname: "A" });
  expect((await events()).map(({ attemptNumber }) => attemptNumber)).toEqual([0, 1]);
  expect(sandbox.admin.webhookCounts()).toEqual({ delivered: 1, failed: 0 });
});

test("custom objects tell their events as object.* with their type id", async () => {
  const objectTypeId = sandbox.admin.defineObject({ name: "pet", properties: [{ name: "name", type: "string" }] });
  sandbox.admin.subscribe(`${receiver.url}/hook`, [{ eventType: "object.creation", objectTypeId }]);
  sandbox.admin.createAs(101, "pet", { name: "Rex" });
  expect(await events()).toMatchObject([{ subscriptionType: "object.creation", objectTypeId }]);
});
