import { afterEach, beforeEach, expect, test } from "vitest";
import type { JsonObject } from "./json.ts";
import type { AirtableSandbox } from "./sandbox.ts";
import { call, crmSandbox, errorOf } from "./testing.ts";

let sandbox: AirtableSandbox;

beforeEach(async () => {
  sandbox = await crmSandbox();
});

afterEach(() => sandbox.close());

const tables = (method: string, path = "", body?: unknown) =>
  call(sandbox, method, `meta/bases/${sandbox.baseId}/tables${path}`, body);

test("who am I, which bases, which tables", async () => {
  expect((await call(sandbox, "GET", "meta/whoami")).body).toEqual({
    id: expect.stringMatching(/^usr/),
    email: "truce@example.com",
    scopes: expect.arrayContaining(["data.records:read", "webhook:manage"]),
  });
  expect((await call(sandbox, "GET", "meta/bases")).body).toEqual({
    bases: [{ id: sandbox.baseId, name: "Sandbox", permissionLevel: "create" }],
  });
  const { body } = await tables("GET", "?include[]=visibleFieldIds");
  const [companies, people] = body["tables"] as readonly [JsonObject, JsonObject];
  expect(companies).toMatchObject({ name: "Companies", views: [{ name: "Grid view", type: "grid" }] });
  const fields = people["fields"] as readonly JsonObject[];
  expect(people["primaryFieldId"]).toBe(fields[0]?.["id"]);
  expect(fields.find(({ name }) => name === "Stage")).toMatchObject({
    type: "singleSelect",
    options: {
      choices: [{ id: expect.stringMatching(/^sel/), name: "Lead", color: expect.any(String) }, { name: "Won" }],
    },
  });
  const link = fields.find(({ name }) => name === "Company")?.["options"] as JsonObject;
  const inverse = (companies["fields"] as readonly JsonObject[]).find(({ name }) => name === "People");
  expect(link["inverseLinkFieldId"]).toBe(inverse?.["id"]);
  expect((people["views"] as readonly JsonObject[])[1]?.["visibleFieldIds"]).toHaveLength(2);
});

test("tables and fields are made and renamed, and webhooks hear of it", async () => {
  const table = await tables("POST", "", { name: "Deals", fields: [{ name: "Deal", type: "singleLineText" }] });
  expect(table.body).toMatchObject({ name: "Deals", fields: [{ name: "Deal" }], views: [{ name: "Grid view" }] });
  const tableId = String(table.body["id"]);
  const hook = await call(sandbox, "POST", `bases/${sandbox.baseId}/webhooks`, {
    specification: {
      options: { filters: { dataTypes: ["tableFields"] }, includes: { includePreviousFieldDefinitions: true } },
    },
  });
  const field = await tables("POST", `/${tableId}/fields`, {
    name: "Amount",
    type: "number",
    options: { precision: 2 },
  });
  expect(field.body).toEqual({
    type: "number",
    options: { precision: 2 },
    id: expect.stringMatching(/^fld/),
    name: "Amount",
  });
  const fieldId = String(field.body["id"]);
  expect((await tables("PATCH", `/${tableId}/fields/${fieldId}`, { name: "Sum" })).body).toMatchObject({ name: "Sum" });
  expect((await tables("PATCH", `/${tableId}`, { description: "Money" })).body).toMatchObject({ description: "Money" });
  const { body } = await call(sandbox, "GET", `bases/${sandbox.baseId}/webhooks/${String(hook.body["id"])}/payloads`);
  expect(body["payloads"]).toMatchObject([
    { changedTablesById: { [tableId]: { createdFieldsById: { [fieldId]: { name: "Amount", type: "number" } } } } },
    {
      changedTablesById: {
        [tableId]: { changedFieldsById: { [fieldId]: { current: { name: "Sum" }, previous: { name: "Amount" } } } },
      },
    },
  ]);
});

