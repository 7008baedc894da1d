import { afterEach, beforeEach, expect, test } from "vitest";
import type { FieldType } from "../../model/field-type.ts";
import type { MappedCell, MappedObject } from "../../ports/connector.ts";
import { create, update } from "../../ports/testing/requests.ts";
import { between, cell, connectTo, mapped, type Setting, setUp } from "./testing.ts";

const one: FieldType = { kind: "reference", to: "company" };
const many: FieldType = { kind: "reference", to: "company", many: true };
const reference = (name: string, type: FieldType): MappedCell => cell(name, { type, target: "companies" });

const primary = "associations.companies:Primary";
const all = "associations.companies";
const withPrimary: MappedObject = {
  ...mapped("contacts", "email"),
  cells: [cell("email"), reference(primary, one)],
};
const withAll: MappedObject = { ...mapped("contacts", "email"), cells: [cell("email"), reference(all, many)] };

let setting: Setting;
let companies: readonly string[];
beforeEach(async () => {
  setting = await setUp();
  companies = setting.sandbox.admin.seed("companies", [
    { properties: { domain: "a.example" } },
    { properties: { domain: "b.example" } },
    { properties: { domain: "c.example" } },
  ]);
});
afterEach(() => setting.sandbox.close());

/** A contact that a user has linked to companies, the first one as its primary. */
function seed(email: string, ...to: readonly string[]): string {
  const associations = to.map((id, i) => ({
    to: { id },
    types: [
      { associationCategory: "HUBSPOT_DEFINED", associationTypeId: 279 },
      ...(i === 0 ? [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 1 }] : []),
    ],
  }));
  return setting.sandbox.admin.seed("contacts", [{ properties: { email }, associations }])[0]!;
}

async function heldBy(object: MappedObject, name: string, id: string) {
  const [result] = await setting.connector.read(object, [id]);
  return result?.kind === "found" ? result.observation.cells[name] : undefined;
}

test("associations read like properties: ids of the other records, of one label or of all", async () => {
  const [a, b] = companies as [string, string];
  const id = seed("ada@x.example", a, b);
  const alone = seed("bob@x.example");
  expect(await heldBy(withPrimary, primary, id)).toBe(a);
  expect(await heldBy(withAll, all, id)).toEqual([a, b].sort());
  expect(await heldBy(withAll, all, alone)).toBeNull();
  const { observations } = await setting.connector.scan(withPrimary, null);
  const scanned = observations.map(({ cells, complete }) => [cells["email"], cells[primary], complete]);
  expect(scanned.sort()).toEqual([
    ["ada@x.example", a, true],
    ["bob@x.example", null, true],
  ]);
});

test("a changed association is written with the properties, and read back", async () => {
  const [a, b] = companies as [string, string];
  const id = seed("ada@x.example", a);
  const [result] = await setting.connector.write(withPrimary, [
    update(id, { email: "ada@x.example", [primary]: a }, { email: "eve@x.example", [primary]: b }),
  ]);
  expect(result).toMatchObject({ kind: "written", cells: { email: "eve@x.example", [primary]: b }, complete: true });
  // The label is gone from the first one; that it is associated at all is no business of this cell.
  expect(await heldBy(withAll, all, id)).toEqual([a, b].sort());
  const [cleared] = await setting.connector.write(withPrimary, [update(id, { [primary]: b }, { [primary]: null })]);
  expect(cleared).toMatchObject({ kind: "written", cells: { [primary]: null } });
});

test("of many, what is new is added and what is gone taken away, for a hundred records in a handful of calls", async () => {
  const [a, b, c] = companies as [string, string, string];
  const ids = Array.from({ length: 100 }, (_, n) => seed(`p${n}@x.example`, a, b));
  setting.sandbox.admin.resetCalls();
  const base = { [all]: [a, b].sort() };
  const results = await setting.connector.write(
    withAll,
    ids.map((id) => update(id, base, { [all]: [b, c].sort() })),
  );
  expect(results.every(({ kind }) => kind === "written")).toBe(true);
  expect(await heldBy(withAll, all, ids[99]!)).toEqual([b, c].sort());
  const calls = Object.entries(setting.sandbox.admin.calls()).filter(([path]) => path.includes("/batch/"));
  expect(calls.find(([path]) => path.endsWith("associate/default"))?.[1]).toBe(1);
  expect(calls.find(([path]) => path.includes("associations") && path.endsWith("archive"))?.[1]).toBe(1);
  expect(calls.some(([path]) => path.endsWith("contacts/batch/update"))).toBe(false);
});

test("an association that somebody changed since stops the write", async () => {
  const [a, b, c] = companies as [string, string, string];
  const id = seed("ada@x.example", b);
  const [result] = await setting.connector.write(withPrimary, [update(id, { [primary]: a }, { [primary]: c })]);
  expect(result).toMatchObject({ kind: "changed", observation: { cells: { [primary]: b } } });
});

