import { afterEach, beforeEach, expect, test } from "vitest";
import type { HubSpotSandbox } from "./sandbox.ts";
import { type Answer, type AnyJson, call, calmSandbox } from "./testing.ts";

let sandbox: HubSpotSandbox;
let ada: string;
let bob: string;

beforeEach(async () => {
  sandbox = await calmSandbox();
  [ada, bob] = sandbox.admin.seed("contacts", [
    { properties: { email: "ada@x.example", firstname: "Ada" } },
    { properties: { email: "bob@x.example", firstname: "Bob" } },
  ]) as [string, string];
});

afterEach(() => sandbox.close());

const contacts = "/crm/v3/objects/contacts";
const post = (path: string, body: unknown) => call(sandbox, "POST", path, body);
const patch = (id: string, properties: unknown) => call(sandbox, "PATCH", `${contacts}/${id}`, { properties });
/** Status and the code or category that says why, in one line. */
const reason = ({ status, body }: Answer) => `${status} ${body["errors"]?.[0]?.code ?? body["category"] ?? ""}`;

test("calls without a valid token answer 401, without the scope 403", async () => {
  expect(reason(await call(sandbox, "GET", contacts, undefined, "wrong"))).toBe("401 INVALID_AUTHENTICATION");
  sandbox.admin.setScopes(["crm.objects.contacts.read"]);
  expect((await call(sandbox, "GET", contacts)).status).toBe(200);
  expect(reason(await patch(ada, { firstname: "X" }))).toBe("403 MISSING_SCOPES");
  expect(reason(await post(`${contacts}/batch/read`, { inputs: [{ id: ada }] }))).not.toContain("403");
  expect(reason(await call(sandbox, "GET", "/crm/v3/properties/contacts"))).toBe("403 MISSING_SCOPES");
});

test("an access token that ran out answers 401 EXPIRED_AUTHENTICATION", async () => {
  let now = 1_000_000;
  const other = await calmSandbox({ clock: () => now });
  const { clientId, clientSecret } = other.oauth;
  const form = new URLSearchParams({
    grant_type: "authorization_code",
    code: other.admin.authorize(),
    client_id: clientId,
    client_secret: clientSecret,
  });
  const exchange = await fetch(`${other.url}/oauth/v1/token`, { method: "POST", body: form });
  const { access_token: token, expires_in: life } = (await exchange.json()) as {
    access_token: string;
    expires_in: number;
  };
  expect((await call(other, "GET", contacts, undefined, token)).status).toBe(200);
  now += life * 1000;
  expect(reason(await call(other, "GET", contacts, undefined, token))).toBe("401 EXPIRED_AUTHENTICATION");
  await other.close();
});

test.for([
  ["an unknown property", { nope: "1" }, "PROPERTY_DOESNT_EXIST"],
  ["a hostile key", JSON.parse('{"__proto__":"1"}'), "PROPERTY_DOESNT_EXIST"],
  ["a read-only property", { createdate: "2026-01-01" }, "READ_ONLY_VALUE"],
  ["an e-mail that is none", { email: "ada at x" }, "INVALID_EMAIL"],
  ["a choice that is no option", { hs_lead_status: "WARM" }, "INVALID_OPTION"],
  ["one of several choices that is no option", { hs_buying_role: "CHAMPION;KING" }, "INVALID_OPTION"],
  ["a number that is none", { annualrevenue: "1,000" }, "INVALID_NUMBER"],
  ["a yes that is no boolean", { hs_email_optout: "yes" }, "INVALID_OPTION"],
  ["a time that is none", { closedate: "tomorrow" }, "INVALID_DATE"],
  ["a text that is too long", { firstname: "x".repeat(65_537) }, "PROPERTY_VALUE_TOO_LONG"],
  ["null", { firstname: null }, "INVALID_TYPE"],
  ["an object", { firstname: { value: "x" } }, "INVALID_TYPE"],
] as const)("%s is refused, and nothing of the call is done", async ([, properties, code]) => {
  const answer = await call(sandbox, "PATCH", `${contacts}/${bob}`, JSON.stringify({ properties }));
  expect(reason(answer)).toBe(`400 ${code}`);
  expect(sandbox.admin.record("contacts", bob)!.properties).toMatchObject({ firstname: "Bob" });
});

