import { Client } from "@hubspot/api-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { HubSpotSandbox } from "./sandbox.ts";
import { calmSandbox } from "./testing.ts";

let sandbox: HubSpotSandbox;
let client: Client;

beforeEach(async () => {
  sandbox = await calmSandbox();
  client = new Client({ accessToken: sandbox.token, basePath: sandbox.url, developerApiKey: sandbox.developerKey });
});

afterEach(() => sandbox.close());

test("the official client creates, reads, updates, lists and archives one contact", async () => {
  const { basicApi } = client.crm.contacts;
  const made = await basicApi.create({ properties: { email: "Ada@Example.com", firstname: "Ada" }, associations: [] });
  expect(made.properties).toMatchObject({ email: "ada@example.com", hs_object_source: "INTEGRATION" });

  const read = await basicApi.getById(made.id, ["firstname", "phone", "no_such_property"]);
  expect(read.properties).toMatchObject({ firstname: "Ada", phone: null, hs_object_id: made.id });
  expect(read.properties).not.toHaveProperty("no_such_property");
  expect(read.createdAt).toBeInstanceOf(Date);

  await basicApi.update(made.id, { properties: { phone: "1", firstname: "" } });
  const byEmail = await basicApi.getById("ada@example.com", ["firstname", "phone"], [], [], false, "email");
  expect(byEmail.properties).toMatchObject({ firstname: null, phone: "1" });
  expect((await basicApi.getPage(10, undefined, ["email"])).results.map(({ id }) => id)).toEqual([made.id]);

  await basicApi.archive(made.id);
  await expect(basicApi.getById(made.id)).rejects.toMatchObject({ code: 404 });
  const bin = await basicApi.getPage(10, undefined, ["email"], [], [], true);
  expect(bin.results[0]).toMatchObject({ id: made.id, archived: true, archivedAt: expect.any(Date) });
});

test("companies, deals and custom objects answer alike", async () => {
  const company = await client.crm.companies.basicApi.create({
    properties: { domain: "https://www.Acme.example/about" },
    associations: [],
  });
  expect(company.properties["domain"]).toBe("acme.example");
  const deal = await client.crm.deals.basicApi.create({
    properties: { dealname: "Big", dealstage: "appointmentscheduled", amount: 5000 as unknown as string },
    associations: [
      { to: { id: company.id }, types: [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 5 } as never] },
    ],
  });
  expect(deal.properties).toMatchObject({ amount: "5000", pipeline: "default" });
  const linked = await client.crm.deals.basicApi.getById(deal.id, [], [], ["companies"]);
  expect(linked.associations?.["companies"]?.results.map(({ id }) => id)).toContain(company.id);

  const schema = await client.crm.schemas.coreApi.create({
    name: "pet",
    labels: { singular: "Pet", plural: "Pets" },
    primaryDisplayProperty: "name",
    requiredProperties: ["name"],
    properties: [{ name: "name", label: "Name", type: "string" as never, fieldType: "text" as never }],
    associatedObjects: [],
  });
  expect(schema.objectTypeId).toMatch(/^2-\d+$/);
  const pet = await client.crm.objects.basicApi.create(schema.objectTypeId!, {
    properties: { name: "Rex" },
    associations: [],
  });
  expect((await client.crm.objects.basicApi.getById("pet", pet.id, ["name"])).properties).toMatchObject({
    name: "Rex",
  });
});

test("batches create, read, update, upsert and archive", async () => {
  await client.crm.properties.coreApi.create("contacts", {
    name: "truce_id",
    label: "Truce ID",
    type: "string" as never,
    fieldType: "text" as never,
    groupName: "contactinformation",
    hasUniqueValue: true,
  });
  const { batchApi } = client.crm.contacts;
  const inputs = ["a", "b", "c"].map((name) => ({ properties: { email: `${name}@x.example` }, associations: [] }));
  const made = (await batchApi.create({ inputs })).results.map(({ id }) => id);
  const read = await batchApi.read({
    inputs: made.map((id) => ({ id })),
    properties: ["email"],
    propertiesWithHistory: ["email"],
  });
  expect(read.results).toHaveLength(3);
  expect(read.results[0]!.propertiesWithHistory!["email"]![0]).toMatchObject({ sourceType: "INTEGRATION" });

  const updated = await batchApi.update({ inputs: made.map((id) => ({ id, properties: { phone: id } })) });
  expect(updated.results.every(({ id, properties }) => properties["phone"] === id)).toBe(true);

  const upsert = (id: string, phone: string) => ({ id, idProperty: "truce_id", properties: { phone, firstname: "U" } });
  const first = await batchApi.upsert({ inputs: [upsert("k1", "1"), upsert("k2", "2")] });
  expect(first.results.map((one) => one._new)).toEqual([true, true]);
  const second = await batchApi.upsert({ inputs: [upsert("k1", "3")] });
  expect(second.results[0]).toMatchObject({ _new: false, id: expect.any(String) });
  expect(first.results.map(({ id }) => id)).toContain(second.results[0]!.id);

  await batchApi.archive({ inputs: made.map((id) => ({ id })) });
  expect(sandbox.admin.records("contacts").filter(({ archived }) => archived)).toHaveLength(3);
});

