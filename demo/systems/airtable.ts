import { createAirtableSandbox } from "../../sandbox/airtable/sandbox.ts";
import type { FieldInput, TableInput } from "../../sandbox/airtable/schema.ts";
import type { EntityName } from "../story.ts";
import {
  allFields,
  auditWrite,
  chunks,
  entitiesOf,
  type OpenSystem,
  plainCall,
  type SystemShape,
  shapeOf,
  toCells,
  withoutBlanks,
  withoutRelations,
} from "./system.ts";

const whole: Required<SystemShape> = {
  company: {
    object: "Companies",
    fields: { domain: "Domain", name: "Name", phone: "Phone", city: "City", industry: "Industry" },
  },
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
      company: { cell: "Company", as: "list" },
    },
  },
  deal: {
    object: "Deals",
    fields: {
      title: "Title",
      amount: { cell: "Amount", as: "number" },
      stage: "Stage",
      notes: "Notes",
      company: { cell: "Company", as: "list" },
      contact: { cell: "Contact", as: "list" },
    },
  },
};

const people: readonly FieldInput[] = [
  { name: "Email", type: "email" },
  { name: "First Name", type: "singleLineText" },
  { name: "Last Name", type: "singleLineText" },
  { name: "Phone", type: "phoneNumber" },
  { name: "Job Title", type: "singleLineText" },
  { name: "City", type: "singleLineText" },
  choiceField("Stage", ["lead", "opportunity", "customer"]),
  { name: "Notes", type: "multilineText" },
];
const companies: readonly FieldInput[] = [
  { name: "Name", type: "singleLineText" },
  { name: "Domain", type: "singleLineText" },
  { name: "Phone", type: "phoneNumber" },
  { name: "City", type: "singleLineText" },
  { name: "Industry", type: "singleLineText" },
];
const deals: readonly FieldInput[] = [
  { name: "Title", type: "singleLineText" },
  { name: "Amount", type: "currency", options: { precision: 2, symbol: "€" } },
  choiceField("Stage", ["open", "lost", "won"]),
  { name: "Notes", type: "multilineText" },
  linkField("Company", "Companies"),
  linkField("Contact", "People"),
];

/** The base of the demo's marketing team. */
export const airtableTables: readonly TableInput[] = [
  { name: "People", fields: people },
  { name: "Companies", fields: companies },
];

const relatedTables: readonly TableInput[] = [
  { name: "Companies", fields: companies },
  { name: "People", fields: [...people, linkField("Company", "Companies")] },
  { name: "Deals", fields: deals },
];

function choiceField(name: string, choices: readonly string[]): FieldInput {
  return { name, type: "singleSelect", options: { choices: choices.map((choice) => ({ name: choice })) } };
}

function linkField(name: string, table: string): FieldInput {
  return { name, type: "multipleRecordLinks", options: { linkedTableId: table } };
}

/** An emulated Airtable base; with relations, its tables are linked. */
export async function openAirtable(
  name: string,
  { seed, speed, isRelated }: { readonly seed: number; readonly speed: number; readonly isRelated: boolean },
): Promise<OpenSystem> {
  const shape = isRelated ? whole : withoutRelations(whole);
  const schema = isRelated ? relatedTables : airtableTables;
  const sandbox = await createAirtableSandbox({ seed, speed, schema });
  const { admin, url, token, baseId } = sandbox;
  return {
    name,
    label: "Airtable",
    shape,
    async seed(entity, rows) {
      const object = shapeOf(shape, entity);
      return admin.seed(
        object.object,
        rows.map(({ values }) => withoutBlanks(toCells(object, values))),
      );
    },
    // Its audit leaves out what is seeded.
    watch: async () => undefined,
    async edit(user, entity, id, values) {
      const object = shapeOf(shape, entity);
      admin.edit(user, object.object, id, toCells(object, values));
    },
    async records() {
      return entitiesOf(shape).flatMap((entity) => {
        const object = shapeOf(shape, entity);
        return admin
          .records(object.object)
          .map(({ id, fields }) => ({ system: name, entity, id, values: allFields(object, fields) }));
      });
    },
    writes: async () => admin.audit().flatMap((entry) => auditWrite(name, shape, entry)),
    listen: () => undefined,
    connection: {
      kind: "airtable",
      options: {
        token,
        baseId,
        endpointUrl: url,
        pollMs: 10_000 / speed,
        requestsPerSecond: 4 * speed,
        penaltyMs: 30_000 / speed,
        timeoutMs: 3_000,
      },
    },
    setFaults: admin.setFaults,
    cutLines: async () => undefined,
    settled: async () => undefined,
    showAll: () => undefined,
    plain(ageOf) {
      const headers = { authorization: `Bearer ${token}` };
      const path = (entity: EntityName) => `${url}/v0/${baseId}/${shapeOf(shape, entity).object}`;
      return {
        async list(entity) {
          const object = shapeOf(shape, entity);
          const all: { id: string; fields: Record<string, unknown> }[] = [];
          for (let offset: string | undefined = ""; offset !== undefined; ) {
            const after: string = offset === "" ? "" : `&offset=${encodeURIComponent(offset)}`;
            const { data } = await plainCall(`${path(entity)}?pageSize=100${after}`, headers, "GET");
            const page = data as unknown as { records: typeof all; offset?: string };
            all.push(...page.records);
            offset = page.offset;
          }
          return all.map(({ id, fields }) => {
            return { system: name, entity, id, values: allFields(object, fields), changedAt: ageOf(entity, id) };
          });
        },
        async create(entity, records) {
          const object = shapeOf(shape, entity);
          const ids: (string | null)[] = [];
          for (const part of chunks(records, 10)) {
            const body = { records: part.map((values) => ({ fields: toCells(object, values) })) };
            const { ok, data } = await plainCall(path(entity), headers, "POST", body);
            const made = ok ? (data as unknown as { records: { id: string }[] }).records : [];
            ids.push(...part.map((_, i) => made[i]?.id ?? null));
          }
          return ids;
        },
        async update(entity, changes) {
          const object = shapeOf(shape, entity);
          for (const part of chunks(changes, 10)) {
            const records = part.map(({ id, values }) => ({ id, fields: toCells(object, values) }));
            await plainCall(path(entity), headers, "PATCH", { records });
          }
        },
      };
    },
    close: () => sandbox.close(),
  };
}
