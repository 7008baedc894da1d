import { afterEach, beforeEach, expect, test } from "vitest";
import type { SalesforceSandbox } from "./sandbox.ts";
import { call, calmSandbox, query, refusal } from "./testing.ts";

let sandbox: SalesforceSandbox;
beforeEach(async () => {
  sandbox = await calmSandbox();
});
afterEach(() => sandbox.close());

test.for([
  [{}, /REQUIRED_FIELD_MISSING: Required fields are missing: \[LastName\]/],
  [{ LastName: "x".repeat(81) }, /STRING_TOO_LONG: LastName: data value too large/],
  [{ LastName: "A", Email: "nobody" }, /INVALID_EMAIL_ADDRESS/],
  [{ LastName: "A", Nope: 1 }, /INVALID_FIELD: No such column 'Nope' on sobject of type Contact/],
  [{ LastName: "A", Name: "B" }, /INVALID_FIELD_FOR_INSERT_UPDATE: .*Name/],
  [{ LastName: "A", SystemModstamp: "2026-01-01T00:00:00Z" }, /INVALID_FIELD_FOR_INSERT_UPDATE/],
  [{ LastName: 5 }, /JSON_PARSER_ERROR: Cannot deserialize instance of string/],
  [{ LastName: "A", DoNotCall: "yes" }, /JSON_PARSER_ERROR: .*boolean/],
  [{ LastName: "A", Birthdate: "10.12.1815" }, /JSON_PARSER_ERROR: .*date/],
  [{ LastName: "A", AccountId: "nonsense" }, /MALFORMED_ID/],
  [{ LastName: "A", AccountId: "003bm0000000001AAA" }, /FIELD_INTEGRITY_EXCEPTION/],
  [{ LastName: "A", AccountId: "001bm0000000zzzAAA" }, /INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY/],
  [{ LastName: "A", Id: "003bm0000000001AAA" }, /INVALID_FIELD: cannot specify Id in an insert call/],
] as const)("a contact of %o is refused", async ([body, expected]) => {
  const answer = await call(sandbox, "POST", "/sobjects/Contact", body);
  expect(answer.status).toBe(400);
  expect(refusal(answer)).toMatch(expected);
  expect(sandbox.admin.records("Contact")).toEqual([]);
});

test("a unique value is taken by one record, without regard to case, and the refusal names that one", async () => {
  sandbox.admin.defineField("Contact", { name: "Code__c", type: "string", unique: true, externalId: true });
  const [id] = sandbox.admin.seed("Contact", [{ LastName: "A", Code__c: "x1" }]);
  const answer = await call(sandbox, "POST", "/sobjects/Contact", { LastName: "B", Code__c: "X1" });
  expect(refusal(answer)).toBe(
    `400 DUPLICATE_VALUE: duplicate value found: Code__c duplicates value on record with id: ${id!.slice(0, 15)}`,
  );
});

test("a restricted picklist takes only its values, another one any", async () => {
  sandbox.admin.defineField("Lead", { name: "Tier__c", type: "picklist", values: ["Gold"], restricted: true });
  const body = { LastName: "A", Company: "B", Industry: "Alchemy" };
  expect((await call(sandbox, "POST", "/sobjects/Lead", body)).status).toBe(201);
  const refused = await call(sandbox, "POST", "/sobjects/Lead", { ...body, Tier__c: "Silver" });
  expect(refusal(refused)).toMatch(/INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST/);
});

test("ids of 15 and 18 characters are one record; a wrong checksum is no id", async () => {
  const [id] = sandbox.admin.seed("Account", [{ Name: "Acme" }]);
  expect((await call(sandbox, "GET", `/sobjects/Account/${id!.slice(0, 15)}`)).body.Id).toBe(id);
  expect((await call(sandbox, "GET", `/sobjects/Account/${id!.slice(0, 15)}AAB`)).status).toBe(404);
});

test("an external id that two records share answers 300 with both, and writes nothing", async () => {
  sandbox.admin.defineField("Contact", { name: "Shop__c", type: "string", externalId: true });
  sandbox.admin.seed("Contact", [
    { LastName: "A", Shop__c: "7" },
    { LastName: "B", Shop__c: "7" },
  ]);
  const answer = await call(sandbox, "PATCH", "/sobjects/Contact/Shop__c/7", { LastName: "C" });
  expect([answer.status, answer.body.length]).toEqual([300, 2]);
  expect(sandbox.admin.records("Contact").map(({ LastName }) => LastName)).toEqual(["A", "B"]);
});

test("a collection with allOrNone takes all rows back when one is refused", async () => {
  const records = [
    { attributes: { type: "Account" }, Name: "Good" },
    { attributes: { type: "Account" }, Phone: "1" },
  ];
  const { body } = await call(sandbox, "POST", "/composite/sobjects", { allOrNone: true, records });
  expect(body.map((row: { errors: { statusCode: string }[] }) => row.errors[0]!.statusCode)).toEqual([
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "REQUIRED_FIELD_MISSING",
  ]);
  expect(sandbox.admin.records("Account")).toEqual([]);
  expect(sandbox.admin.audit().filter(({ object }) => object === "Account")).toEqual([]);
});

test("collections of more than 200 rows are refused whole", async () => {
  const records = Array.from({ length: 201 }, () => ({ attributes: { type: "Account" }, Name: "A" }));
  expect((await call(sandbox, "POST", "/composite/sobjects", { records })).status).toBe(400);
  expect(sandbox.admin.records("Account")).toEqual([]);
});

