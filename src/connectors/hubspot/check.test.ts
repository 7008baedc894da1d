import { afterEach, beforeEach, expect, test } from "vitest";
import type { MappedObject } from "../../ports/connector.ts";
import { cell, contacts, mapped, type Setting, setUp } from "./testing.ts";

let setting: Setting;
beforeEach(async () => {
  setting = await setUp();
});
afterEach(() => setting.sandbox.close());

/** Problems in one line each. */
async function problems(object: MappedObject, prepare = false): Promise<string[]> {
  const found = await setting.connector.check([object], { prepare });
  return found.map(({ severity, cell: name, message }) => `${severity} ${name ?? "-"}: ${message}`);
}

const only = (...cells: MappedObject["cells"]): MappedObject => ({ object: "contacts", create: false, cells });

test("a mapping that fits has no problems", async () => {
  expect(await problems(contacts)).toEqual([]);
});

test.for([
  [cell("nope"), /^error nope: contacts has no property nope/],
  [cell("createdate"), /^error createdate: createdate can't be written; map it with direction "read"/],
  [cell("annualrevenue", { type: { kind: "text" } }), /^error annualrevenue: .* needs type number or money/],
  [cell("hs_email_optout", { type: { kind: "text" } }), /^error hs_email_optout: .* needs type boolean/],
  [cell("hs_lead_status", { type: { kind: "choice" } }), /^warning hs_lead_status: .*list them/],
  [
    cell("hs_lead_status", { type: { kind: "choice", options: ["OPEN", "WARM"] } }),
    /^error hs_lead_status: .*lacks the options WARM/,
  ],
  [cell("hs_lead_status", { type: { kind: "set", options: ["OPEN"] } }), /^error hs_lead_status: .*single choice/],
  [cell("hs_buying_role", { type: { kind: "choice", options: ["CHAMPION"] } }), /^warning hs_buying_role: .*several/],
  [cell("lifecyclestage", { type: { kind: "choice", options: ["lead"] } }), /^warning lifecyclestage: .*forward-only/],
] as const)("%o has the problem %s", async ([one, expected]) => {
  const found = await problems(only(one));
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(expected);
});

test("a read-only property may be mapped for reading", async () => {
  expect(await problems(only(cell("createdate", { type: { kind: "datetime" }, direction: "read" })))).toEqual([]);
});

test("the key property is asked for, made on demand, and refused when it is not unique", async () => {
  const deals = mapped("deals", "dealname");
  expect((await problems(deals))[0]).toMatch(/^error -: deals has no property truce_id .*truce check --prepare/);
  expect(await problems(deals, true)).toEqual([]);
  expect(await problems(deals)).toEqual([]);
  const [result] = await setting.connector.write(mapped("deals", "dealname", "dealstage"), [
    {
      kind: "create",
      attemptId: "1",
      key: "k",
      patch: { dealname: "D", dealstage: "closedwon" },
      identity: [],
      lookFirst: false,
    },
  ]);
  expect(result).toMatchObject({ kind: "written", created: true });

  setting.sandbox.admin.defineProperty("tickets", { name: "truce_id", type: "string" });
  expect((await problems(mapped("tickets", "subject"), true))[0]).toMatch(/does not hold unique texts/);
});

test("for contacts a missing key property is only a warning, as e-mails are unique", async () => {
  setting.sandbox.admin.removeProperty("contacts", "truce_id");
  expect((await problems(contacts))[0]).toMatch(/^warning/);
});

test("missing scopes are named", async () => {
  setting.sandbox.admin.setScopes(["crm.schemas.contacts.read"]);
  expect((await problems(contacts))[0]).toMatch(/^error -: .*403.*give the app the scopes crm\.objects/);
  setting.sandbox.admin.setScopes([]);
  expect((await problems(contacts))[0]).toMatch(/^error -: .*crm\.schemas/);
});

test("a key property that may not be made says which scope is missing", async () => {
  setting.sandbox.admin.setScopes(["crm.schemas.deals.read", "crm.objects.deals.read"]);
  const found = await problems(mapped("deals", "dealname"), true);
  expect(found[0]).toMatch(/give the app the scope crm\.schemas\.\*\.write of deals/);
});

test("an object that is not there is named", async () => {
  expect((await problems(mapped("butterflies", "name")))[0]).toMatch(/^error -: HubSpot has no object butterflies/);
});

test("describe tells objects, properties, types, and what can be written", async () => {
  const typeId = setting.sandbox.admin.defineObject({ name: "pet", properties: [{ name: "name", type: "string" }] });
  const all = await setting.connector.describe();
  expect(all.map(({ object }) => object)).toEqual(["contacts", "companies", "deals", typeId]);
  const find = (name: string) => all[0]!.cells.find((one) => one.cell === name);
  expect(find("email")).toMatchObject({ type: { kind: "email" }, unique: true, readOnly: false });
  expect(find("createdate")).toMatchObject({ type: { kind: "datetime" }, readOnly: true });
  expect(find("phone")).toMatchObject({ type: { kind: "phone" }, nativeType: "string (phonenumber)" });
  expect(find("hs_buying_role")).toMatchObject({
    type: { kind: "set", options: expect.arrayContaining(["CHAMPION"]) },
  });
  expect(find("hubspot_owner_id")).toMatchObject({ type: { kind: "choice" } });
});
