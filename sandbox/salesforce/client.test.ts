import { Connection } from "jsforce";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SalesforceSandbox } from "./sandbox.ts";
import { calmSandbox } from "./testing.ts";

let sandbox: SalesforceSandbox;
let connection: Connection;

beforeEach(async () => {
  sandbox = await calmSandbox();
  connection = new Connection({ instanceUrl: sandbox.url, accessToken: sandbox.token, version: "66.0" });
});

afterEach(() => sandbox.close());

test("jsforce logs in with client credentials, and by its refresh token when the session has expired", async () => {
  const { clientId, clientSecret, refreshToken } = sandbox.app;
  const oauth2 = { loginUrl: sandbox.url, clientId, clientSecret };
  const first = new Connection({ version: "66.0", oauth2 });
  const { organizationId, id } = await first.authorize({ grant_type: "client_credentials" });
  expect([organizationId, id]).toEqual([sandbox.orgId, sandbox.integrationUserId]);
  expect(await first.sobject("Account").create({ Name: "Acme" })).toMatchObject({ success: true });
  sandbox.admin.expireSessions();
  const accessToken = first.accessToken!;
  const second = new Connection({ version: "66.0", oauth2, instanceUrl: sandbox.url, accessToken, refreshToken });
  expect((await second.query("SELECT Id FROM Account")).totalSize).toBe(1);
  expect(second.accessToken).not.toBe(accessToken);
});

test("jsforce creates, reads, updates, upserts and deletes one contact", async () => {
  const contacts = connection.sobject("Contact");
  sandbox.admin.defineKeyField("Contact");
  const made = await contacts.create({ LastName: "Lovelace", Email: "ada@example.com" });
  if (!made.success) throw new Error("The contact was not made.");
  expect(await contacts.retrieve(made.id)).toMatchObject({ Name: "Lovelace", Email: "ada@example.com", Phone: null });
  await contacts.update({ Id: made.id, FirstName: "Ada", MailingCity: "London" });
  expect(await contacts.retrieve(made.id)).toMatchObject({
    Name: "Ada Lovelace",
    MailingAddress: { city: "London", street: null },
  });
  expect(await contacts.upsert({ Truce_ID__c: "g-1", LastName: "Hopper" }, "Truce_ID__c")).toMatchObject({
    created: true,
  });
  expect(await contacts.upsert({ Truce_ID__c: "g-1", LastName: "Grace" }, "Truce_ID__c")).toMatchObject({
    created: false,
  });
  await contacts.delete(made.id);
  await expect(contacts.retrieve(made.id)).rejects.toMatchObject({ errorCode: "ENTITY_IS_DELETED" });
});

test("jsforce finds with its query builder, and pages through more records than one answer holds", async () => {
  const names = Array.from({ length: 2100 }, (_, n) => ({ Name: `Account ${String(n).padStart(4, "0")}` }));
  sandbox.admin.seed("Account", names);
  const found = await connection
    .sobject("Account")
    .find({ Name: { $like: "Account 00%" } }, ["Id", "Name"])
    .sort({ Name: -1 })
    .limit(3);
  expect(found.map(({ Name }) => Name)).toEqual(["Account 0099", "Account 0098", "Account 0097"]);
  const all = await connection.query("SELECT Name FROM Account", { autoFetch: true, maxFetch: 5000 });
  expect(all.records).toHaveLength(2100);
  const first = await connection.query("SELECT Name FROM Account");
  expect(first).toMatchObject({ totalSize: 2100, done: false });
  expect(await connection.queryMore(first.nextRecordsUrl!)).toMatchObject({ done: true });
  expect(connection.limitInfo.apiUsage?.used).toBeGreaterThan(0);
});

test("jsforce writes collections, in which each row stands for itself", async () => {
  const accounts = connection.sobject("Account");
  const made = await accounts.create([{ Name: "One" }, { Phone: "1" }, { Name: "Three" }]);
  expect(made.map(({ success }) => success)).toEqual([true, false, true]);
  expect(made[1]).toMatchObject({ errors: [{ statusCode: "REQUIRED_FIELD_MISSING", fields: ["Name"] }] });
  const ids = made.flatMap((one) => (one.success ? [one.id] : []));
  const updated = await accounts.update([
    { Id: ids[0]!, Name: "First" },
    { Id: "001bm0000000zzzAAA", Name: "Nobody" },
  ]);
  expect(updated.map(({ success }) => success)).toEqual([true, false]);
  expect((await accounts.delete(ids)).map(({ success }) => success)).toEqual([true, true]);
});

test("jsforce describes, and asks what was deleted", async () => {
  const described = await connection.describe("Contact");
  expect(described.fields.find(({ name }) => name === "LastName")).toMatchObject({ nillable: false, length: 80 });
  expect((await connection.describeGlobal()).sobjects.map(({ name }) => name)).toContain("Opportunity");
  const made = await connection.sobject("Lead").create({ LastName: "Lovelace", Company: "Engines" });
  await connection.sobject("Lead").delete(made.id!);
  const minute = 60_000;
  const [start, end] = [new Date(Date.now() - 5 * minute), new Date(Date.now() + minute)];
  const deleted = await connection.sobject("Lead").deleted(start, end);
  expect(deleted.deletedRecords.map(({ id }) => id)).toEqual([made.id]);
  expect((await connection.sobject("Lead").updated(start, end)).ids).toEqual([]);
});

test("jsforce's conditional update is refused when somebody was faster", async () => {
  const [maria] = sandbox.people;
  const [id] = sandbox.admin.seed("Contact", [{ LastName: "Lovelace" }], Date.now() - 60_000);
  const headers = { "If-Unmodified-Since": new Date(Date.now() - 30_000).toUTCString() };
  await connection.sobject("Contact").update({ Id: id!, Phone: "1" }, { headers });
  sandbox.admin.edit(maria, "Contact", id!, { Phone: "2" });
  const late = connection.sobject("Contact").update({ Id: id!, Phone: "3" }, { headers });
  await expect(late).rejects.toThrow(/modified/u);
  expect(sandbox.admin.record("Contact", id!)).toMatchObject({ Phone: "2" });
});

test("jsforce loads and queries in bulk", async () => {
  sandbox.admin.defineKeyField("Account");
  connection.bulk2.pollInterval = 10;
  const input = ["Truce_ID__c,Name,Phone", "k1,One,1", "k2,,2", 'k3,"Three, and ""more""",'].join("\n");
  const loaded = await connection.bulk2.loadAndWaitForResults({
    object: "Account",
    operation: "upsert",
    externalIdFieldName: "Truce_ID__c",
    input,
  });
  expect(loaded.successfulResults).toHaveLength(2);
  expect(loaded.failedResults).toMatchObject([
    { Truce_ID__c: "k2", sf__Error: expect.stringMatching(/REQUIRED_FIELD/) },
  ]);
  const cleared = await connection.bulk2.loadAndWaitForResults({
    object: "Account",
    operation: "upsert",
    externalIdFieldName: "Truce_ID__c",
    input: "Truce_ID__c,Name,Phone\nk1,,#N/A",
  });
  expect(cleared.successfulResults).toMatchObject([{ sf__Created: "false" }]);
  const rows = await (await connection.bulk2.query("SELECT Name, Phone FROM Account", { pollInterval: 10 })).toArray();
  expect(rows).toEqual([
    { Name: "One", Phone: "" },
    { Name: 'Three, and "more"', Phone: "" },
  ]);
});
