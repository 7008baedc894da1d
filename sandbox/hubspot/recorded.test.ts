import { existsSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { HubSpotSandbox } from "./sandbox.ts";
import { type AnyJson, call, calmSandbox } from "./testing.ts";

const folder = new URL("../../../shared/specs/fixtures/hubspot/", import.meta.url);
const present = existsSync(folder);
if (!present) console.log("Recorded HubSpot answers are not here: their tests are skipped.");
const recordedTest = test.skipIf(!present);

let sandbox: HubSpotSandbox;
beforeEach(async () => {
  sandbox = await calmSandbox();
});
afterEach(() => sandbox.close());

function recorded(name: string): AnyJson {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
}

/** Answer of the first recorded exchange, or the kept body. */
function answerOf(name: string): AnyJson {
  const file = recorded(name);
  return file.body ?? file.exchanges[0].response;
}

/**
 * What of the recorded answer is missing or of another JSON type in ours, as paths; property names of a record are data, so under
 * `properties` only the value types are compared.
 */
function differences(real: AnyJson, ours: AnyJson, path = ""): string[] {
  if (real === null || ours === null) return [];
  if (Array.isArray(real)) {
    if (!Array.isArray(ours)) return [`${path}: no list`];
    return real.length === 0 || ours.length === 0 ? [] : differences(real[0], ours[0], `${path}[0]`);
  }
  if (typeof real !== "object")
    return typeof real === typeof ours ? [] : [`${path}: ${typeof ours}, not ${typeof real}`];
  if (path.endsWith(".properties")) {
    return Object.entries(ours).flatMap(([name, value]) =>
      value === null || typeof value === "string" ? [] : [`${path}.${name}: ${typeof value}`],
    );
  }
  return Object.keys(real).flatMap((key) =>
    Object.hasOwn(ours, key) ? differences(real[key], ours[key], `${path}.${key}`) : [`${path}.${key}: missing`],
  );
}

const contacts = "/crm/v3/objects/contacts";
const seed = (object: string, ...rows: Record<string, string>[]) =>
  sandbox.admin.seed(
    object,
    rows.map((properties) => ({ properties })),
  );

recordedTest("lists of contacts, deals and tickets have the recorded shape", async () => {
  seed("contacts", { email: "a@x.example" });
  seed("deals", { dealname: "D", dealstage: "closedwon" });
  seed("tickets", { subject: "T", hs_pipeline_stage: "1" });
  for (const [name, object] of [
    ["nango-contacts", "contacts"],
    ["nango-list-contacts", "contacts"],
    ["nango-deals", "deals"],
    ["nango-list-tickets", "tickets"],
  ] as const) {
    const { request } = recorded(name).exchanges[0];
    const query = new URLSearchParams({ ...request.params });
    const ours = await call(sandbox, "GET", `/crm/v3/objects/${object}?${query}`);
    expect(differences(answerOf(name), ours.body)).toEqual([]);
  }
});

recordedTest("a list carries the recorded rate headers for an OAuth app, but for their values", async () => {
  const real = recorded("nango-contacts").exchanges[0].response_headers;
  const ours = await call(sandbox, "GET", contacts);
  const missing = Object.keys(real).filter((name) => !ours.headers.has(name));
  expect(missing).toEqual([]);
});

recordedTest("single reads have the recorded shape and property names", async () => {
  const [id] = seed("contacts", { email: "a@x.example", firstname: "A", lastname: "B" });
  const contact = await call(sandbox, "GET", `${contacts}/${id}?properties=email,firstname,lastname`);
  const real = answerOf("nango-get-contact");
  expect(differences(real, contact.body)).toEqual([]);
  expect(Object.keys(contact.body["properties"])).toEqual(Object.keys(real.properties));

  const [deal] = seed("deals", { dealname: "D", dealstage: "closedwon" });
  const { params } = recorded("nango-get-deal").exchanges[0].request;
  const ours = await call(sandbox, "GET", `/crm/v3/objects/deals/${deal}?${new URLSearchParams(params)}`);
  expect(Object.keys(ours.body["properties"])).toEqual(Object.keys(answerOf("nango-get-deal").properties));

  const [ticket] = seed("tickets", { subject: "T", hs_pipeline_stage: "1" });
  const asked = recorded("nango-get-ticket").exchanges[0].request.params;
  const answered = await call(sandbox, "GET", `/crm/v3/objects/tickets/${ticket}?${new URLSearchParams(asked)}`);
  // "priority", "source" ... were asked for too; properties that don't exist are passed over.
  expect(answered.body["properties"]).not.toHaveProperty("priority");
  expect(differences(answerOf("nango-get-ticket"), answered.body)).toEqual([]);
});

recordedTest("updates answer with the recorded shape, written and system properties among them", async () => {
  const [id] = seed("contacts", { email: "a@x.example" });
  const { data } = recorded("nango-update-contact").exchanges[0].request;
  const contact = await call(sandbox, "PATCH", `${contacts}/${id}`, data);
  expect(differences(answerOf("nango-update-contact"), contact.body)).toEqual([]);
  expect(contact.body["properties"]).toMatchObject({ ...data.properties, hs_object_id: id, lifecyclestage: "lead" });

  const [company] = seed("companies", { name: "Old" });
  for (const name of ["nango-update-company", "nango-update-company-clear-fields"]) {
    const body = recorded(name).exchanges[0].request.data;
    const ours = await call(sandbox, "PATCH", `/crm/v3/objects/companies/${company}`, body);
    expect(differences(answerOf(name), ours.body)).toEqual([]);
    expect(ours.body["properties"]).toMatchObject(body.properties);
  }
});

recordedTest("creates answer with the recorded shape", async () => {
  const { data } = recorded("nango-create-ticket").exchanges[0].request;
  const ours = await call(sandbox, "POST", "/crm/v3/objects/tickets", data);
  expect(ours.status).toBe(201);
  expect(differences(answerOf("nango-create-ticket"), ours.body)).toEqual([]);
});

recordedTest("search answers have the recorded shape, with and without a next page", async () => {
  seed("contacts", { firstname: "Johnnie" }, { firstname: "Johnnie" });
  const body = { query: "johnnie", limit: 1, properties: ["company"] };
  const first = await call(sandbox, "POST", `${contacts}/search`, body);
  const second = await call(sandbox, "POST", `${contacts}/search`, { ...body, after: first.body["paging"].next.after });
  expect(differences(answerOf("amp-test__search__contacts__1-first-page"), first.body)).toEqual([]);
  expect(differences(answerOf("amp-test__search__contacts__2-second-page"), second.body)).toEqual([]);
  expect(second.body).not.toHaveProperty("paging");

  seed("deals", { dealname: "D", dealstage: "closedwon" }, { dealname: "E", dealstage: "closedwon" });
  seed("tickets", { subject: "T", hs_pipeline_stage: "1" });
  const deals = recorded("nango-search-deals").exchanges[0].request.data;
  const foundDeals = await call(sandbox, "POST", "/crm/v3/objects/deals/search", { ...deals, limit: 1 });
  expect(differences(answerOf("nango-search-deals"), foundDeals.body)).toEqual([]);
  const tickets = recorded("nango-search-tickets").exchanges[0].request.data;
  const foundTickets = await call(sandbox, "POST", "/crm/v3/objects/tickets/search", tickets);
  expect(foundTickets.status).toBe(200);
});

recordedTest("batch answers and errors have the recorded shape", async () => {
  const [a, b] = seed("contacts", { email: "a@x.example" }, { email: "b@x.example" });
  const update = async (...inputs: object[]) =>
    (await call(sandbox, "POST", `${contacts}/batch/update`, { inputs })).body;
  const change = { firstname: "F", lastname: "L" };
  expect(
    differences(
      answerOf("amp-test__batch__update__contacts__success"),
      await update({ id: a, properties: change }, { id: b, properties: change }),
    ),
  ).toEqual([]);
  const partial = await update({ id: a, properties: change }, { id: "unknownIdentifier888", properties: change });
  const real = answerOf("amp-test__batch__update__contacts__err-partial-success");
  expect(differences(real, partial)).toEqual([]);
  expect(partial["errors"]).toEqual(real.errors);

  const wrong = { first000name: "x", last000name: "y" };
  const invalid = await update({ id: a, properties: wrong }, { id: b, properties: wrong });
  const realInvalid = answerOf("amp-test__batch__update__contacts__err-many-invalid-properties");
  expect(differences(realInvalid, invalid)).toEqual([]);
  expect(invalid["message"]).toBe(realInvalid.message);
  expect(invalid["errors"][0]).toEqual(realInvalid.errors[0]);

  const rows = [
    { properties: { email: "a@x.example" }, objectWriteTraceId: "0" },
    { properties: { email: "c@x.example" }, objectWriteTraceId: "1" },
  ];
  const created = await call(sandbox, "POST", `${contacts}/batch/create`, { inputs: rows });
  expect(created.status).toBe(207);
  expect(differences(answerOf("amp-test__batch__create__contacts__err-partial-success"), created.body)).toEqual([]);
  const conflict = await call(sandbox, "POST", `${contacts}/batch/create`, {
    inputs: [{ properties: { email: "a@x.example" } }],
  });
  const realConflict = answerOf("amp-test__batch__create__contacts__err-conflict");
  expect(conflict.body).toMatchObject({ message: realConflict.message, category: realConflict.category });
});

recordedTest("associations answer with the recorded shape", async () => {
  const [contact, lonely] = seed("contacts", { firstname: "A" }, { firstname: "B" });
  const [company] = seed("companies", { name: "C" });
  const inputs = [
    {
      from: { id: contact },
      to: { id: company },
      types: [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 1 }],
    },
  ];
  const made = await call(sandbox, "POST", "/crm/v4/associations/contacts/companies/batch/create", { inputs });
  expect(differences(answerOf("amp-internal__associations__test__contact-to-company-resp"), made.body)).toEqual([]);
  const read = await call(sandbox, "POST", "/crm/v4/associations/contacts/companies/batch/read", {
    inputs: [{ id: contact }, { id: lonely }],
  });
  const real = answerOf("amp-test__search__contacts__contacts-to-companies");
  expect(read.status).toBe(207);
  expect(differences(real, read.body)).toEqual([]);
  expect(read.body["results"][0].to[0].associationTypes).toEqual(
    expect.arrayContaining(real.results[0].to[0].associationTypes),
  );
});

