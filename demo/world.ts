import { type AirtableSandbox, createAirtableSandbox } from "../sandbox/airtable/sandbox.ts";
import type { AuditEntry } from "../sandbox/core/audit.ts";
import type { Fault } from "../sandbox/core/fault.ts";
import { createHubSpotSandbox, type HubSpotSandbox } from "../sandbox/hubspot/sandbox.ts";
import type { SystemRecord, SystemWrite } from "./check.ts";
import { type DemoDatabase, openDemoDatabase, startAudit } from "./database.ts";
import { airtableTables, allFields, entityNames, fromSystem, shape, toSystem } from "./shape.ts";
import { type Copy, type DemoSystem, type Edit, type EntityName, type Story, systems } from "./story.ts";

/** The three systems of the demo, running and filled. */
export type DemoWorld = {
  readonly crm: HubSpotSandbox;
  readonly marketing: AirtableSandbox;
  readonly databaseUrl: string;
  readonly seeded: readonly (SystemRecord & { readonly thing: number; readonly ageDays: number })[];
  /** The record that an edit is about. */
  idOf(edit: Edit): string;
  /** A person carries out an edit in their system. */
  apply(edit: Edit): Promise<void>;
  /** Breaks the sandboxes, or mends them with none. */
  setFaults(crm: readonly Fault[], marketing: readonly Fault[]): void;
  /** What the systems hold, read from them directly. */
  records(): Promise<SystemRecord[]>;
  /** Every write since the seeding, from the systems' own audits. */
  writes(): Promise<SystemWrite[]>;
  close(): Promise<void>;
};

export type WorldOptions = {
  readonly story: Story;
  /** An empty database. */
  readonly databaseUrl: string;
  /** How much faster than in life the sandboxes' limits and lags run. */
  readonly speed: number;
};

/** Starts the sandboxes, fills all three systems with the story's copies, and begins the audit. */
export async function openWorld({ story, databaseUrl, speed }: WorldOptions): Promise<DemoWorld> {
  const crm = await createHubSpotSandbox({ seed: story.seed, speed });
  const marketing = await createAirtableSandbox({ seed: story.seed, speed, schema: airtableTables });
  crm.admin.defineProperty("contacts", {
    name: "sales_notes",
    label: "Sales notes",
    type: "string",
    fieldType: "textarea",
  });
  crm.admin.defineProperty("companies", { name: "sector", label: "Sector", type: "string", fieldType: "text" });
  const database = await openDemoDatabase(databaseUrl);
  const seeded: DemoWorld["seeded"][number][] = [];
  for (const entity of entityNames) {
    for (const system of systems) {
      const copies = story.copies.filter((copy) => copy.entity === entity && copy.system === system);
      const ids = await seed(system, entity, copies);
      for (const [i, copy] of copies.entries()) {
        seeded.push({ system, entity, id: ids[i]!, thing: copy.thing, values: copy.values, ageDays: copy.ageDays });
      }
    }
  }
  await startAudit(databaseUrl);
  const ids = new Map<string, string>();
  for (const record of seeded) {
    const key = `${record.system}/${record.entity}/${record.thing}`;
    if (!ids.has(key)) ids.set(key, record.id);
  }
  const users = new Map<string, number>();
  const world: DemoWorld = {
    crm,
    marketing,
    databaseUrl,
    seeded,
    idOf: (edit) => ids.get(`${edit.system}/${edit.entity}/${edit.thing}`)!,
    async apply(edit) {
      const id = world.idOf(edit);
      const cells = toSystem(edit.system, edit.entity, edit.values);
      const { object } = shape[edit.system][edit.entity];
      if (edit.system === "db") return database.edit(edit.entity, id, edit.values);
      if (edit.system === "marketing") return marketing.admin.edit(edit.user, object, id, cells);
      if (!users.has(edit.user)) users.set(edit.user, 500 + users.size);
      crm.admin.edit(users.get(edit.user)!, object, id, blankAsEmpty(cells));
    },
    setFaults(crmFaults, marketingFaults) {
      crm.admin.setFaults(crmFaults);
      marketing.admin.setFaults(marketingFaults);
    },
    records: async () => [...crmRecords(crm), ...(await database.records()), ...marketingRecords(marketing)],
    writes: async () => [
      ...crm.admin.audit().flatMap((entry) => auditWrite("crm", entry)),
      ...marketing.admin.audit().flatMap((entry) => auditWrite("marketing", entry)),
      ...(await database.writes()),
    ],
    async close() {
      await Promise.all([crm.close(), marketing.close(), database.close()]);
    },
  };
  return world;

  async function seed(system: DemoSystem, entity: EntityName, copies: readonly Copy[]): Promise<readonly string[]> {
    const { object } = shape[system][entity];
    const cells = copies.map((copy) => toSystem(system, entity, copy.values));
    if (system === "db") return (database satisfies DemoDatabase).seed(entity, copies);
    if (system === "marketing") return marketing.admin.seed(object, cells.map(withoutBlanks));
    return crm.admin.seed(
      object,
      cells.map((properties, i) => ({
        properties: withoutBlanks(properties),
        createdAt: Date.now() - copies[i]!.ageDays * 86_400_000,
      })),
    );
  }
}

function withoutBlanks(cells: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(Object.entries(cells).flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
}

function blankAsEmpty(cells: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(Object.entries(cells).map(([name, value]) => [name, value ?? ""]));
}

function crmRecords(crm: HubSpotSandbox): SystemRecord[] {
  return entityNames.flatMap((entity) =>
    crm.admin
      .records(shape.crm[entity].object)
      .filter((record) => !record.archived)
      .map((record) => ({
        system: "crm" as const,
        entity,
        id: record.id,
        values: allFields("crm", entity, record.properties),
      })),
  );
}

function marketingRecords(marketing: AirtableSandbox): SystemRecord[] {
  return entityNames.flatMap((entity) =>
    marketing.admin.records(shape.marketing[entity].object).map((record) => ({
      system: "marketing" as const,
      entity,
      id: record.id,
      values: allFields("marketing", entity, record.fields),
    })),
  );
}

function auditWrite(system: "crm" | "marketing", entry: AuditEntry): SystemWrite[] {
  const entity = entityNames.find(
    (name) => shape[system][name].object === entry.object || typeIds[name] === entry.object,
  );
  if (entity === undefined || entry.source === "seed") return [];
  const kind = entry.kind === "create" || entry.kind === "update" ? entry.kind : "delete";
  const by = entry.source === "api" ? "sync" : "person";
  const [before, after] = [fromSystem(system, entity, entry.before), fromSystem(system, entity, entry.after)];
  return [{ system, entity, id: entry.id, atMs: entry.at, kind, by, before, after }];
}

const typeIds: Readonly<Record<EntityName, string>> = { contact: "0-1", company: "0-2" };