test("a date that is not midnight is refused, epoch milliseconds of midnight are taken", async () => {
  sandbox.admin.defineProperty("contacts", { name: "born", type: "date" });
  expect(reason(await patch(ada, { born: "2026-02-30T00:00:00Z" }))).toBe("400 INVALID_DATE");
  expect(reason(await patch(ada, { born: String(Date.UTC(1990, 0, 2) + 1) }))).toBe("400 INVALID_DATE");
  await patch(ada, { born: String(Date.UTC(1990, 0, 2)) });
  expect(sandbox.admin.record("contacts", ada)!.properties["born"]).toBe("1990-01-02");
});

test("creates need their required properties", async () => {
  expect(reason(await post(contacts, { properties: { phone: "1" } }))).toBe("400 REQUIRED_FIELD");
  expect(reason(await post("/crm/v3/objects/companies", { properties: { city: "Rome" } }))).toBe("400 REQUIRED_FIELD");
  expect(reason(await post("/crm/v3/objects/deals", { properties: { dealname: "D" } }))).toBe("400 REQUIRED_FIELD");
});

test("an e-mail that is taken answers 409 with the existing id, also as a secondary address", async () => {
  const again = await post(contacts, { properties: { email: "ADA@x.example" } });
  expect(again).toMatchObject({ status: 409, body: { message: `Contact already exists. Existing ID: ${ada}` } });
  expect((await patch(bob, { email: "ada@x.example" })).status).toBe(409);
  const survivor = sandbox.admin.mergeAs(101, "contacts", ada, bob);
  const secondary = await post(contacts, { properties: { email: "bob@x.example" } });
  expect(secondary.body["message"]).toBe(`Contact already exists. Existing ID: ${survivor}`);
});

test("companies with one domain may be many", async () => {
  const body = { properties: { domain: "acme.example" } };
  expect((await post("/crm/v3/objects/companies", body)).status).toBe(201);
  expect((await post("/crm/v3/objects/companies", body)).status).toBe(201);
});

test("a unique property takes a value once", async () => {
  sandbox.admin.defineProperty("contacts", { name: "key", type: "string", hasUniqueValue: true });
  await patch(ada, { key: "k" });
  const answer = await patch(bob, { key: "k" });
  expect(reason(answer)).toBe("400 CONFLICTING_UNIQUE_VALUE");
  expect(answer.body["message"]).toContain(`${ada} already has that value`);
});

test("unknown and archived records answer 404; archiving twice is fine", async () => {
  expect(reason(await patch("1", { firstname: "X" }))).toBe("404 OBJECT_NOT_FOUND");
  expect((await call(sandbox, "DELETE", `${contacts}/${ada}`)).status).toBe(204);
  expect((await call(sandbox, "DELETE", `${contacts}/${ada}`)).status).toBe(204);
  expect((await call(sandbox, "GET", `${contacts}/${ada}`)).status).toBe(404);
  expect((await call(sandbox, "GET", `${contacts}/${ada}?archived=true`)).status).toBe(200);
  expect((await patch(ada, { firstname: "X" })).status).toBe(404);
});

test("an unknown object type and an unknown path are told apart", async () => {
  const type = await call(sandbox, "GET", "/crm/v3/objects/butterflies");
  expect(type).toMatchObject({ status: 400, body: { message: "Unable to infer object type from: butterflies" } });
  expect((await call(sandbox, "GET", "/crm/v9/objects/contacts")).status).toBe(404);
});

test("bodies that are no JSON object, and pages that are too long, are refused", async () => {
  expect((await post(contacts, "{")).status).toBe(400);
  expect((await post(contacts, "[]")).status).toBe(400);
  expect((await post(contacts, {})).status).toBe(400);
  expect((await call(sandbox, "GET", `${contacts}?limit=101`)).status).toBe(400);
  expect((await call(sandbox, "GET", `${contacts}?limit=51&propertiesWithHistory=email`)).status).toBe(400);
  expect((await call(sandbox, "GET", `${contacts}?after=x`)).status).toBe(400);
});