test("a rule against duplicates stops a create, and names the record; an alert can be passed", async () => {
  sandbox.admin.setDuplicateRules([{ object: "Contact", field: "Email", action: "alert" }]);
  const [id] = sandbox.admin.seed("Contact", [{ LastName: "A", Email: "a@example.com" }]);
  const body = { LastName: "B", Email: "A@example.com" };
  const refused = await call(sandbox, "POST", "/sobjects/Contact", body);
  expect(refused.body[0].duplicateResult.matchResults[0].matchRecords[0].record.Id).toBe(id);
  const headers = { "sforce-duplicate-rule-header": "allowSave=true" };
  expect((await call(sandbox, "POST", "/sobjects/Contact", body, headers)).status).toBe(201);
});

test("parts of a composite have their own conditions, and refer to earlier parts", async () => {
  const base = "/services/data/v66.0/sobjects";
  const [id] = sandbox.admin.seed("Account", [{ Name: "Acme" }]);
  const { body } = await call(sandbox, "POST", "/composite", {
    compositeRequest: [
      { method: "POST", url: `${base}/Account`, referenceId: "made", body: { Name: "New" } },
      { method: "POST", url: `${base}/Contact`, referenceId: "hers", body: { LastName: "A", AccountId: "@{made.id}" } },
      {
        method: "PATCH",
        url: `${base}/Account/${id}`,
        referenceId: "late",
        httpHeaders: { "If-Unmodified-Since": "Thu, 01 Jan 2015 00:00:00 GMT" },
        body: { Name: "Late" },
      },
      { method: "PATCH", url: `${base}/Account/@{nobody.id}`, referenceId: "halted", body: { Name: "X" } },
    ],
  });
  const statuses = body.compositeResponse.map(({ httpStatusCode }: { httpStatusCode: number }) => httpStatusCode);
  expect(statuses).toEqual([201, 201, 412, 400]);
  expect(sandbox.admin.records("Contact")[0]).toMatchObject({ AccountId: body.compositeResponse[0].body.id });
});

test("the day's calls end, and every answer says how many are used", async () => {
  sandbox.admin.setLimits({ daily: 0.002 });
  expect((await query(sandbox, "SELECT Id FROM Account")).headers.get("sforce-limit-info")).toBe("api-usage=1/2");
  await query(sandbox, "SELECT Id FROM Account");
  const over = await query(sandbox, "SELECT Id FROM Account");
  expect(refusal(over)).toBe("403 REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded.");
});

test.for([
  ["SELECT FROM Contact", /MALFORMED_QUERY.*unexpected token: 'FROM'/s],
  ["SELECT Id FROM Contact WHERE", /MALFORMED_QUERY/],
  [
    "SELECT Id FROM Contact WHERE Name = 'a' AND Email = 'b' OR Phone = 'c'",
    /MALFORMED_QUERY.*unexpected token: 'OR'/s,
  ],
  ["SELECT Id FROM Contact WHERE CreatedDate = TODAY", /MALFORMED_QUERY/],
  ["SELECT Id FROM Contact GROUP BY Id", /MALFORMED_QUERY.*unexpected token: 'GROUP'/s],
  ["SELECT Id FROM Contact WHERE Name = 'a", /MALFORMED_QUERY/],
  ["SELECT Nope FROM Contact", /INVALID_FIELD.*No such column 'Nope' on entity 'Contact'/s],
  ["SELECT Account.Nope FROM Contact", /INVALID_FIELD.*'Nope' on entity 'Account'/s],
  ["SELECT Boss.Name FROM Contact", /INVALID_FIELD.*relationship 'Boss'/s],
  ["SELECT Id FROM Accout", /INVALID_TYPE.*sObject type 'Accout' is not supported/s],
  ["SELECT Id FROM Contact WHERE SystemModstamp > '2026-01-01T00:00:00Z'", /INVALID_FIELD.*type dateTime/s],
  ["SELECT Id FROM Contact WHERE LastName = 5", /INVALID_FIELD.*type string/s],
  ["SELECT Id FROM Contact WHERE Description = 'x'", /INVALID_FIELD.*can not be filtered/s],
  ["SELECT Id FROM Contact WHERE Id = 'nonsense'", /INVALID_QUERY_FILTER_OPERATOR.*invalid ID field/s],
] as const)("%s is refused", async ([soql, expected]) => {
  expect(refusal(await query(sandbox, soql))).toMatch(expected);
});

test("queries compare texts without case, ids with it, sort blanks first, and see deleted records if asked to", async () => {
  const ids = sandbox.admin.seed("Contact", [
    { LastName: "b", Email: "B@example.com" },
    { LastName: "A" },
    { LastName: "c", Email: "c@example.com" },
  ]);
  const names = async (soql: string, all = false) =>
    (await query(sandbox, soql, all)).body.records.map(({ LastName }: { LastName: string }) => LastName).join("");
  expect(await names("SELECT LastName FROM Contact ORDER BY LastName DESC")).toBe("cbA");
  expect(await names("SELECT LastName FROM Contact ORDER BY Email, Id")).toBe("Abc");
  expect(await names("SELECT LastName FROM Contact WHERE Email = 'b@EXAMPLE.com'")).toBe("b");
  expect(await names("SELECT LastName FROM Contact WHERE Email != 'b@example.com' ORDER BY Id")).toBe("Ac");
  expect(await names("SELECT LastName FROM Contact WHERE NOT (Email = null OR LastName LIKE 'C%')")).toBe("b");
  expect(await names(`SELECT LastName FROM Contact WHERE Id > '${ids[0]}' ORDER BY Id LIMIT 1`)).toBe("A");
  sandbox.admin.mergeAs(sandbox.people[0], "Contact", ids[0]!, [ids[2]!]);
  expect(await names("SELECT LastName FROM Contact ORDER BY Id")).toBe("bA");
  expect(await names(`SELECT LastName FROM Contact WHERE MasterRecordId = '${ids[0]}'`, true)).toBe("c");
});
