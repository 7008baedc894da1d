import { expect, test } from "vitest";
import type { FieldType } from "../../model/field-type.ts";
import type { ObjectSchema } from "../../ports/connector.ts";
import { fitTypes } from "./fit-types.ts";
import { fieldName, objectName, plainName, tightName } from "./plain-name.ts";
import { type DescribedSystem, propose } from "./propose.ts";
import { withoutDangling } from "./propose-references.ts";

test("one name has many spellings", () => {
  expect(["firstName", "first_name", "First Name", "FIRST-NAME"].map(plainName)).toEqual(Array(4).fill("first name"));
  expect(["firstname", "First Name"].map(tightName)).toEqual(["firstname", "firstname"]);
  expect(["Contacts", "public.people", "Companies", "crm.addresses", "Status", "Boxes"].map(objectName)).toEqual([
    "contact",
    "person",
    "company",
    "address",
    "status",
    "box",
  ]);
  const fields = ["First Name", "job_title", "Größe (cm)", "2nd phone"].map(fieldName);
  expect(fields).toEqual(["firstName", "jobTitle", "grosseCm", "field2ndPhone"]);
});

test("types that differ fit when one can hold the other", () => {
  const joint = (...types: readonly FieldType[]) => fitTypes(types, null);
  expect(fitTypes([{ kind: "text" }, { kind: "text" }], "phone")).toEqual({ type: { kind: "phone" } });
  expect(joint({ kind: "text" }, { kind: "email" })).toEqual({ type: { kind: "email" } });
  expect(joint({ kind: "text" }, { kind: "number" })).toEqual({ type: { kind: "number" } });
  expect(joint({ kind: "date" }, { kind: "datetime" })).toEqual({ type: { kind: "date" } });
  const options = ["a", "b"];
  expect(joint({ kind: "choice", options }, { kind: "choice", options: ["b", "a"] })).toEqual({
    type: { kind: "choice", options },
  });
  expect(joint({ kind: "choice", options }, { kind: "choice", options: ["a"] })).toEqual({
    reason: "its options differ: a, b / a; say with values which are the same (docs/mapping.md)",
  });
  expect(joint({ kind: "choice", options }, { kind: "text" })).toHaveProperty("reason");
  expect(joint({ kind: "boolean" }, { kind: "number" })).toEqual({ reason: "its types differ: boolean, number" });
  expect(joint({ kind: "reference", to: "company" }, { kind: "text" })).toEqual({
    reason: "it links to other records; map it as { type: reference, to: the other entity } (docs/relations.md)",
  });
});

function object(
  name: string,
  cells: Readonly<Record<string, FieldType["kind"]>>,
  readOnly: readonly string[] = [],
): ObjectSchema {
  return {
    object: name,
    label: name,
    cells: Object.entries(cells).map(([cell, kind]) => ({
      cell,
      label: cell,
      nativeType: kind,
      type: { kind } as FieldType,
      readOnly: readOnly.includes(cell),
      unique: false,
    })),
  };
}

test("contacts are people before leads are, even if leads have more fields", () => {
  const person = { Email: "email", FirstName: "name", LastName: "name", Phone: "phone" } as const;
  const sales: DescribedSystem = {
    system: "sales",
    connector: "salesforce",
    objects: [object("Lead", { ...person, Title: "text", Company: "text" }), object("Contact", person)],
  };
  const other: DescribedSystem = { system: "db", connector: "postgres", objects: [object("contacts", person)] };
  expect(propose([sales, other])[0]?.objects).toEqual({ sales: "Contact", db: "contacts" });
});