test("a new record gets its associations", async () => {
  const [a, b] = companies as [string, string];
  const [result] = await setting.connector.write(withAll, [
    create("g1", { email: "new@x.example", [all]: [a, b].sort() }),
  ]);
  expect(result).toMatchObject({ kind: "written", created: true, cells: { [all]: [a, b].sort() } });
  const id = result?.kind === "written" ? result.id : "";
  expect(await heldBy(withAll, all, id)).toEqual([a, b].sort());
});

test("a company that is not there leaves the outcome unknown, and the next look tells what there is", async () => {
  const [a] = companies as [string];
  const id = seed("ada@x.example", a);
  const [result] = await setting.connector.write(withAll, [
    update(id, { [all]: [a] }, { email: "eve@x.example", [all]: [a, "999999"].sort() }),
  ]);
  expect(result).toMatchObject({ kind: "failed", error: { code: "UNKNOWN_OUTCOME" } });
  expect(await heldBy(withAll, all, id)).toEqual([a]);
});

test("check tells of labels that are not there, of fields that are no reference, and of one where there may be several", async () => {
  const problems = async (...cells: MappedCell[]) =>
    (await setting.connector.check([{ ...withAll, cells: [cell("email"), ...cells] }], { prepare: false })).map(
      ({ severity, message }) => `${severity}: ${message}`,
    );
  expect(await problems(reference(primary, one))).toEqual([]);
  expect(await problems(reference(all, many))).toEqual([]);
  expect(await problems(reference("associations.companies:Boss", one))).toEqual([
    "error: there is no label Boss from contacts to companies; there is Primary",
  ]);
  expect(await problems(cell(all))).toEqual([
    "error: associations.companies is an association; its field needs type reference",
  ]);
  expect(await problems(reference(all, one))).toEqual([
    "warning: associations.companies may be several, and the field is one: map associations.companies:Primary, or make the field many",
  ]);
  expect(await problems(cell("associations.deals", { type: many, target: "companies" }))).toEqual([
    "error: associations.deals points to deals, and the field to companies",
  ]);
});

/** What a reading says of contacts when HubSpot's answer to one call has errors as well. */
async function readWithErrors(path: string, errors: readonly object[], ids: readonly string[]) {
  const proxy = await between(setting.sandbox, {
    path,
    answer: (body) => {
      const told = JSON.parse(body) as { readonly results: readonly { readonly from: { readonly id: string } }[] };
      const named = JSON.stringify(errors);
      const results = told.results.filter((one) => one.from === undefined || !named.includes(`"${one.from.id}"`));
      return JSON.stringify({ ...told, results, errors, numErrors: errors.length });
    },
  });
  try {
    const connector = connectTo(setting.sandbox, { baseUrl: proxy.url });
    const results = await connector.read(withPrimary, ids);
    return results.map((one) => (one.kind === "found" ? one.observation : one.kind));
  } finally {
    await proxy.close();
  }
}

test("associations that HubSpot fails to tell are not mentioned; those that it says are none are none", async () => {
  const [a, b] = companies as [string, string];
  const [ada, bob] = [seed("ada@x.example", a), seed("bob@x.example", b)];
  const error = (id: string, rest: object) => ({
    status: "error",
    message: "m",
    context: { fromObjectId: [id], fromObjectType: ["contact"], toObjectType: ["company"] },
    ...rest,
  });
  const errors = [
    error(ada, { category: "OBJECT_NOT_FOUND", subCategory: "crm.associations.NO_ASSOCIATIONS_FOUND" }),
    error(bob, { category: "INTERNAL_ERROR" }),
  ];
  expect(await readWithErrors("/associations/", errors, [ada, bob])).toMatchObject([
    { complete: true, cells: { [primary]: null } },
    { complete: false, cells: { email: "bob@x.example" } },
  ]);
  const [, ofBob] = await readWithErrors("/associations/", errors, [ada, bob]);
  expect(ofBob).not.toHaveProperty(["cells", primary]);
  await expect(readWithErrors("/associations/", [{ category: "INTERNAL_ERROR", message: "m" }], [ada])).rejects.toThrow(
    "INTERNAL_ERROR m",
  );
});

test("a record that HubSpot fails to read does not pass for one that is gone", async () => {
  const ada = seed("ada@x.example");
  const internal = [{ status: "error", category: "INTERNAL_ERROR", message: "m", context: { ids: [ada] } }];
  await expect(readWithErrors("/objects/contacts/batch/read", internal, [ada])).rejects.toMatchObject({
    error: { code: "UNREACHABLE" },
  });
  const missing = [{ status: "error", category: "OBJECT_NOT_FOUND", message: "m", context: { ids: ["999"] } }];
  expect(await readWithErrors("/objects/contacts/batch/read", missing, [ada, "999"])).toMatchObject([
    { cells: { email: "ada@x.example" } },
    "missing",
  ]);
});
