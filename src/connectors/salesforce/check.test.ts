import { afterEach, beforeEach, expect, test } from "vitest";
import type { MappedObject } from "../../ports/connector.ts";
import { create } from "../../ports/testing/requests.ts";
import { cell, contacts, mapped, type Setting, setUp } from "./testing.ts";

let setting: Setting;
beforeEach(async () => {
  setting = await setUp();
});
afterEach(() => setting.sandbox.close());

/** Problems in one line each. */
async function problems(object: MappedObject): Promise<string[]> {
  const found = await setting.connector.check([object], { prepare: false });
  return found.map(({ severity, cell: name, message }) => `${severity} ${name ?? "-"}: ${message}`);
}

const only = (object: string, ...cells: MappedObject["cells"]): MappedObject => ({ object, create: false, cells });

test("a mapping that fits has no problems", async () => {
  expect((await problems(contacts)).filter((one) => one.startsWith("error"))).toEqual([]);
});

test.for([
  [cell("Nope__c"), /^error Nope__c: Person__c has no field Nope__c; use its API name/],
  [cell("note__c"), /^error note__c: .*it is written Note__c/],
  [cell("Greeting__c"), /^error Greeting__c: Greeting__c is a formula; map it with direction "read"/],
  [cell("SystemModstamp"), /^error SystemModstamp: .*can't be written/],
  [cell("Budget__c", { type: { kind: "text" } }), /^error Budget__c: .*needs type money or number/],
  [cell("Active__c", { type: { kind: "text" } }), /^error Active__c: .*needs type boolean/],
  [cell("Stage__c", { type: { kind: "choice" } }), /^warning Stage__c: .*list them/],
  [
    cell("Stage__c", { type: { kind: "choice", options: ["Won", "Lost"] } }),
    /^error Stage__c: .*lacks the values Lost.*restricted/,
  ],
  [cell("Tags__c", { type: { kind: "choice" } }), /^error Tags__c: .*needs type set or text/],
  [cell("Score__c", { type: { kind: "number" } }), /^warning Score__c: .*rounded to 2 decimals/],
  [cell("Account__c", { type: { kind: "reference", to: "company", many: true } }), /^error Account__c: .*one record/],
] as const)("%o has the problem %s", async ([one, expected]) => {
  const found = await problems(only("Person__c", one));
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(expected);
});

test("a compound field is mapped by its parts", async () => {
  const [found] = await problems(only("Contact", cell("MailingAddress")));
  expect(found).toMatch(/compound .*: MailingStreet, MailingCity, MailingState, MailingPostalCode, MailingCountry$/);
});

test("an object that is not there is told with what may be meant", async () => {
  expect(await problems(only("Invoice", cell("Name")))).toEqual([
    expect.stringMatching(/^error -: Salesforce has no object Invoice; use its API name/),
  ]);
});

test("records are created only with all that Salesforce requires, and with the key field", async () => {
  expect(await problems(mapped("Contact", "FirstName"))).toContainEqual(
    expect.stringMatching(/^error -: Contact can't be created without LastName/),
  );
  setting.sandbox.admin.removeField("Contact", "Truce_ID__c");
  expect(await problems(contacts)).toContainEqual(
    expect.stringMatching(/^error -: Contact has no field Truce_ID__c .*truce check --prepare.*External ID, Unique/),
  );
  setting.sandbox.admin.defineField("Contact", { name: "Truce_ID__c", type: "string", externalId: true });
  expect(await problems(contacts)).toContainEqual(expect.stringMatching(/^error -: .*not a unique external id/));
});

test("the key field is made on demand, and the integration user let in; where that is not allowed, it is said how", async () => {
  const { sandbox, connector } = setting;
  const errors = async (prepare: boolean) => {
    const found = await connector.check([contacts], { prepare });
    return found.filter(({ severity }) => severity === "error").map(({ message }) => message);
  };
  sandbox.admin.removeField("Contact", "Truce_ID__c");
  sandbox.admin.setMayCustomize(false);
  expect(await errors(true)).toEqual([expect.stringMatching(/INSUFFICIENT_ACCESS.*in Setup, Object Manager, Contact/)]);
  sandbox.admin.setMayCustomize(true);
  expect(await errors(true)).toEqual([]);
  expect(await errors(false)).toEqual([]);
  const [made] = await connector.write(contacts, [create("g-1", { LastName: "Ada" })]);
  expect(made).toMatchObject({ kind: "written", created: true });
});

test("record types are a choice that creates leave to the default", async () => {
  setting.sandbox.admin.defineRecordType("Contact", "Customer");
  setting.sandbox.admin.defineRecordType("Contact", "Supplier");
  expect(await problems(contacts)).toContainEqual(
    expect.stringMatching(
      /^warning -: new Contact records get the record type Customer \(there are Customer, Supplier\)/,
    ),
  );
  const withType = { ...contacts, cells: [...contacts.cells, cell("RecordTypeId")] };
  expect((await problems(withType)).filter((one) => one.includes("record type"))).toEqual([]);
});

test("objects are described without being named: the common ones and every custom one", async () => {
  const described = await setting.connector.describe();
  expect(described.map(({ object }) => object)).toEqual(["Account", "Contact", "Lead", "Opportunity", "Person__c"]);
  const fields = new Map(described[1]?.cells.map((one) => [one.cell, one]));
  expect(fields.get("Email")).toMatchObject({ type: { kind: "email" }, readOnly: false });
  expect(fields.get("AccountId")).toMatchObject({ type: { kind: "reference", to: "company" } });
  expect(fields.get("Name")).toMatchObject({ readOnly: true });
  expect(fields.has("MailingAddress")).toBe(false);
});