test("a batch of a hundred with one bad row answers 207 and does the rest", async () => {
  sandbox.admin.seed("contacts", [{ properties: { email: "n7@x.example" } }]);
  const inputs = Array.from({ length: 100 }, (_, n) => ({
    properties: { email: `n${n}@x.example` },
    associations: [],
    objectWriteTraceId: String(n),
  }));
  const answer = await client.crm.contacts.batchApi.create({ inputs });
  expect(answer.results).toHaveLength(99);
  expect(answer).toMatchObject({
    numErrors: 1,
    errors: [{ category: "CONFLICT", context: { objectWriteTraceId: ["7"] } }],
  });
});

test("search, properties, owners and pipelines", async () => {
  const { results } = await client.crm.owners.ownersApi.getPage();
  expect(results[0]).toMatchObject({ email: "maria@example.com" });
  const email = await client.crm.properties.coreApi.getByName("contacts", "email");
  expect(email).toMatchObject({ type: "string", hubspotDefined: true });
  const pipelines = await client.crm.pipelines.pipelinesApi.getAll("deals");
  expect(pipelines.results[0]!.stages).toHaveLength(7);

  sandbox.admin.seed("contacts", [{ properties: { email: "a@x.example" } }, { properties: { email: "b@x.example" } }]);
  const found = await client.crm.contacts.searchApi.doSearch({
    filterGroups: [{ filters: [{ propertyName: "email", operator: "EQ" as never, value: "B@x.example" }] }],
    properties: ["email"],
    limit: 10,
  } as never);
  expect(found).toMatchObject({ total: 1, results: [{ properties: { email: "b@x.example" } }] });
});

test("associations are listed from both sides, labelled and taken away", async () => {
  const [contact] = sandbox.admin.seed("contacts", [{ properties: { firstname: "A" } }]);
  const [company] = sandbox.admin.seed("companies", [{ properties: { name: "C" } }]);
  const { basicApi, batchApi } = client.crm.associations.v4;
  await basicApi.createDefault("contacts", contact!, "companies", company!);
  const back = await basicApi.getPage("companies", company!, "contacts");
  expect(back.results).toMatchObject([{ toObjectId: Number(contact), associationTypes: [{ typeId: 280 }] }]);

  await basicApi.create("contacts", contact!, "companies", company!, [
    { associationCategory: "HUBSPOT_DEFINED" as never, associationTypeId: 1 },
  ]);
  const there = await batchApi.getPage("contacts", "companies", { inputs: [{ id: contact! }] });
  expect(there.results[0]!.to[0]!.associationTypes.map(({ typeId }) => typeId).toSorted()).toEqual([1, 279]);

  await basicApi.archive("contacts", contact!, "companies", company!);
  expect((await basicApi.getPage("contacts", contact!, "companies")).results).toEqual([]);
});

test("OAuth gives a token that expires and is renewed", async () => {
  const { clientId, clientSecret } = sandbox.oauth;
  const code = sandbox.admin.authorize();
  const tokens = await client.oauth.tokensApi.create(
    "authorization_code",
    code,
    "https://x.example",
    clientId,
    clientSecret,
  );
  expect(tokens).toMatchObject({ tokenType: "bearer", expiresIn: 2 });
  const app = new Client({ accessToken: tokens.accessToken, basePath: sandbox.url });
  expect((await app.crm.contacts.basicApi.getPage()).results).toEqual([]);
  const info = await client.oauth.accessTokensApi.get(tokens.accessToken);
  expect(info).toMatchObject({ hubId: sandbox.portalId, appId: sandbox.appId });
  const renewed = await client.oauth.tokensApi.create(
    "refresh_token",
    undefined,
    undefined,
    clientId,
    clientSecret,
    tokens.refreshToken,
  );
  expect(renewed.accessToken).not.toBe(tokens.accessToken);
});

test("webhook settings and subscriptions are managed with the developer key", async () => {
  const { settingsApi, subscriptionsApi } = client.webhooks;
  const { appId } = sandbox;
  await settingsApi.configure(appId, {
    targetUrl: "https://x.example/hook",
    throttling: { maxConcurrentRequests: 10 },
  });
  expect((await settingsApi.getAll(appId)).targetUrl).toBe("https://x.example/hook");
  const made = await subscriptionsApi.create(appId, { eventType: "contact.creation" as never, active: true });
  await subscriptionsApi.update(Number(made.id), appId, { active: false });
  expect((await subscriptionsApi.getAll(appId)).results).toMatchObject([{ id: made.id, active: false }]);
  await subscriptionsApi.archive(Number(made.id), appId);
  expect((await subscriptionsApi.getAll(appId)).results).toEqual([]);
});

test("contacts merge through the client", async () => {
  const [a, b] = sandbox.admin.seed("contacts", [
    { properties: { firstname: "A" } },
    { properties: { firstname: "B" } },
  ]);
  const survivor = await client.crm.contacts.basicApi.merge({ primaryObjectId: a!, objectIdToMerge: b! });
  expect(survivor.properties["hs_merged_object_ids"]!.split(";")).toEqual([a, b]);
});
