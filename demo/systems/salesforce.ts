import { createSalesforceSandbox } from "../../sandbox/salesforce/sandbox.ts";
import type { EntityName } from "../story.ts";
import {
  allFields,
  auditWrite,
  type Cell,
  chunks,
  entitiesOf,
  type OpenSystem,
  plainCall,
  type SystemShape,
  shapeOf,
  toCells,
  withoutBlanks,
} from "./system.ts";

const shape: SystemShape = {
  company: {
    object: "Account",
    fields: { domain: "Website", name: "Name", phone: "Phone", city: "BillingCity", industry: "Sector__c" },
  },
  contact: {
    object: "Contact",
    fields: {
      email: "Email",
      firstName: "FirstName",
      lastName: "LastName",
      phone: "Phone",
      jobTitle: "Title",
      city: "MailingCity",
      stage: "Stage__c",
      notes: "Description",
      company: "AccountId",
    },
  },
  deal: {
    object: "Opportunity",
    fields: {
      title: "Name",
      amount: { cell: "Amount", as: "number" },
      stage: { cell: "StageName", values: { open: "Prospecting", lost: "Closed Lost", won: "Closed Won" } },
      notes: "Description",
      company: "AccountId",
      contact: "Main_Contact__c",
    },
    constants: { CloseDate: "2026-12-31" },
  },
};

/** An emulated Salesforce org whose objects are selected for Change Data Capture. */
export async function openSalesforce(
  name: string,
  { seed, speed }: { readonly seed: number; readonly speed: number },
): Promise<OpenSystem> {
  const sandbox = await createSalesforceSandbox({ seed, speed });
  const { admin, url, pubsub, app, people } = sandbox;
  admin.defineField("Account", { name: "Sector__c", type: "string", length: 80 });
  admin.defineField("Contact", { name: "Stage__c", type: "picklist", values: ["lead", "opportunity", "customer"] });
  admin.defineField("Opportunity", { name: "Main_Contact__c", type: "reference", referenceTo: ["Contact"] });
  for (const { object } of Object.values(shape)) {
    admin.defineKeyField(object);
    admin.selectForCapture(object);
  }
  const objectOf = (entity: EntityName) => shapeOf(shape, entity);
  const made = (entity: EntityName, cells: Readonly<Record<string, Cell>>) =>
    ({ ...objectOf(entity).constants, ...withoutBlanks(cells) }) as Readonly<Record<string, string | number>>;
  return {
    name,
    label: "Salesforce",
    shape,
    async seed(entity, rows) {
      const object = objectOf(entity);
      return rows.flatMap(({ values, ageDays }) =>
        admin.seed(object.object, [made(entity, toCells(object, values))], Date.now() - ageDays * 86_400_000),
      );
    },
    // Its audit names what is seeded.
    watch: async () => undefined,
    async edit(_user, entity, id, values) {
      const cells = toCells(objectOf(entity), values) as Readonly<Record<string, string | number | null>>;
      admin.edit(people[0], objectOf(entity).object, id, cells);
    },
    async records() {
      return entitiesOf(shape).flatMap((entity) =>
        admin.records(objectOf(entity).object).map((record) => ({
          system: name,
          entity,
          id: record.Id,
          values: allFields(objectOf(entity), record),
        })),
      );
    },
    writes: async () => admin.audit().flatMap((entry) => auditWrite(name, shape, entry)),
    listen: () => undefined,
    connection: {
      kind: "salesforce",
      options: {
        url,
        pubsub,
        auth: { kind: "client-credentials", clientId: app.clientId, clientSecret: app.clientSecret },
        pollMs: 30_000 / speed,
        lookbackMs: 120_000 / speed,
        timeoutMs: 3_000,
      },
    },
    setFaults: admin.setFaults,
    async cutLines() {
      admin.dropStreams();
      admin.expireSessions();
    },
    settled: async () => undefined,
    showAll: () => undefined,
    plain(ageOf) {
      const headers = { authorization: `Bearer ${sandbox.token}` };
      const data = `${url}/services/data/v66.0`;
      const attributes = (entity: EntityName) => ({ type: objectOf(entity).object });
      return {
        async list(entity) {
          return admin.records(objectOf(entity).object).map((record) => ({
            system: name,
            entity,
            id: record.Id,
            values: allFields(objectOf(entity), record),
            changedAt: ageOf(entity, record.Id),
          }));
        },
        async create(entity, records) {
          const ids: (string | null)[] = [];
          for (const part of chunks(records, 200)) {
            const rows = part.map((values) => ({
              attributes: attributes(entity),
              ...made(entity, toCells(objectOf(entity), values)),
            }));
            const answer = await plainCall(`${data}/composite/sobjects`, headers, "POST", { records: rows });
            const results = answer.data as unknown as readonly { readonly id?: string; readonly success: boolean }[];
            ids.push(...part.map((_, i) => (results[i]?.success === true ? (results[i]?.id ?? null) : null)));
          }
          return ids;
        },
        async update(entity, changes) {
          for (const part of chunks(changes, 200)) {
            const rows = part.map(({ id, values }) => ({
              attributes: attributes(entity),
              id,
              ...toCells(objectOf(entity), values),
            }));
            await plainCall(`${data}/composite/sobjects`, headers, "PATCH", { records: rows });
          }
        },
      };
    },
    close: () => sandbox.close(),
  };
}
