import type { RoleName } from "./cast.ts";
import type { SystemRecord, SystemWrite } from "./check.ts";
import { type DemoSystem, type Edit, type EntityName, references, type Story, type Values } from "./story.ts";
import type { OpenSystem } from "./systems/system.ts";

/** The systems of the demo, running and filled. */
export type DemoWorld = {
  readonly systems: readonly OpenSystem[];
  /** Throws where the story has no such system. */
  system(name: DemoSystem): OpenSystem;
  readonly seeded: readonly SeededRecord[];
  /** The record that an edit is about. */
  idOf(edit: Edit): string;
  /** A person carries out an edit in their system. Resolves to its values as that system has them, with its own ids. */
  apply(edit: Edit): Promise<Values>;
  /** What the systems hold, read from them directly. */
  records(): Promise<SystemRecord[]>;
  /** Every write since the seeding, from the systems' own audits. */
  writes(): Promise<SystemWrite[]>;
  /** When a seeded record was last changed: less is longer ago. Others are new. */
  ageOf(system: DemoSystem): (entity: EntityName, id: string) => number;
  close(): Promise<void>;
};

export type SeededRecord = SystemRecord & { readonly thing: number; readonly ageDays: number };

/** Addresses of empty databases. */
export type Databases = { readonly postgres: string; readonly mariaDb: string | null };

export type WorldOptions = {
  readonly story: Story;
  readonly databases: Databases;
  /** How much faster than in life the sandboxes' limits and lags run. */
  readonly speed: number;
};

/** Starts the sandboxes, fills all systems with the story's copies, and begins the audit. */
export async function openWorld({ story, databases, speed }: WorldOptions): Promise<DemoWorld> {
  const isRelated = story.deals > 0;
  const systems: OpenSystem[] = [];
  for (const name of story.systems)
    systems.push(await openers[name as RoleName](name, { seed: story.seed, speed, isRelated, databases }));
  const seeded: SeededRecord[] = [];
  const ids = new Map<string, string>();
  for (const entity of story.entities) {
    for (const system of systems) {
      const copies = story.copies.filter((copy) => copy.entity === entity && copy.system === system.name);
      const rows = copies.map(({ values, ageDays }) => ({ values: inSystem(system.name, entity, values), ageDays }));
      const made = await system.seed(entity, rows);
      for (const [i, { thing, ageDays }] of copies.entries()) {
        seeded.push({ system: system.name, entity, id: made[i]!, thing, ageDays, values: rows[i]!.values });
        const key = `${system.name}/${entity}/${thing}`;
        // The first is the one that others point to, and that people edit.
        if (!ids.has(key)) ids.set(key, made[i]!);
      }
    }
  }
  for (const system of systems) await system.watch();
  const ages = new Map(seeded.map(({ system, entity, id, ageDays }) => [`${system}/${entity}/${id}`, -ageDays]));
  const system = (name: DemoSystem) => {
    const found = systems.find((one) => one.name === name);
    if (found === undefined) throw new Error(`The story has no system ${name}.`);
    return found;
  };
  const idOf = (edit: Pick<Edit, "system" | "entity" | "thing">) =>
    ids.get(`${edit.system}/${edit.entity}/${edit.thing}`)!;

  return {
    systems,
    system,
    seeded,
    idOf,
    async apply(edit) {
      const values = inSystem(edit.system, edit.entity, edit.values);
      await system(edit.system).edit(edit.user, edit.entity, idOf(edit), values);
      return values;
    },
    records: async () => (await Promise.all(systems.map((one) => one.records()))).flat(),
    writes: async () => (await Promise.all(systems.map((one) => one.writes()))).flat(),
    ageOf: (name) => (entity, id) => ages.get(`${name}/${entity}/${id}`) ?? 0,
    async close() {
      await Promise.all(systems.map((one) => one.close()));
    },
  };

  /** What the story's values point to by number, the system has by an id of its own. */
  function inSystem(name: DemoSystem, entity: EntityName, values: Values): Values {
    return Object.fromEntries(
      Object.entries(values).map(([field, value]) => {
        const target = references[entity][field];
        if (target === undefined || value === null) return [field, value];
        return [field, ids.get(`${name}/${target}/${value}`) ?? null];
      }),
    );
  }
}

type OpenOptions = {
  readonly seed: number;
  readonly speed: number;
  readonly isRelated: boolean;
  readonly databases: Databases;
};

/** The vendor behind each role. One's code is loaded only where it is used. */
const openers: Readonly<Record<RoleName, (name: string, options: OpenOptions) => Promise<OpenSystem>>> = {
  crm: async (name, options) => (await import("./systems/hubspot.ts")).openHubSpot(name, options),
  db: async (name, options) =>
    (await import("./systems/postgres.ts")).openPostgres(name, options.databases.postgres, options),
  marketing: async (name, options) => (await import("./systems/airtable.ts")).openAirtable(name, options),
  sales: async (name, options) => (await import("./systems/salesforce.ts")).openSalesforce(name, options),
  campaigns: async (name, options) => (await import("./systems/activecampaign.ts")).openActiveCampaign(name, options),
  shop: async (name, { databases }) => {
    if (databases.mariaDb === null) throw new Error("The shop's system needs a MariaDB.");
    return (await import("./systems/mariadb.ts")).openMariaDb(name, databases.mariaDb);
  },
  tool: async (name, options) => (await import("./systems/rest.ts")).openRest(name, options),
};