const crm: DescribedSystem = {
  system: "crm",
  connector: "hubspot",
  objects: [
    object("contacts", {
      email: "email",
      firstname: "name",
      lastname: "name",
      phone: "phone",
      hs_object_id: "number",
      createdate: "datetime",
      newsletter: "boolean",
    }),
    object("tickets", { subject: "text", priority: "text" }),
  ],
};
const db: DescribedSystem = {
  system: "db",
  connector: "postgres",
  objects: [
    object("public.users", { id: "number", name: "name" }),
    object("public.people", {
      id: "number",
      e_mail: "email",
      given_name: "name",
      surname: "name",
      tel: "text",
      newsletter: "boolean",
      created_at: "datetime",
    }),
    object("public.tickets", { id: "number", subject: "text" }),
    object("public.invoices", { id: "number", total: "number" }),
  ],
};

test("objects of one kind are one entity, cells of one meaning one field, whatever they are called", () => {
  const [contact, ticket, ...others] = propose([crm, db]);
  expect(others).toEqual([]);
  expect(contact).toMatchObject({ entity: "contact", objects: { crm: "contacts", db: "public.people" } });
  expect(
    contact?.fields.map(({ field, type, cells }) => [field, type.kind, cells["crm"]?.cell, cells["db"]?.cell]),
  ).toEqual([
    ["email", "email", "email", "e_mail"],
    ["firstName", "name", "firstname", "given_name"],
    ["lastName", "name", "lastname", "surname"],
    ["phone", "phone", "phone", "tel"],
    ["newsletter", "boolean", "newsletter", "newsletter"],
  ]);
  expect(contact?.identity).toEqual([["email"], ["phone", "lastName"]]);
  expect(ticket).toMatchObject({ entity: "ticket", fields: [{ field: "subject" }], identity: [] });
});

test("what no system may write is not proposed, what one may not write is only read there", () => {
  const base: DescribedSystem = {
    system: "base",
    connector: "airtable",
    objects: [object("People", { Email: "email", Newsletter: "boolean" }, ["Newsletter"])],
  };
  const fields = propose([crm, base])[0]?.fields;
  expect(fields?.find(({ field }) => field === "newsletter")?.cells["base"]).toMatchObject({ readOnly: true });
  const frozen = { ...crm, objects: [object("contacts", { email: "email", Newsletter: "boolean" }, ["Newsletter"])] };
  expect(propose([frozen, base])[0]?.fields.map(({ field }) => field)).toEqual(["email"]);
});

test("a cell that holds ids of another entity's records is a reference, whatever the ids look like", () => {
  const erp: DescribedSystem = {
    system: "erp",
    connector: "rest",
    objects: [
      object("People", { email: "email", company_ID: "text", orderId: "text" }),
      object("Companies", { domain: "domain" }),
    ],
  };
  const shop: DescribedSystem = {
    system: "shop",
    connector: "postgres",
    objects: [
      object("public.people", { email: "email", company_id: "number", order_id: "number" }),
      object("public.companies", { domain: "domain" }),
    ],
  };
  const [contact, company] = propose([erp, shop]);
  expect(contact?.fields.find(({ field }) => field === "company")).toMatchObject({
    type: { kind: "reference", to: "company" },
    cells: { erp: { cell: "company_ID" }, shop: { cell: "company_id" } },
  });
  // Nobody knows what an order is: it stays a value.
  expect(contact?.fields.map(({ field }) => field)).toEqual(["email", "orderId", "company"]);
  expect(company?.fields.map(({ field }) => field)).toEqual(["domain"]);
  expect(withoutDangling([contact!])[0]?.fields.map(({ field }) => field)).toEqual(["email", "orderId"]);
});

test("what lies within another field is known by its own name", () => {
  const directory: DescribedSystem = {
    system: "directory",
    connector: "rest",
    objects: [object("Users", { "name.familyName": "text", "name.givenName": "text", "emails.0.value": "email" })],
  };
  const fields = propose([directory, db])[0]?.fields;
  expect(fields?.map(({ field, cells }) => [field, cells["directory"]?.cell])).toEqual([
    ["email", "emails.0.value"],
    ["firstName", "name.givenName"],
    ["lastName", "name.familyName"],
  ]);
});
