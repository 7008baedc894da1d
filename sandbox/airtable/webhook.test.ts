import { createHmac } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { JsonObject } from "./json.ts";
import type { AirtableSandbox } from "./sandbox.ts";
import { call, crmSandbox, errorOf } from "./testing.ts";

let sandbox: AirtableSandbox;
let receiver: Server | undefined;

beforeEach(async () => {
  sandbox = await crmSandbox();
});

afterEach(async () => {
  receiver?.close();
  receiver = undefined;
  await sandbox.close();
});

const hooks = (method: string, path = "", body?: unknown) =>
  call(sandbox, method, `bases/${sandbox.baseId}/webhooks${path}`, body);

const everything = { options: { filters: { dataTypes: ["tableData", "tableFields"] } } };

async function createHook(specification: object = everything, notificationUrl?: string): Promise<JsonObject> {
  const { status, body } = await hooks("POST", "", { specification, ...(notificationUrl ? { notificationUrl } : {}) });
  expect({ status, body }).toMatchObject({ status: 200 });
  return body;
}

async function payloadsOf(hook: JsonObject, cursor = 1): Promise<readonly JsonObject[]> {
  const { body } = await hooks("GET", `/${String(hook["id"])}/payloads?cursor=${cursor}`);
  return body["payloads"] as readonly JsonObject[];
}

function fieldId(table: string, name: string): string {
  const found = sandbox.admin.schema().find((candidate) => candidate["name"] === table)!;
  return String((found["fields"] as readonly JsonObject[]).find((field) => field["name"] === name)!["id"]);
}

function tableId(name: string): string {
  return String(sandbox.admin.schema().find((table) => table["name"] === name)!["id"]);
}

