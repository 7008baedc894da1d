import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createHubSpotSandbox, type HubSpotSandbox } from "../sandbox/hubspot/sandbox.ts";
import { machineClock, machineRandom } from "../src/clock/machine.ts";
import { checkConfig } from "../src/config/check-config.ts";
import { compileConfig } from "../src/config/compile-config.ts";
import { readYaml } from "../src/config/yaml-source.ts";
import { createHubSpotConnector } from "../src/connectors/hubspot/connector.ts";
import { createPostgresConnector } from "../src/connectors/postgres/connector.ts";
import { type Deps, type EngineEvent, mappedObjects } from "../src/engine/deps.ts";
import { type Running, run } from "../src/engine/run.ts";
import type { Connector } from "../src/ports/connector.ts";
import type { Store } from "../src/ports/store.ts";
import { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import { freshDatabase } from "./servers/postgres.ts";

/** A CRM with associations and a database with foreign keys: contacts have a primary company, deals any number of contacts. */
const yaml = `\
systems:
  crm: { connector: hubspot, token: "\${HUBSPOT_TOKEN}" }
  db: { connector: postgres, url: postgres://localhost/app }
entities:
  deal:
    rule: { prefer: [crm, db] }
    fields: { number: text, people: { type: reference, to: contact, many: true, rule: union } }
    identity: [number]
    systems:
      crm:
        object: deals
        create: true
        fields: { number: dealname, people: associations.contacts }
        constants: { pipeline: default, dealstage: appointmentscheduled }
      db: { object: deals, create: true, fields: { number: number, people: contact_ids } }
  contact:
    rule: { prefer: [crm, db] }
    clears: propagate
    fields: { email: email, company: { type: reference, to: company } }
    identity: [email]
    systems:
      crm: { object: contacts, create: true, fields: { email: email, company: "associations.companies:Primary" } }
      db: { object: contacts, create: true, fields: { email: email, company: company_id } }
  company:
    rule: { prefer: [crm, db] }
    merges: link
    fields: { domain: domain, name: name }
    identity: [domain]
    systems:
      crm: { object: companies, create: true, fields: { domain: domain, name: name } }
      db: { object: companies, create: true, fields: { domain: website, name: name } }
`;

const tables = `
  create table companies (id bigint generated always as identity (start with 100) primary key, website text, name text);
  create table contacts (id bigint generated always as identity (start with 500) primary key, email text, company_id bigint references companies);
  create table deals (id bigint generated always as identity primary key, number text, contact_ids bigint[])`;

let sandbox: HubSpotSandbox;
let db: pg.Client;
let connectors: ReadonlyMap<string, Connector>;
let store: Store;
let running: Running;
let folder: string;
const troubles: EngineEvent[] = [];

beforeAll(async () => {
  sandbox = await createHubSpotSandbox({ speed: 1000, indexLagMsMax: 0 });
  for (const object of ["contacts", "companies", "deals"])
    sandbox.admin.defineProperty(object, { name: "truce_id", type: "string", hasUniqueValue: true });
  const url = await freshDatabase();
  db = new pg.Client({ connectionString: url });
  await db.connect();
  await db.query(tables);
  await db.query(`
    insert into companies (website, name) select 'c' || i || '.example', 'Company ' || i from generate_series(1, 20) as i;
    insert into contacts (email, company_id) select 'p' || i || '@x.example', 100 + i % 20 from generate_series(1, 60) as i;
    insert into deals (number, contact_ids) select 'D' || i, array[499 + i, 500 + i] from generate_series(1, 30) as i`);
  const { config, findings } = checkConfig(readYaml(yaml).data, null);
  if (config === null) throw new Error(JSON.stringify(findings));
  const { policy } = compileConfig(config);
  folder = mkdtempSync(join(tmpdir(), "truce-associations-"));
  store = await openSqliteStore(join(folder, "store.db"));
  await store.migrate();
  const crm = createHubSpotConnector({
    system: "crm",
    auth: { token: sandbox.token },
    baseUrl: sandbox.url,
    clock: machineClock,
    searchesPerSecond: 4000,
    pollMs: 100,
    lookbackMs: 2_000,
  });
  const objects = mappedObjects(policy, "db");
  const database = createPostgresConnector({ system: "db", url, objects, clock: machineClock, capture: "replication" });
  connectors = new Map([
    ["crm", crm],
    ["db", database],
  ]);
  expect(await crm.check(mappedObjects(policy, "crm"), { prepare: false })).toEqual([]);
  const deps: Deps = {
    ...{ store, connectors, policy, clock: machineClock, random: machineRandom },
    startedAt: machineClock.now(),
    tell: (event) => {
      if (["trouble", "poisoned", "feed-lost", "many-missing"].includes(event.kind)) troubles.push(event);
    },
  };
  running = run(deps, { workBatchMax: 500, sweepEveryMs: null, schemaEveryMs: null });
});

afterAll(async () => {
  await running?.stop();
  for (const connector of connectors?.values() ?? []) await connector.close();
  await store?.close();
  await db?.query(
    "select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database()",
  );
  await db?.end();
  await sandbox?.close();
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

test("foreign keys become associations, and a list of keys many of them", { timeout: 120_000 }, async () => {
  await settled();
  expect(await inCrm()).toEqual(await inDatabase());
  expect((await inCrm()).length).toBe(90);
  expect(await store.holds({ status: "open", limit: 5 })).toEqual([]);
  expect(await store.deadLetters({ limit: 5 })).toEqual([]);
});

test("changes on either side arrive at the other", { timeout: 120_000 }, async () => {
  await db.query("update contacts set company_id = 105 where id < 510");
  await db.query("update contacts set company_id = null where id = 511");
  await db.query("update deals set contact_ids = array[520, 521, 522] where number = 'D3'");
  await settled();
  expect(await inCrm()).toEqual(await inDatabase());
  // Associations alone change no modified time, so without webhooks it is the sweep that finds them.
  const [contact, company] = [
    await crmId("contacts", "email", "p15@x.example"),
    await crmId("companies", "domain", "c7.example"),
  ];
  await relabel(contact, company);
  await running.sweep("crm", "contacts");
  await settled();
  expect(await inDatabase()).toEqual(await inCrm());
  expect(await inDatabase()).toContain("contact p15@x.example: c7.example");
});

test("what the config writes into new deals besides is no drift in those that the CRM has anyway", {
  timeout: 120_000,
}, async () => {
  sandbox.admin.createAs(101, "deals", { dealname: "D-crm", pipeline: "default", dealstage: "qualifiedtobuy" });
  await settled();
  expect(await inDatabase()).toContain("deal D-crm: ");
  expect(await running.sweep("crm", "deals")).toMatchObject({ scanned: 31, drifted: 0 });
});

test("companies that the CRM merges become one, and their people are the survivor's in the database too", {
  timeout: 120_000,
}, async () => {
  const [into, from] = [
    await crmId("companies", "domain", "c2.example"),
    await crmId("companies", "domain", "c3.example"),
  ];
  sandbox.admin.mergeAs(101, "companies", into, from);
  await until(async () =>
    (await store.goldens("company", null, 100)).some(({ mergedInto }) => mergedInto !== undefined),
  );
  await settled();
  const goldens = await store.goldens("company", null, 100);
  const [loser] = goldens.filter(({ mergedInto }) => mergedInto !== undefined);
  const survivor = goldens.find(({ id }) => id === loser?.mergedInto);
  expect(survivor?.links.filter(({ system }) => system === "db")).toHaveLength(2);
  const contacts = await store.goldens("contact", null, 200);
  expect(contacts.filter(({ fields }) => fields["company"]?.value === loser?.id)).toEqual([]);
  expect(contacts.filter(({ fields }) => fields["company"]?.value === survivor?.id).length).toBeGreaterThan(3);
  expect(troubles).toEqual([]);
});

async function settled(): Promise<void> {
  await Promise.race([running.quiet(), running.ended]);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await Promise.race([machineClock.sleep(50), running.ended]);
}

async function call(path: string, body: object): Promise<Record<string, unknown>> {
  const answer = await fetch(sandbox.url + path, {
    method: "POST",
    headers: { authorization: `Bearer ${sandbox.token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return (answer.status === 204 ? {} : await answer.json()) as Record<string, unknown>;
}

type Row = { readonly id: string; readonly properties: Readonly<Record<string, string>> };

async function all(object: string, property: string): Promise<ReadonlyMap<string, string>> {
  const answer = await fetch(`${sandbox.url}/crm/v3/objects/${object}?limit=100&properties=${property}`, {
    headers: { authorization: `Bearer ${sandbox.token}` },
  });
  const { results } = (await answer.json()) as { readonly results: readonly Row[] };
  return new Map(results.map(({ id, properties }) => [id, properties[property] ?? ""]));
}

async function crmId(object: string, property: string, value: string): Promise<string> {
  const found = [...(await all(object, property))].find(([, held]) => held === value);
  if (found === undefined) throw new Error(`There is no ${value}.`);
  return found[0];
}

/** Ids of the associated records, by record. */
async function associated(from: string, to: string, ids: readonly string[], label: string | null) {
  const { results } = (await call(`/crm/v4/associations/${from}/${to}/batch/read`, {
    inputs: ids.map((id) => ({ id })),
  })) as {
    readonly results: readonly {
      readonly from: { readonly id: string };
      readonly to: readonly {
        readonly toObjectId: number;
        readonly associationTypes: readonly { label: string | null }[];
      }[];
    }[];
  };
  return new Map(
    results.map((one) => [
      one.from.id,
      one.to
        .filter(({ associationTypes }) => label === null || associationTypes.some((type) => type.label === label))
        .map(({ toObjectId }) => String(toObjectId)),
    ]),
  );
}

/** Makes a company the primary one of a contact, in place of the one before. */
async function relabel(contact: string, company: string): Promise<void> {
  const primary = [{ associationCategory: "HUBSPOT_DEFINED", associationTypeId: 1 }];
  const before = (await associated("contacts", "companies", [contact], "Primary")).get(contact) ?? [];
  const path = "/crm/v4/associations/contacts/companies/batch";
  for (const id of before)
    await call(`${path}/labels/archive`, { inputs: [{ from: { id: contact }, to: [{ id }], types: primary }] });
  await call(`${path}/create`, { inputs: [{ from: { id: contact }, to: { id: company }, types: primary }] });
}

async function inCrm(): Promise<string[]> {
  const [companies, contacts, deals] = await Promise.all([
    all("companies", "domain"),
    all("contacts", "email"),
    all("deals", "dealname"),
  ]);
  const company = await associated("contacts", "companies", [...contacts.keys()], "Primary");
  const people = await associated("deals", "contacts", [...deals.keys()], null);
  const named = (ids: readonly string[] | undefined, names: ReadonlyMap<string, string>) =>
    (ids ?? [])
      .map((id) => names.get(id) ?? "?")
      .sort()
      .join(" ");
  return [
    ...[...contacts].map(([id, email]) => `contact ${email}: ${named(company.get(id), companies)}`),
    ...[...deals].map(([id, number]) => `deal ${number}: ${named(people.get(id), contacts)}`),
  ].sort();
}

async function inDatabase(): Promise<string[]> {
  const { rows } = await db.query<{ line: string }>(`
    select 'contact ' || email || ': ' || coalesce(website, '') as line from contacts left join companies on companies.id = company_id
    union all select 'deal ' || number || ': ' ||
      (select coalesce(string_agg(email, ' ' order by email collate "C"), '') from contacts where contacts.id = any(contact_ids)) from deals`);
  return rows.map(({ line }) => line).sort();
}
