import { afterEach, beforeEach, expect, test } from "vitest";
import type { HubSpotSandbox } from "./sandbox.ts";
import { type AnyJson, call, calmSandbox } from "./testing.ts";

let sandbox: HubSpotSandbox;
let now: number;

beforeEach(async () => {
  now = Date.UTC(2026, 0, 1);
  sandbox = await calmSandbox({ clock: () => now, speed: 1, indexLagMsMax: 5000, limits: { searches: 1000 } });
});

afterEach(() => sandbox.close());

async function search(body: object): Promise<string[]> {
  const answer = await call(sandbox, "POST", "/crm/v3/objects/contacts/search", { properties: ["firstname"], ...body });
  expect(answer.status).toBe(200);
  return answer.body["results"].map((one: AnyJson) => one.properties.firstname);
}

const where = (propertyName: string, operator: string, more: object = {}) => ({
  filterGroups: [{ filters: [{ propertyName, operator, ...more }] }],
});

test("a write shows up only after the index lag, and with its old values until then", async () => {
  const [id] = sandbox.admin.seed("contacts", [{ properties: { firstname: "old" } }]);
  sandbox.admin.edit(101, "contacts", id!, { firstname: "new" });
  expect(await search({})).toEqual(["old"]);
  now += 5000;
  expect(await search({})).toEqual(["new"]);
});

test("later writes may show up before earlier ones", async () => {
  const created = Array.from({ length: 20 }, (_, n) => {
    now += 10;
    sandbox.admin.createAs(101, "contacts", { firstname: `${n}` });
    return `${n}`;
  });
  const arrived: string[] = [];
  while (arrived.length < created.length) {
    now += 10;
    for (const name of await search({ limit: 100 })) if (!arrived.includes(name)) arrived.push(name);
  }
  expect(arrived).not.toEqual(created);
});

test("archived records vanish from search", async () => {
  const [id] = sandbox.admin.seed("contacts", [{ properties: { firstname: "A" } }]);
  sandbox.admin.archiveAs(101, "contacts", id!);
  now += 5000;
  expect(await search({})).toEqual([]);
});

test("operators compare numbers as numbers, times as times, texts without case", async () => {
  sandbox.admin.seed("contacts", [
    { properties: { firstname: "A", annualrevenue: "9" }, createdAt: now - 2000 },
    { properties: { firstname: "B", annualrevenue: "10", phone: "555" }, createdAt: now - 1000 },
    { properties: { firstname: "C", annualrevenue: "100" }, createdAt: now },
  ]);
  const names = async (propertyName: string, operator: string, more: object = {}) =>
    (await search(where(propertyName, operator, more))).toSorted().join("");
  expect(await names("annualrevenue", "GT", { value: "9" })).toBe("BC");
  expect(await names("annualrevenue", "BETWEEN", { value: "9", highValue: "10" })).toBe("AB");
  expect(await names("firstname", "EQ", { value: "a" })).toBe("A");
  expect(await names("firstname", "NEQ", { value: "a" })).toBe("BC");
  expect(await names("firstname", "IN", { values: ["a", "B"] })).toBe("A");
  expect(await names("firstname", "NOT_IN", { values: ["a"] })).toBe("BC");
  expect(await names("phone", "HAS_PROPERTY")).toBe("B");
  expect(await names("phone", "NOT_HAS_PROPERTY")).toBe("AC");
  expect(await names("lastmodifieddate", "GTE", { value: String(now - 1000) })).toBe("BC");
  expect(await names("createdate", "LT", { value: new Date(now).toISOString() })).toBe("AB");
  expect(await names("phone", "CONTAINS_TOKEN", { value: "5*" })).toBe("B");
});

test("groups are alternatives, filters in a group all count", async () => {
  sandbox.admin.seed(
    "contacts",
    ["A", "B", "C"].map((firstname) => ({ properties: { firstname, lastname: firstname === "C" ? "Z" : "Y" } })),
  );
  const filter = (propertyName: string, value: string) => ({ propertyName, operator: "EQ", value });
  const filterGroups = [
    { filters: [filter("firstname", "A"), filter("lastname", "Y")] },
    { filters: [filter("firstname", "B"), filter("lastname", "Z")] },
    { filters: [filter("firstname", "C")] },
  ];
  expect((await search({ filterGroups })).toSorted()).toEqual(["A", "C"]);
});

test("pages are sorted, have a total, and end at ten thousand", async () => {
  sandbox.admin.seed(
    "contacts",
    Array.from({ length: 10_050 }, (_, n) => ({ properties: { firstname: `${n}` }, createdAt: now + n })),
  );
  const page = async (after: number) =>
    call(sandbox, "POST", "/crm/v3/objects/contacts/search", {
      limit: 100,
      after,
      sorts: [{ propertyName: "lastmodifieddate", direction: "DESCENDING" }],
      properties: ["firstname"],
    });
  const last = await page(9900);
  expect(last.body).toMatchObject({ total: 10_050, paging: { next: { after: "10000" } } });
  expect(last.body["results"][0].properties.firstname).toBe("149");
  expect((await page(10_000)).status).toBe(400);
});

test("links are searched by the other record's id", async () => {
  const [company] = sandbox.admin.seed("companies", [{ properties: { name: "C" } }]);
  const link = { to: { id: company }, types: [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 279 }] };
  sandbox.admin.seed("contacts", [
    { properties: { firstname: "in" }, associations: [link] },
    { properties: { firstname: "out" } },
  ]);
  expect(await search(where("associations.company", "EQ", { value: company }))).toEqual(["in"]);
});
