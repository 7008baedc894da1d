import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { remoteAdmin } from "../core/admin.ts";
import type { HubSpotAdmin } from "./admin.ts";
import { createHubSpotSandbox, type HubSpotSandbox } from "./sandbox.ts";
import { call, calmSandbox } from "./testing.ts";

let sandbox: HubSpotSandbox;
let folder: string | null = null;
afterEach(async () => {
  await sandbox.close();
  if (folder !== null) rmSync(folder, { recursive: true });
  folder = null;
});

const contacts = "/crm/v3/objects/contacts";

test("a free account's app makes a hundred calls in ten seconds and is told what is left", async () => {
  let now = 0;
  sandbox = await createHubSpotSandbox({ clock: () => now });
  for (let n = 0; n < 99; n++) await call(sandbox, "GET", contacts);
  const last = await call(sandbox, "GET", contacts);
  expect(last.headers.get("x-hubspot-ratelimit-remaining")).toBe("0");
  const refused = await call(sandbox, "GET", contacts);
  expect(refused).toMatchObject({ status: 429, body: { errorType: "RATE_LIMIT", policyName: "TEN_SECONDLY_ROLLING" } });
  now += 10_001;
  expect((await call(sandbox, "GET", contacts)).status).toBe(200);
});

test("searches are limited by the second, apart from other calls and without headers", async () => {
  sandbox = await createHubSpotSandbox({ clock: () => 0 });
  const search = () => call(sandbox, "POST", `${contacts}/search`, {});
  for (let n = 0; n < 5; n++) {
    const found = await search();
    expect(found.status).toBe(200);
    expect(found.headers.has("x-hubspot-ratelimit-remaining")).toBe(false);
  }
  expect((await search()).body).toMatchObject({
    policyName: "SECONDLY",
    message: "You have reached your secondly limit.",
  });
  expect((await call(sandbox, "GET", contacts)).headers.get("x-hubspot-ratelimit-remaining")).toBe("99");
});

test("a day's calls end too; a faster sandbox has looser limits", async () => {
  sandbox = await createHubSpotSandbox({ clock: () => 0, speed: 10, limits: { daily: 2, burst: 3 } });
  for (let n = 0; n < 3; n++) expect((await call(sandbox, "GET", contacts)).status).toBe(200);
  sandbox.admin.setLimits({ daily: 0 });
  expect((await call(sandbox, "GET", contacts)).body["policyName"]).toBe("DAILY");
});

test("refused calls use up quota as well", async () => {
  sandbox = await createHubSpotSandbox({ clock: () => 0 });
  const refused = await call(sandbox, "GET", `${contacts}/1`);
  expect(refused.status).toBe(404);
  expect(refused.headers.get("x-hubspot-ratelimit-remaining")).toBe("99");
});

test("faults speak HubSpot: an error after the effect leaves it done", async () => {
  sandbox = await calmSandbox();
  sandbox.admin.setFaults([{ kind: "error-after", status: 502, match: { method: "POST" }, times: 1 }]);
  const body = { properties: { email: "a@x.example" } };
  expect((await call(sandbox, "POST", contacts, body)).status).toBe(502);
  expect((await call(sandbox, "POST", contacts, body)).status).toBe(409);
  sandbox.admin.setFaults([{ kind: "rate-limit", retryAfter: "absurd" }]);
  const storm = await call(sandbox, "GET", contacts);
  expect(storm).toMatchObject({ status: 429, body: { errorType: "RATE_LIMIT" } });
  expect(Number(storm.headers.get("retry-after"))).toBeGreaterThan(86_400);
});

test("other processes use the admin functions over HTTP", async () => {
  sandbox = await calmSandbox();
  const admin = remoteAdmin<HubSpotAdmin>(sandbox.url);
  const [id] = await admin.seed("contacts", [{ properties: { firstname: "Ada" } }]);
  await admin.edit(101, "contacts", id!, { firstname: "Adah" });
  expect((await admin.record("contacts", id!))!.properties["firstname"]).toBe("Adah");
  await expect(admin.edit(101, "contacts", "9", { firstname: "x" })).rejects.toThrow("resource not found");
  await call(sandbox, "GET", `${contacts}/${id}`);
  expect(await admin.calls()).toEqual({ "GET /crm/v3/objects/contacts/{id}": 1 });
});

test("what was there before a restart is there after it", async () => {
  folder = mkdtempSync(join(tmpdir(), "hubspot-sandbox-"));
  const file = join(folder, "state.json");
  const before = await calmSandbox({ file });
  before.admin.defineObject({ name: "pet", properties: [{ name: "name", type: "string" }] });
  const [a, b] = before.admin.seed("contacts", [
    { properties: { email: "a@x.example" } },
    { properties: { email: "b@x.example" } },
  ]);
  const [pet] = before.admin.seed("pet", [{ properties: { name: "Rex" } }]);
  await call(before, "PUT", `/crm/v4/objects/contacts/${a}/associations/default/pet/${pet}`);
  const survivor = before.admin.mergeAs(101, "contacts", a!, b!);
  const records = before.admin.records("contacts");
  const audit = before.admin.audit();
  await before.close();

  sandbox = await calmSandbox({ file });
  expect(sandbox.admin.records("contacts")).toEqual(records);
  expect(sandbox.admin.audit()).toEqual(audit);
  expect(sandbox.admin.record("contacts", a!)!.id).toBe(survivor);
  expect((await call(sandbox, "POST", contacts, { properties: { email: "b@x.example" } })).status).toBe(409);
  const links = await call(sandbox, "GET", `/crm/v4/objects/contacts/${survivor}/associations/pet`);
  expect(links.body["results"]).toMatchObject([{ toObjectId: Number(pet) }]);
  expect((await call(sandbox, "POST", `${contacts}/search`, {})).body["total"]).toBe(1);
});