recordedTest("schema calls answer with the recorded shape", async () => {
  const create = recorded("nango-create-property").exchanges[0];
  const property = await call(sandbox, "POST", "/crm/v3/properties/contacts", create.request.data);
  expect(differences(create.response, property.body).filter((one) => !/UserId/.test(one))).toEqual([]);
  const all = await call(sandbox, "GET", "/crm/v3/properties/companies");
  expect(differences(answerOf("nango-fetch-properties"), all.body)).toEqual([]);
  expect((await call(sandbox, "GET", "/crm/v3/schemas")).body).toEqual(answerOf("nango-fetch-custom-objects"));
  const schema = await call(sandbox, "GET", "/crm-object-schemas/v3/schemas/contacts");
  const real = answerOf("amp-internal__associations__test__contacts-schema-resp");
  expect(differences(real, schema.body).filter((one) => !/description|Sensitive/.test(one))).toEqual([]);
  const owners = await call(sandbox, "GET", "/crm/v3/owners");
  expect(differences(answerOf("nango-owners"), owners.body)).toEqual([]);
  const pipelines = await call(sandbox, "GET", "/crm/v3/pipelines/deals");
  expect(differences(answerOf("amp-test__metadata-deals-external-pipelines"), pipelines.body)).toEqual([]);
});

recordedTest("an unknown object and a missing scope answer as recorded", async () => {
  const unknown = await call(sandbox, "POST", "/crm/v3/objects/butterflies/search", {});
  const real = answerOf("amp-test__search__error-invalid-object");
  expect(Object.keys(unknown.body).toSorted()).toEqual(Object.keys(real).toSorted());
  expect(unknown.body["message"]).toBe(real.message);
  sandbox.admin.setScopes([]);
  const scope = await call(sandbox, "GET", "/crm/v3/schemas");
  expect(differences(answerOf("amp-test__metadata-err-schemas-scope"), scope.body)).toEqual([]);
});