test("batches take 100 inputs, no id twice", async () => {
  const many = Array.from({ length: 101 }, (_, n) => ({ id: String(n) }));
  expect((await post(`${contacts}/batch/read`, { inputs: many })).status).toBe(400);
  const twice = { id: ada, properties: { firstname: "X" } };
  const answer = await post(`${contacts}/batch/update`, { inputs: [twice, twice] });
  expect(answer).toMatchObject({ status: 400, body: { message: "Duplicate IDs found in batch input" } });
  const history = { inputs: many.slice(0, 51), propertiesWithHistory: ["email"] };
  expect((await post(`${contacts}/batch/read`, history)).status).toBe(400);
});

test("without trace ids one bad row fails the whole batch of creates", async () => {
  const inputs = [{ properties: { email: "new@x.example" } }, { properties: { email: "ada@x.example" } }];
  const answer = await post(`${contacts}/batch/create`, { inputs });
  expect(answer).toMatchObject({ status: 409, body: { message: "Contact already exists", category: "CONFLICT" } });
  expect(sandbox.admin.records("contacts")).toHaveLength(2);
});

test("with trace ids the bad rows are named and the others are done", async () => {
  const inputs = [
    { properties: { email: "new@x.example" }, objectWriteTraceId: "good" },
    { properties: { email: "ada@x.example" }, objectWriteTraceId: "taken" },
    { properties: { email: "new@x.example" }, objectWriteTraceId: "twice" },
    { properties: { email: "c@x.example", nope: "1" }, objectWriteTraceId: "unknown" },
  ];
  const { status, body } = await post(`${contacts}/batch/create`, { inputs });
  expect(status).toBe(207);
  expect(body["results"]).toHaveLength(1);
  expect(
    body["errors"].map((error: AnyJson) => [error.context.objectWriteTraceId[0], error.context.existingId?.[0]]),
  ).toEqual([
    ["taken", ada],
    ["twice", undefined],
    ["unknown", undefined],
  ]);
});

test("batch updates: a bad value fails all, an unknown id only itself", async () => {
  const good = { id: ada, properties: { firstname: "X" }, objectWriteTraceId: "1" };
  const bad = { id: bob, properties: { hs_lead_status: "WARM" }, objectWriteTraceId: "2" };
  expect(reason(await post(`${contacts}/batch/update`, { inputs: [good, bad] }))).toBe("400 INVALID_OPTION");
  expect(sandbox.admin.record("contacts", ada)!.properties["firstname"]).toBe("Ada");
  const gone = { id: "999", properties: { firstname: "X" } };
  const answer = await post(`${contacts}/batch/update`, { inputs: [good, gone] });
  expect(answer).toMatchObject({ status: 207, body: { numErrors: 1, errors: [{ context: { ids: ["999"] } }] } });
  expect(sandbox.admin.record("contacts", ada)!.properties["firstname"]).toBe("X");
});

test("upserts need a property that is unique; by e-mail one bad row fails all", async () => {
  const row = (idProperty: string, id: string, properties: object) => ({
    idProperty,
    id,
    properties,
    objectWriteTraceId: id,
  });
  const byName = await post(`${contacts}/batch/upsert`, { inputs: [row("firstname", "Ada", {})] });
  expect(byName.body["message"]).toContain("Unable to perform update/upsert by non-unique");
  const inputs = [row("email", "ada@x.example", { phone: "1" }), row("email", "new@x.example", { nope: "1" })];
  expect(reason(await post(`${contacts}/batch/upsert`, { inputs }))).toBe("400 PROPERTY_DOESNT_EXIST");
  expect(sandbox.admin.record("contacts", ada)!.properties["phone"]).toBeUndefined();
});

