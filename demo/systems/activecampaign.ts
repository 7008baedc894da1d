import { createActiveCampaignSandbox } from "../../sandbox/activecampaign/sandbox.ts";
import type { AuditEntry } from "../../sandbox/core/audit.ts";
import type { EntityName, Values } from "../story.ts";
import {
  allFields,
  auditWrite,
  type Cell,
  entitiesOf,
  type OpenSystem,
  plainCall,
  type SystemShape,
  shapeOf,
  toCells,
} from "./system.ts";

/** Companies are known by name and address there; whom a contact works for is not kept. */
const shape: SystemShape = {
  company: { object: "accounts", fields: { domain: "accountUrl", name: "name" } },
  contact: {
    object: "contacts",
    fields: {
      email: "email",
      firstName: "firstName",
      lastName: "lastName",
      phone: "phone",
      jobTitle: "JOB_TITLE",
      city: "CITY",
      stage: "STAGE",
      notes: "NOTES",
    },
  },
  deal: {
    object: "deals",
    fields: {
      title: "title",
      amount: "value",
      stage: "status",
      notes: "description",
      company: "account",
      contact: "contact",
    },
  },
};
/** As the API numbers them. */
const statuses = ["open", "won", "lost"];
const currency = "eur";

type AccountObject = "contacts" | "accounts" | "deals";

/** An emulated ActiveCampaign account. */
export async function openActiveCampaign(
  name: string,
  { seed, speed }: { readonly seed: number; readonly speed: number },
): Promise<OpenSystem> {
  const sandbox = await createActiveCampaignSandbox({ seed, speed });
  const { admin, url, token } = sandbox;
  for (const [title, type] of [
    ["Job title", "text"],
    ["City", "text"],
    ["Notes", "textarea"],
  ] as const)
    admin.addField("contacts", title, type);
  admin.addField("contacts", "Stage", "dropdown", ["lead", "opportunity", "customer"]);
  let watchedFrom = 0;
  const objectOf = (entity: EntityName) => shapeOf(shape, entity).object as AccountObject;
  const cellsOf = (entity: EntityName, values: Values) =>
    asKept(entity, toCells(shapeOf(shape, entity), values), values["amount"]);
  return {
    name,
    label: "ActiveCampaign",
    shape,
    seed: async (entity, rows) =>
      rows.map(({ values }) => admin.create("import", objectOf(entity), cellsOf(entity, values))),
    async watch() {
      watchedFrom = admin.audit().at(-1)?.seq ?? 0;
    },
    edit: async (user, entity, id, values) => admin.edit(user, objectOf(entity), id, cellsOf(entity, values)),
    async records() {
      return entitiesOf(shape).flatMap((entity) =>
        admin.records(objectOf(entity)).map(({ id, cells }) => ({
          system: name,
          entity,
          id,
          values: allFields(shapeOf(shape, entity), asTold(entity, cells)),
        })),
      );
    },
    writes: async () =>
      admin
        .audit(watchedFrom)
        .map(told)
        .flatMap((entry) => auditWrite(name, shape, entry)),
    listen: () => undefined,
    connection: {
      kind: "activecampaign",
      options: {
        url,
        token,
        webhookSecret: "only-the-demo-knows",
        pollMs: 60_000 / speed,
        requestsPerSecond: 4 * speed,
        timeoutMs: 3_000,
      },
    },
    setFaults: admin.setFaults,
    cutLines: async () => undefined,
    settled: admin.settled,
    showAll: () => undefined,
    plain(ageOf) {
      const headers = { "api-token": token };
      const singular = { contacts: "contact", accounts: "account", deals: "deal" } as const;
      const custom = new Map<string, string>();
      const learnFields = async () => {
        if (custom.size > 0) return;
        const { data } = await plainCall(`${url}/api/3/fields?limit=100`, headers, "GET");
        const fields = data as unknown as { fields: readonly { id: string; perstag: string }[] };
        for (const { id, perstag } of fields.fields) custom.set(perstag.replaceAll("%", ""), id);
      };
      const bodyOf = (entity: EntityName, values: Values) => {
        const body: Record<string, unknown> = {};
        const fieldValues: unknown[] = [];
        for (const [cell, value] of Object.entries(cellsOf(entity, values))) {
          const field = custom.get(cell);
          if (field === undefined) body[cell] = value ?? "";
          else fieldValues.push({ field, value: value ?? "" });
        }
        return { [singular[objectOf(entity)]]: { ...body, ...(fieldValues.length === 0 ? {} : { fieldValues }) } };
      };
      return {
        async list(entity) {
          return admin.records(objectOf(entity)).map(({ id, cells }) => ({
            system: name,
            entity,
            id,
            values: allFields(shapeOf(shape, entity), asTold(entity, cells)),
            changedAt: ageOf(entity, id),
          }));
        },
        async create(entity, records) {
          await learnFields();
          const ids: (string | null)[] = [];
          for (const values of records) {
            const path = `${url}/api/3/${objectOf(entity)}`;
            const { ok, data } = await plainCall(path, headers, "POST", bodyOf(entity, values));
            const made = data[singular[objectOf(entity)]] as { readonly id: string } | undefined;
            ids.push(ok ? String(made?.id) : null);
          }
          return ids;
        },
        async update(entity, changes) {
          await learnFields();
          for (const { id, values } of changes)
            await plainCall(`${url}/api/3/${objectOf(entity)}/${id}`, headers, "PUT", bodyOf(entity, values));
        },
      };
    },
    close: () => sandbox.close(),
  };
}

/** A deal's value in cents with its currency, its status as a number. */
function asKept(
  entity: EntityName,
  cells: Readonly<Record<string, Cell>>,
  amount: string | null | undefined,
): Readonly<Record<string, Cell>> {
  if (entity !== "deal") return cells;
  const status = cells["status"] === undefined ? {} : { status: String(statuses.indexOf(String(cells["status"]))) };
  const value = amount === undefined ? {} : { value: String(Math.round(Number(amount) * 100)), currency };
  return { ...cells, ...status, ...value };
}

function asTold(entity: EntityName, cells: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (entity !== "deal") return cells;
  const { value, status } = cells;
  return {
    ...cells,
    ...(value === undefined ? {} : { value: value === "" ? null : String(Number(value) / 100) }),
    ...(status === undefined ? {} : { status: statuses[Number(status)] }),
  };
}

function told(entry: AuditEntry): AuditEntry {
  if (entry.object !== "deals") return entry;
  return { ...entry, before: asTold("deal", entry.before), after: asTold("deal", entry.after) };
}
