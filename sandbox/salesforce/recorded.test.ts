import { existsSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SalesforceSandbox } from "./sandbox.ts";
import { type AnyJson, call, calmSandbox, query } from "./testing.ts";

const folder = new URL("../../../shared/specs/fixtures/salesforce/", import.meta.url);
const present = existsSync(folder);
if (!present) console.log("Recorded Salesforce answers are not here: the sandbox is not compared with them.");
const recordedTest = test.skipIf(!present);

let sandbox: SalesforceSandbox;
beforeEach(async () => {
  sandbox = await calmSandbox();
});
afterEach(() => sandbox.close());

/** Answer of the first recorded exchange, or the kept body. */
function answerOf(name: string): AnyJson {
  const file = JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
  return file.body ?? file.exchanges[0].response;
}

/** What of the recorded answer is missing or of another JSON type in ours, as paths. */
function differences(real: AnyJson, ours: AnyJson, path = ""): string[] {
  if (real === null || ours === null) return [];
  if (Array.isArray(real)) {
    if (!Array.isArray(ours)) return [`${path}: no list`];
    return real.length === 0 || ours.length === 0 ? [] : differences(real[0], ours[0], `${path}[0]`);
  }
  if (typeof real !== "object") return typeof real === typeof ours ? [] : [`${path}: ${typeof ours}`];
  return Object.keys(real).flatMap((key) =>
    Object.hasOwn(ours, key) ? differences(real[key], ours[key], `${path}.${key}`) : [`${path}.${key}: missing`],
  );
}

recordedTest("a created record, rows of collections and a page of a query have the recorded shapes", async () => {
  const made = await call(sandbox, "POST", "/sobjects/Account/", { Name: "Acme" });
  expect(differences(answerOf("nango-create-record"), made.body)).toEqual([]);
  expect(made.headers.get("location")).toBe(`/services/data/v66.0/sobjects/Account/${made.body.id}`);
  const records = [{ attributes: { type: "Account" }, id: "001xx000003DHP0AAO", Name: "Updated" }];
  const updated = await call(sandbox, "PATCH", "/composite/sobjects", { allOrNone: false, records });
  expect(updated.body).toEqual(answerOf("nango-update-sobject-collection"));
  const found = await query(sandbox, "SELECT Id, Name FROM Account LIMIT 5");
  expect(differences(answerOf("nango-records-by-soql"), found.body)).toEqual([]);
  const read = await call(sandbox, "GET", `/sobjects/Account/${made.body.id}`);
  const { attributes } = answerOf("nango-get-record");
  expect(differences({ attributes }, read.body)).toEqual([]);
});

recordedTest("refusals say what the recorded ones say", async () => {
  const field = await call(sandbox, "POST", "/sobjects/Account", { Name: "A", AccountNumer: "1" });
  expect(field.body).toEqual(answerOf("amp-test__unknown-field"));
  const [object] = (await query(sandbox, "SELECT Id,Name,BillingCity,IsDeleted FROM Accout")).body;
  const [real] = answerOf("amp-test__unknown-object");
  expect(object.errorCode).toBe(real.errorCode);
  expect(object.message.split("\n").at(-1)).toBe(real.message.split("\n").at(-1));
  const session = await call({ url: sandbox.url, token: "gone" }, "GET", "/sobjects");
  expect([session.status, session.body]).toEqual([401, answerOf("restforce-expired_session_response")]);
  const key = await call(sandbox, "PATCH", "/sobjects/Account/Namez/x", { Name: "A" });
  expect(key.body).toEqual(answerOf("restforce-sobject__upsert_error_response"));
});

recordedTest("the parts of a description that the sandbox has are of the recorded types", async () => {
  const ours = (await call(sandbox, "GET", "/sobjects/Contact/describe")).body;
  const real = answerOf("restforce-sobject__sobject_describe_success_response");
  const common = (from: AnyJson, other: AnyJson) =>
    Object.fromEntries(Object.entries(from).filter(([name]) => Object.hasOwn(other, name)));
  expect(differences(common(real.fields[0], ours.fields[0]), ours.fields[0])).toEqual([]);
  expect(Object.keys(common(real.fields[0], ours.fields[0])).length).toBeGreaterThan(30);
  const global = (await call(sandbox, "GET", "/sobjects")).body;
  const realGlobal = answerOf("restforce-sobject__list_sobjects_success_response");
  expect(differences(common(realGlobal.sobjects[0], global.sobjects[0]), global.sobjects[0])).toEqual([]);
});

recordedTest("versions, limits, logins and jobs have the recorded shapes", async () => {
  const versions = await call(sandbox, "GET", "/services/data");
  expect(differences(answerOf("restforce-services_data_success_response"), versions.body)).toEqual([]);
  const limits = await call(sandbox, "GET", "/limits");
  const { DailyApiRequests } = answerOf("nango-get-limits");
  expect(differences({ DailyApiRequests }, limits.body)).toEqual([]);
  const { clientId, clientSecret, refreshToken } = sandbox.app;
  const form = {
    grant_type: "refresh_token",
    client_id: clientId,
    client_secret: clientSecret,
    refresh_token: refreshToken,
  };
  const login = await fetch(`${sandbox.url}/services/oauth2/token`, {
    method: "POST",
    body: new URLSearchParams(form),
  });
  expect(differences(answerOf("restforce-reauth_success_response"), await login.json())).toEqual([]);
  sandbox.admin.defineField("Opportunity", { name: "external_id__c", type: "string", externalId: true, unique: true });
  const job = { object: "Opportunity", operation: "upsert", externalIdFieldName: "external_id__c", lineEnding: "LF" };
  const opened = await call(sandbox, "POST", "/jobs/ingest", job);
  expect(differences(answerOf("amp-test__bulk__write__launch-job-opportunity"), opened.body)).toEqual([]);
});