/** Listens for pings; answers with each status in turn, then with the last one. */
async function listen(statuses: readonly number[]): Promise<{ url: string; pings: { mac: string; body: string }[] }> {
  const pings: { mac: string; body: string }[] = [];
  receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const status = statuses[Math.min(pings.length, statuses.length - 1)]!;
      pings.push({ mac: String(request.headers["x-airtable-content-mac"]), body });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => receiver?.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/ping`, pings };
}

test("payloads tell creates, changes and deletes, by whom, in the newer cell format", async () => {
  const hook = await createHook({
    options: {
      filters: { dataTypes: ["tableData"], recordChangeScope: tableId("People") },
      includes: { includePreviousCellValues: true, includeCellValuesInFieldIds: [fieldId("People", "Name")] },
    },
  });
  const [acme = ""] = sandbox.admin.seed("Companies", [{ Company: "Acme", Website: "https://acme.example" }]);
  const path = `${sandbox.baseId}/People`;
  const made = await call(sandbox, "POST", path, { fields: { Name: "Ada", Stage: "Lead", Customer: true } });
  const id = String(made.body["id"]);
  sandbox.admin.edit("Zoe", "People", id, { Stage: "Won", Customer: null, Company: [acme] });
  await call(sandbox, "DELETE", `${path}/${id}`);

  const [created, changed, destroyed] = await payloadsOf(hook);
  const people = (payload: JsonObject | undefined) =>
    (payload!["changedTablesById"] as JsonObject)[tableId("People")] as JsonObject;
  const stage = fieldId("People", "Stage");

  expect(created).toMatchObject({
    baseTransactionNumber: 1,
    payloadFormat: "v0",
    actionMetadata: {
      source: "publicApi",
      sourceMetadata: { user: { email: "truce@example.com", permissionLevel: "create" } },
    },
  });
  expect(people(created)).toMatchObject({
    createdRecordsById: {
      [id]: {
        createdTime: expect.stringMatching(/000Z$/),
        cellValuesByFieldId: {
          [fieldId("People", "Name")]: "Ada",
          [fieldId("People", "Greeting")]: "Dear Ada",
          [stage]: { id: expect.stringMatching(/^sel/), name: "Lead", color: expect.any(String) },
          [fieldId("People", "Customer")]: true,
        },
      },
    },
  });

  expect(changed?.["actionMetadata"]).toMatchObject({ source: "client", sourceMetadata: { user: { name: "Zoe" } } });
  expect(people(changed)["changedRecordsById"]).toMatchObject({
    [id]: {
      current: {
        cellValuesByFieldId: {
          [stage]: { name: "Won" },
          [fieldId("People", "Customer")]: null,
          [fieldId("People", "Company")]: [{ id: acme, name: "Acme" }],
          [fieldId("People", "Websites")]: {
            linkedRecordIds: [acme],
            valuesByLinkedRecordId: { [acme]: ["https://acme.example"] },
          },
        },
      },
      previous: { cellValuesByFieldId: { [stage]: { name: "Lead" }, [fieldId("People", "Customer")]: true } },
      unchanged: { cellValuesByFieldId: { [fieldId("People", "Name")]: "Ada" } },
    },
  });
  expect(people(destroyed)).toEqual({ destroyedRecordIds: [id] });
});

test("a write that changes nothing is told to nobody", async () => {
  const hook = await createHook();
  const [id = ""] = sandbox.admin.seed("People", [{ Name: "Ada", Tags: ["a"] }]);
  await call(sandbox, "PATCH", `${sandbox.baseId}/People/${id}`, { fields: { Name: "Ada", Tags: ["a"] } });
  expect(await payloadsOf(hook)).toEqual([]);
});

test("filters: table, fields, kinds of change, sources", async () => {
  const filtered = (filters: object) => createHook({ options: { filters: { dataTypes: ["tableData"], ...filters } } });
  const byTable = await filtered({ recordChangeScope: tableId("Companies") });
  const byField = await filtered({ watchDataInFieldIds: [fieldId("People", "Phone")] });
  const byKind = await filtered({ changeTypes: ["remove"] });
  const bySource = await filtered({ fromSources: ["client"] });
  const made = await call(sandbox, "POST", `${sandbox.baseId}/People`, { fields: { Name: "Ada" } });
  const id = String(made.body["id"]);
  sandbox.admin.edit("Zoe", "People", id, { Notes: "x" });
  sandbox.admin.edit("Zoe", "People", id, { Phone: "1" });
  await call(sandbox, "DELETE", `${sandbox.baseId}/People/${id}`);
  const counts = [];
  for (const hook of [byTable, byField, byKind, bySource]) counts.push((await payloadsOf(hook)).length);
  expect(counts).toEqual([0, 3, 1, 2]);
});

test("the cursor is the caller's: it starts at 1, pages by 50 and may be used again", async () => {
  const hook = await createHook();
  const [id = ""] = sandbox.admin.seed("People", [{ Name: "Ada" }]);
  for (let n = 0; n < 60; n++) sandbox.admin.edit("Zoe", "People", id, { Score: n + 1 });
  const path = `/${String(hook["id"])}/payloads`;
  const first = await hooks("GET", path);
  expect(first.body).toMatchObject({ cursor: 51, mightHaveMore: true, payloadFormat: "v0" });
  const second = await hooks("GET", `${path}?cursor=51`);
  expect(second.body).toMatchObject({ cursor: 61, mightHaveMore: false });
  expect(second.body["payloads"]).toHaveLength(10);
  expect((await hooks("GET", `${path}?cursor=61`)).body).toMatchObject({ cursor: 61, payloads: [] });
  expect((await hooks("GET", `${path}?cursor=51&limit=3`)).body["payloads"]).toHaveLength(3);
  expect(errorOf(await hooks("GET", `${path}?limit=51`))).toBe("422 INVALID_REQUEST_UNKNOWN");
});

test("a hook expires after seven days without a refresh or a listing, and then tells nothing", async () => {
  const day = 86_400_000;
  const hook = await createHook();
  const path = `/${String(hook["id"])}`;
  sandbox.admin.advanceClock(6 * day);
  expect(Date.parse(String((await hooks("POST", `${path}/refresh`)).body["expirationTime"]))).toBeGreaterThan(
    Date.now() + 12 * day,
  );
  sandbox.admin.advanceClock(6 * day);
  await hooks("GET", `${path}/payloads`);
  sandbox.admin.advanceClock(6 * day);
  sandbox.admin.create("Zoe", "People", { Name: "seen" });
  expect(await payloadsOf(hook)).toHaveLength(1);

  sandbox.admin.advanceClock(8 * day);
  sandbox.admin.create("Zoe", "People", { Name: "unseen" });
  expect(await payloadsOf(hook)).toEqual([]);
  expect((await hooks("GET")).body).toMatchObject({ webhooks: [{ isHookEnabled: false }] });
  expect(errorOf(await hooks("POST", `${path}/refresh`))).toBe("422 INVALID_HOOK");
});

test("a hook whose watched field goes gets an error payload and is dead", async () => {
  const watched = fieldId("People", "Phone");
  const hook = await createHook({ options: { filters: { dataTypes: ["tableData"], watchDataInFieldIds: [watched] } } });
  sandbox.admin.destroyField("People", "Phone");
  sandbox.admin.create("Zoe", "People", { Name: "unseen" });
  expect(await payloadsOf(hook)).toMatchObject([{ error: true, code: "INVALID_FILTERS" }]);
  expect((await hooks("GET")).body).toMatchObject({ webhooks: [{ isHookEnabled: false }] });
});

test("pings are signed with the secret that only the creation shows", async () => {
  const { url, pings } = await listen([200]);
  const hook = await createHook(everything, url);
  sandbox.admin.create("Zoe", "People", { Name: "Ada" });
  sandbox.admin.create("Zoe", "People", { Name: "Grace" });
  await expect.poll(() => pings.length).toBe(1);
  const mac = createHmac("sha256", Buffer.from(String(hook["macSecretBase64"]), "base64")).update(pings[0]!.body);
  expect(pings[0]?.mac).toBe(`hmac-sha256=${mac.digest("hex")}`);
  expect(JSON.parse(pings[0]!.body)).toEqual({
    base: { id: sandbox.baseId },
    webhook: { id: hook["id"] },
    timestamp: expect.stringMatching(/Z$/),
  });
  await expect
    .poll(async () => (await hooks("GET")).body)
    .toMatchObject({
      webhooks: [{ lastNotificationResult: { success: true, retryNumber: 0 }, cursorForNextPayload: 3 }],
    });
  expect(JSON.stringify((await hooks("GET")).body)).not.toContain(hook["macSecretBase64"]);
});

test("after the last failed retry notifications go off, payloads go on, and notifications can be switched on", async () => {
  await sandbox.close();
  sandbox = await crmSandbox({ speed: 10_000_000 });
  const { url, pings } = await listen([500]);
  const hook = await createHook(everything, url);
  sandbox.admin.create("Zoe", "People", { Name: "Ada" });
  const state = async () => ((await hooks("GET")).body["webhooks"] as readonly JsonObject[])[0];
  await expect.poll(state).toMatchObject({
    areNotificationsEnabled: false,
    isHookEnabled: true,
    lastNotificationResult: {
      success: false,
      retryNumber: 13,
      willBeRetried: false,
      error: { message: "The HTTP request returned a 500 status code instead of 200 or 204." },
    },
  });
  expect(pings).toHaveLength(14);
  expect(await payloadsOf(hook)).toHaveLength(1);
  const path = `/${String(hook["id"])}/enableNotifications`;
  expect((await hooks("POST", path, { enable: true })).body).toEqual({});
  expect(await state()).toMatchObject({ areNotificationsEnabled: true });
  expect(errorOf(await hooks("POST", path, {}))).toBe("422 INVALID_REQUEST_UNKNOWN");
});

test("pings can be dropped and doubled", async () => {
  const { url, pings } = await listen([204]);
  await createHook(everything, url);
  sandbox.admin.setFaults([{ kind: "webhook-drop", times: 1 }]);
  sandbox.admin.create("Zoe", "People", { Name: "Ada" });
  // The drop is drawn when the ping goes out, so it is known to have happened once the switch has worn off.
  await expect.poll(() => sandbox.admin.faults()).toEqual([]);
  sandbox.admin.setFaults([{ kind: "webhook-duplicate", times: 1 }]);
  sandbox.admin.create("Zoe", "People", { Name: "Grace" });
  await expect.poll(() => pings.length).toBe(2);
  expect(pings[0]?.body).toContain(sandbox.baseId);
});

test("what the webhook calls refuse", async () => {
  const create = async (options: object) => errorOf(await hooks("POST", "", { specification: { options } }));
  expect(errorOf(await hooks("POST", "", {}))).toBe("422 INVALID_REQUEST_UNKNOWN");
  expect(await create({ filters: { dataTypes: [] } })).toBe("422 INVALID_REQUEST_UNKNOWN");
  expect(await create({ filters: { dataTypes: ["nope"] } })).toBe("422 INVALID_REQUEST_UNKNOWN");
  const bad = [
    { recordChangeScope: "People" },
    { watchDataInFieldIds: ["fldNope"] },
    { changeTypes: ["x"] },
    { fromSources: ["x"] },
  ];
  for (const filter of bad) {
    expect(await create({ filters: { dataTypes: ["tableData"], ...filter } })).toBe("422 INVALID_REQUEST_UNKNOWN");
  }
  expect(errorOf(await hooks("POST", "", { specification: everything, notificationUrl: "nope" }))).toBe(
    "422 INVALID_REQUEST_UNKNOWN",
  );
  expect(errorOf(await hooks("GET", "/achNope/payloads"))).toBe("404 NOT_FOUND");
  for (let n = 0; n < 10; n++) await createHook();
  expect(errorOf(await hooks("POST", "", { specification: everything }))).toBe("422 TOO_MANY_WEBHOOKS_IN_BASE");
  const first = ((await hooks("GET")).body["webhooks"] as readonly JsonObject[])[0];
  expect((await hooks("DELETE", `/${String(first?.["id"])}`)).body).toEqual({});
  expect((await hooks("GET")).body["webhooks"]).toHaveLength(9);
});
