import type { TableInput } from "../sandbox/airtable/schema.ts";
import type { DemoSystem, EntityName, Values } from "./story.ts";

/** What each system calls the story's objects and fields. */
export const shape = {
  crm: {
    contact: {
      object: "contacts",
      fields: {
        email: "email",
        firstName: "firstname",
        lastName: "lastname",
        phone: "phone",
        jobTitle: "jobtitle",
        city: "city",
        stage: "lifecyclestage",
        notes: "sales_notes",
      },
    },
    company: {
      object: "companies",
      fields: { domain: "domain", name: "name", phone: "phone", city: "city", industry: "sector" },
    },
  },
  db: {
    contact: {
      object: "public.people",
      fields: {
        email: "email",
        firstName: "first_name",
        lastName: "last_name",
        phone: "phone",
        jobTitle: "job_title",
        city: "city",
        stage: "stage",
        notes: "notes",
      },
    },
    company: {
      object: "public.companies",
      fields: { domain: "website", name: "name", phone: "phone", city: "city", industry: "industry" },
    },
  },
  marketing: {
    contact: {
      object: "People",
      fields: {
        email: "Email",
        firstName: "First Name",
        lastName: "Last Name",
        phone: "Phone",
        jobTitle: "Job Title",
        city: "City",
        stage: "Stage",
        notes: "Notes",
      },
    },
    company: {
      object: "Companies",
      fields: { domain: "Domain", name: "Name", phone: "Phone", city: "City", industry: "Industry" },
    },
  },
} as const satisfies Record<DemoSystem, Record<EntityName, { object: string; fields: Record<string, string> }>>;

export const entityNames = ["contact", "company"] as const;

/** The story's field names become the system's; fields that the system has no name for are left out. */
export function toSystem(system: DemoSystem, entity: EntityName, values: Values): Record<string, string | null> {
  const names: Readonly<Record<string, string>> = shape[system][entity].fields;
  return Object.fromEntries(
    Object.entries(values).flatMap(([field, value]) => (names[field] === undefined ? [] : [[names[field], value]])),
  );
}

/** The system's names become the story's; what the story does not know is left out. */
export function fromSystem(system: DemoSystem, entity: EntityName, cells: Readonly<Record<string, unknown>>): Values {
  const names: Readonly<Record<string, string>> = shape[system][entity].fields;
  const values: Record<string, string | null> = {};
  for (const [field, name] of Object.entries(names)) if (name in cells) values[field] = textOf(cells[name]);
  return values;
}

/** All fields of the entity, blank where the system has nothing. */
export function allFields(system: DemoSystem, entity: EntityName, cells: Readonly<Record<string, unknown>>): Values {
  const names: Readonly<Record<string, string>> = shape[system][entity].fields;
  return Object.fromEntries(Object.entries(names).map(([field, name]) => [field, textOf(cells[name])]));
}

function textOf(value: unknown): string | null {
  return value === undefined || value === null || value === "" ? null : String(value);
}

/** Tables of the database, as the company's own developers made them. */
export const databaseTables = `
  create table people (
    id bigserial primary key,
    email text, first_name text, last_name text, phone text, job_title text, city text, stage text, notes text,
    updated_at timestamptz not null default now()
  );
  create table companies (
    id bigserial primary key,
    website text, name text, phone text, city text, industry text,
    updated_at timestamptz not null default now()
  );`;

export const airtableTables: readonly TableInput[] = [
  {
    name: "People",
    fields: [
      { name: "Email", type: "email" },
      { name: "First Name", type: "singleLineText" },
      { name: "Last Name", type: "singleLineText" },
      { name: "Phone", type: "phoneNumber" },
      { name: "Job Title", type: "singleLineText" },
      { name: "City", type: "singleLineText" },
      {
        name: "Stage",
        type: "singleSelect",
        options: { choices: [{ name: "lead" }, { name: "opportunity" }, { name: "customer" }] },
      },
      { name: "Notes", type: "multilineText" },
    ],
  },
  {
    name: "Companies",
    fields: [
      { name: "Name", type: "singleLineText" },
      { name: "Domain", type: "singleLineText" },
      { name: "Phone", type: "phoneNumber" },
      { name: "City", type: "singleLineText" },
      { name: "Industry", type: "singleLineText" },
    ],
  },
];