test("search refuses long bodies, long pages, deep pages, many filters and unknown words", async () => {
  const search = async (body: unknown) => (await post(`${contacts}/search`, body)).status;
  const filter = { propertyName: "email", operator: "HAS_PROPERTY" };
  expect(await search({ query: "x".repeat(3000) })).toBe(400);
  expect(await search({ limit: 201 })).toBe(400);
  expect(await search({ limit: 200, after: "9900" })).toBe(400);
  expect(await search({ filterGroups: Array(6).fill({ filters: [filter] }) })).toBe(400);
  expect(await search({ filterGroups: [{ filters: Array(7).fill(filter) }] })).toBe(400);
  expect(await search({ filterGroups: Array(4).fill({ filters: Array(5).fill(filter) }) })).toBe(400);
  expect(await search({ filterGroups: [{ filters: [{ propertyName: "nope", operator: "EQ", value: "1" }] }] })).toBe(
    400,
  );
  expect(await search({ filterGroups: [{ filters: [{ propertyName: "email", operator: "LIKE", value: "1" }] }] })).toBe(
    400,
  );
  expect(await search({ sorts: ["email", "phone"] })).toBe(400);
  expect(await search({ sorts: ["nope"] })).toBe(400);
  expect(await search({ after: "", filterGroups: [{ filters: [] }], sorts: [] })).toBe(200);
});

test("properties: no name twice, no unknown type or group, at most ten unique ones", async () => {
  const draft = { label: "P", type: "string", fieldType: "text", groupName: "contactinformation" };
  const create = (more: object) => post("/crm/v3/properties/contacts", { ...draft, ...more });
  expect((await create({ name: "email" })).status).toBe(409);
  expect((await create({ name: "Bad Name" })).status).toBe(400);
  expect((await create({ name: "p", type: "json" })).status).toBe(400);
  expect((await create({ name: "p", fieldType: "number" })).status).toBe(400);
  expect((await create({ name: "p", groupName: "nope" })).status).toBe(400);
  for (let n = 0; n < 10; n++) expect((await create({ name: `u${n}`, hasUniqueValue: true })).status).toBe(201);
  expect((await create({ name: "u10", hasUniqueValue: true })).status).toBe(400);
  expect((await call(sandbox, "DELETE", "/crm/v3/properties/contacts/email")).status).toBe(400);
  expect((await call(sandbox, "GET", "/crm/v3/properties/contacts/nope")).status).toBe(404);
});

test("associations of a wrong type or with nobody are refused", async () => {
  const [company] = sandbox.admin.seed("companies", [{ properties: { name: "C" } }]);
  const path = `/crm/v4/objects/contacts/${ada}/associations/companies/${company}`;
  const wrong = [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 15 }];
  expect((await call(sandbox, "PUT", path, wrong)).status).toBe(400);
  expect((await call(sandbox, "PUT", `/crm/v4/objects/contacts/${ada}/associations/default/companies/9`)).status).toBe(
    404,
  );
  const inputs = [{ from: { id: ada }, to: { id: "9" } }];
  const batch = await post("/crm/v4/associations/contacts/companies/batch/associate/default", { inputs });
  expect(batch).toMatchObject({ status: 207, body: { numErrors: 1 } });
});

test("webhook subscriptions: known events only, a property for propertyChange, never the modified time", async () => {
  const path = `/webhooks/v3/${sandbox.appId}/subscriptions?hapikey=${sandbox.developerKey}`;
  const status = async (body: object) => (await post(path, { active: true, ...body })).status;
  expect(await status({ eventType: "contact.explosion" })).toBe(400);
  expect(await status({ eventType: "contact.propertyChange" })).toBe(400);
  expect(await status({ eventType: "contact.propertyChange", propertyName: "lastmodifieddate" })).toBe(400);
  expect(await status({ eventType: "object.creation" })).toBe(400);
  expect(await status({ eventType: "object.creation", objectTypeId: "2-1" })).toBe(201);
  expect((await post(`/webhooks/v3/${sandbox.appId}/subscriptions`, {})).status).toBe(401);
});