test("what the schema calls refuse", async () => {
  const peopleId = String(sandbox.admin.schema()[1]?.["id"]);
  const field = async (body: object) => errorOf(await tables("POST", `/${peopleId}/fields`, body));
  expect(await field({ name: "Name", type: "number" })).toBe("422 DUPLICATE_OR_EMPTY_FIELD_NAME");
  expect(await field({ name: "X", type: "nope" })).toBe("422 INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE");
  expect(await field({ name: "X", type: "singleSelect" })).toBe("422 INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE");
  expect(await field({ name: "X", type: "formula" })).toBe("422 UNSUPPORTED_FIELD_TYPE_FOR_CREATE");
  expect(await field({ type: "number" })).toBe("422 INVALID_REQUEST_UNKNOWN");
  expect(errorOf(await tables("POST", "", { name: "Deals", fields: [] }))).toBe("422 INVALID_REQUEST_UNKNOWN");
  const again = { name: "People", fields: [{ name: "A", type: "number" }] };
  expect(errorOf(await tables("POST", "", again))).toBe("422 DUPLICATE_TABLE_NAME");
  const bad = { name: "Deals", fields: [{ name: "A", type: "nope" }] };
  expect(errorOf(await tables("POST", "", bad))).toBe("422 INVALID_REQUEST_UNKNOWN");
  const nameId = String(sandbox.admin.schema()[1]?.["primaryFieldId"]);
  expect(errorOf(await tables("PATCH", `/${peopleId}/fields/${nameId}`, { type: "number" }))).toBe(
    "422 INVALID_REQUEST_UNKNOWN",
  );
  const unknown = "403 INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND";
  expect(errorOf(await tables("PATCH", `/${peopleId}/fields/fldNope`, {}))).toBe(unknown);
  expect(errorOf(await tables("PATCH", "/tblNope", {}))).toBe(unknown);
  expect(errorOf(await tables("DELETE", `/${peopleId}`))).toBe("404 NOT_FOUND");
});

test("a token reaches what its scopes name, in its base, and nothing else", async () => {
  const reader = sandbox.admin.addToken("Rita", ["data.records:read"]);
  const unknown = "403 INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND";
  const { baseId } = sandbox;
  const as = async (token: string, method: string, path: string, body?: unknown) => {
    const answer = await call(sandbox, method, path, body, token);
    return answer.status === 200 ? 200 : errorOf(answer);
  };
  expect(await as(reader, "GET", `${baseId}/People`)).toBe(200);
  expect(await as(reader, "POST", `${baseId}/People/listRecords`, {})).toBe(200);
  expect(await as(reader, "POST", `${baseId}/People`, { fields: {} })).toBe(unknown);
  expect(await as(reader, "GET", `meta/bases/${baseId}/tables`)).toBe(unknown);
  expect(await as(reader, "GET", `bases/${baseId}/webhooks`)).toBe(unknown);
  expect(await as(reader, "GET", "meta/whoami")).toBe(200);
  expect((await call(sandbox, "GET", "meta/whoami", undefined, reader)).body).not.toHaveProperty("email");
  expect(await as("patNope", "GET", "meta/whoami")).toBe("401 AUTHENTICATION_REQUIRED");
  expect(await as(sandbox.token, "GET", "appNope/People")).toBe(unknown);
  expect(await as(sandbox.token, "GET", "meta/bases/appNope/tables")).toBe(unknown);
  expect(await as(sandbox.token, "GET", `${baseId}/Nowhere`)).toBe(unknown);
  expect(await as(sandbox.token, "GET", "meta/nope")).toBe("404 NOT_FOUND");
});

test("a table's name may hold a slash", async () => {
  await tables("POST", "", { name: "Q4/2026 Pipeline", fields: [{ name: "Name", type: "singleLineText" }] });
  const made = await call(sandbox, "POST", `${sandbox.baseId}/Q4%2F2026%20Pipeline/`, { fields: { Name: "Deal A" } });
  expect(made.body["fields"]).toEqual({ Name: "Deal A" });
});
