import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { machineClock, machineRandom } from "../src/clock/machine.ts";
import { checkConfig } from "../src/config/check-config.ts";
import { compileConfig } from "../src/config/compile-config.ts";
import { readYaml } from "../src/config/yaml-source.ts";
import { createPostgresConnector } from "../src/connectors/postgres/connector.ts";
import { type Deps, type EngineEvent, mappedObjects } from "../src/engine/deps.ts";
import { type Running, run } from "../src/engine/run.ts";
import type { Connector } from "../src/ports/connector.ts";
import type { Store } from "../src/ports/store.ts";
import { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import { freshDatabase } from "./servers/postgres.ts";

/**
 * Companies, contacts and deals in two PostgreSQL databases that count ids of their own and enforce their foreign keys: a company has a parent
 * company and an owner (a cycle), a contact its company, a deal a company that it can't be without and any number of contacts.
 */
const rows = 150;
const systems = ["sales", "billing"] as const;

const yaml = `\
systems:
  sales: { connector: postgres, url: postgres://localhost/sales }
  billing: { connector: postgres, url: postgres://localhost/billing }
entities:
  deal:
    rule: { prefer: [sales, billing] }
    fields:
      title: text
      company: { type: reference, to: company }
      contacts: { type: reference, to: contact, many: true, rule: union }
    identity: [title]
    required: [company]
    systems:
      sales: { object: deals, create: true, fields: { title: title, company: company_id, contacts: contact_ids } }
      billing: { object: deals, create: true, fields: { title: title, company: company_id, contacts: contact_ids } }
  membership:
    rule: { prefer: [sales, billing] }
    fields: { person: { type: reference, to: contact }, club: { type: reference, to: company }, since: date }
    identity: [[person, club]]
    required: [person, club]
    systems:
      sales: { object: memberships, create: true, fields: { person: contact_id, club: company_id, since: since } }
      billing: { object: memberships, create: true, fields: { person: contact_id, club: company_id, since: since } }
  contact:
    rule: { prefer: [sales, billing] }
    fields: { email: email, company: { type: reference, to: company } }
    identity: [email]
    systems:
      sales: { object: contacts, create: true, fields: { email: email, company: company_id } }
      billing: { object: contacts, create: true, fields: { email: email, company: company_id } }
  company:
    rule: { prefer: [sales, billing] }
    clears: propagate
    fields:
      name: text
      parent: { type: reference, to: company }
      owner: { type: reference, to: contact }
    identity: [name]
    systems:
      sales: { object: companies, create: true, fields: { name: name, parent: parent_id, owner: owner_id } }
      billing: { object: companies, create: true, fields: { name: name, parent: parent_id, owner: owner_id } }
`;

const tables = `
  create table companies (id bigint generated always as identity (start with 1000) primary key, name text unique, parent_id bigint references companies, owner_id bigint);
  create table contacts (id bigint generated always as identity (start with 5000) primary key, email text, company_id bigint references companies);
  alter table companies add foreign key (owner_id) references contacts;
  create table memberships (id bigint generated always as identity primary key, contact_id bigint not null references contacts,
    company_id bigint not null references companies, since date, unique (contact_id, company_id));
  create table deals (id bigint generated always as identity primary key, title text, company_id bigint not null references companies, contact_ids bigint[])`;

let sales: pg.Client;
let billing: pg.Client;
let connectors: ReadonlyMap<string, Connector>;
let store: Store;
let running: Running;
let folder: string;
const troubles: EngineEvent[] = [];

beforeAll(async () => {
  const urls = [await freshDatabase(), await freshDatabase()] as const;
  [sales, billing] = [await connect(urls[0]), await connect(urls[1])];
  for (const one of [sales, billing]) await one.query(tables);
  // So that no id means the same in both.
  await billing.query("insert into companies (name) select 'Only billing ' || i from generate_series(1, 7) as i");
  await sales.query(`
    insert into companies (name) select 'Company ' || i from generate_series(1, ${rows}) as i;
    update companies set parent_id = id - 1 where id > 1000 and id % 3 = 0;
    insert into contacts (email, company_id) select 'p' || i || '@example.org', 999 + i from generate_series(1, ${rows}) as i;
    update companies set owner_id = id + 4000 where id % 5 = 0;
    insert into deals (title, company_id, contact_ids)
      select 'Deal ' || i, 999 + i, array[4999 + i, 5000 + (i % ${rows})] from generate_series(1, ${rows}) as i`);
  const { config, findings } = checkConfig(readYaml(yaml).data, null);
  if (config === null) throw new Error(JSON.stringify(findings));
  const { policy } = compileConfig(config);
  folder = mkdtempSync(join(tmpdir(), "truce-relations-"));
  store = await openSqliteStore(join(folder, "store.db"));
  await store.migrate();
  connectors = new Map(
    systems.map((system, i) => [
      system,
      createPostgresConnector({
        system,
        url: urls[i]!,
        objects: mappedObjects(policy, system),
        clock: machineClock,
        capture: "replication",
      }),
    ]),
  );
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
  for (const client of [sales, billing]) {
    await client?.query(
      "select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database()",
    );
    await client?.end();
  }
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

test("relations arrive in the other database, each by the ids that count there", { timeout: 120_000 }, async () => {
  await settled();
  expect(await related(billing)).toEqual(await related(sales));
  expect(await related(sales)).toHaveLength(3 * rows + 7);
  expect(await store.holds({ status: "open", limit: 10 })).toEqual([]);
  expect(await store.deadLetters({ limit: 10 })).toEqual([]);
});

test("a relation that is changed on one side is changed on the other", { timeout: 60_000 }, async () => {
  await billing.query(
    `update contacts set company_id = (select id from companies where name = 'Only billing 3') where email like 'p1_@%'`,
  );
  await sales.query("update companies set parent_id = null where id < 1020");
  await sales.query("update deals set contact_ids = array[5001, 5002, 5003] where title = 'Deal 9'");
  await billing.query(
    "update deals set contact_ids = contact_ids || (select id from contacts where email = 'p77@example.org') where title = 'Deal 10'",
  );
  await settled();
  expect(await related(billing)).toEqual(await related(sales));
});

test("a family that is new at once, children first, arrives whole", { timeout: 60_000 }, async () => {
  await sales.query(`
    begin;
    set constraints all deferred;
    insert into companies (name) values ('New holding'), ('New company');
    update companies set parent_id = (select id from companies where name = 'New holding') where name = 'New company';
    insert into contacts (email, company_id) select 'new@example.org', id from companies where name = 'New company';
    update companies set owner_id = (select id from contacts where email = 'new@example.org') where name like 'New %';
    insert into deals (title, company_id, contact_ids)
      select 'New deal', company_id, array[id] from contacts where email = 'new@example.org';
    commit`);
  await settled();
  expect(await related(billing)).toEqual(await related(sales));
  expect((await related(billing)).filter((line) => line.includes("New deal"))).toEqual([
    "deal New deal: New company, new@example.org",
  ]);
  expect(troubles).toEqual([]);
});

test("a table that joins two others is an entity of two references: what both sides add at once is one thing", {
  timeout: 60_000,
}, async () => {
  const join = (since: string) => `
    insert into memberships (contact_id, company_id, since)
    select contacts.id, companies.id, '${since}' from contacts, companies
    where email in ('p1@example.org', 'p2@example.org') and name in ('Company 5', 'Company 6', 'Only billing 2')`;
  await Promise.all([sales.query(join("2026-01-01")), billing.query(join("2026-02-02"))]);
  await sales.query(`
    insert into memberships (contact_id, company_id) select contacts.id, companies.id from contacts, companies
    where email like 'p3_@%' and name = 'Company 7'`);
  await settled();
  expect(await memberships(billing)).toEqual(await memberships(sales));
  expect(await memberships(sales)).toHaveLength(6 + 10);
  expect((await memberships(billing)).filter((line) => line.includes("2026-02-02"))).toEqual([]);
  expect((await store.goldens("membership", null, 100)).length).toBe(6 + 10);
  expect(troubles).toEqual([]);
});

async function memberships(client: pg.Client): Promise<string[]> {
  const { rows: lines } = await client.query<{ line: string }>(`
    select email || ' in ' || name || ' ' || coalesce(since::text, '') as line
    from memberships join contacts on contacts.id = contact_id join companies on companies.id = memberships.company_id order by line`);
  return lines.map(({ line }) => line);
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

/** Waits for the engine to have nothing left to do. A bug of its own fails the test. */
async function settled(): Promise<void> {
  await Promise.race([running.quiet(), running.ended]);
}

/** Everything in a database by name, with the names of what it points to. */
async function related(client: pg.Client): Promise<string[]> {
  const { rows: lines } = await client.query<{ line: string }>(`
    select 'company ' || c.name || ': ' || coalesce(p.name, '') || ', ' || coalesce(o.email, '') as line
      from companies c left join companies p on p.id = c.parent_id left join contacts o on o.id = c.owner_id
    union all select 'contact ' || email || ': ' || coalesce(name, '') from contacts left join companies on companies.id = company_id
    union all select 'deal ' || title || ': ' || name || ', ' ||
        (select coalesce(string_agg(email, ' ' order by email), '') from contacts where contacts.id = any(contact_ids))
      from deals join companies on companies.id = company_id
    order by line`);
  return lines.map(({ line }) => line);
}
