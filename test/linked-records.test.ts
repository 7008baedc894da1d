import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AirtableSandbox, createAirtableSandbox } from "../sandbox/airtable/sandbox.ts";
import { machineClock, machineRandom } from "../src/clock/machine.ts";
import { checkConfig } from "../src/config/check-config.ts";
import { compileConfig } from "../src/config/compile-config.ts";
import { readYaml } from "../src/config/yaml-source.ts";
import { createAirtableConnector } from "../src/connectors/airtable/connector.ts";
import { createPostgresConnector } from "../src/connectors/postgres/connector.ts";
import { type Deps, type EngineEvent, mappedObjects } from "../src/engine/deps.ts";
import { type Running, run } from "../src/engine/run.ts";
import type { Connector } from "../src/ports/connector.ts";
import type { Store } from "../src/ports/store.ts";
import { createMemoryStore } from "../src/store/memory/memory-store.ts";
import { freshDatabase } from "./servers/postgres.ts";

/** A base in which projects are linked to a client and to any number of people, and a database with keys and lists of keys. */
const yaml = `\
systems:
  base: { connector: airtable, token: "\${A}", base: app12345678901234 }
  db: { connector: postgres, url: postgres://localhost/app }
entities:
  project:
    rule: { prefer: [base, db] }
    clears: propagate
    deletes: propagate
    fields:
      code: text
      client: { type: reference, to: client }
      team: { type: reference, to: person, many: true, rule: union }
    identity: [code]
    systems:
      base: { object: Projects, create: true, fields: { code: Code, client: Client, team: Team } }
      db: { object: projects, create: true, fields: { code: code, client: client_id, team: team_ids } }
  client:
    rule: { prefer: [base, db] }
    fields: { name: text }
    identity: [name]
    systems:
      base: { object: Clients, create: true, fields: { name: Client } }
      db: { object: clients, create: true, fields: { name: name } }
  person:
    rule: { prefer: [base, db] }
    deletes: propagate
    fields: { email: email }
    identity: [email]
    systems:
      base: { object: People, create: true, fields: { email: Email } }
      db: { object: people, create: true, fields: { email: email } }
`;

const count = 30;
const speed = 1_000;
let sandbox: AirtableSandbox;
let db: pg.Client;
let connectors: ReadonlyMap<string, Connector>;
let store: Store;
let running: Running;
const troubles: EngineEvent[] = [];

beforeAll(async () => {
  const key = { name: "Truce ID", type: "singleLineText" } as const;
  sandbox = await createAirtableSandbox({
    speed,
    schema: [
      { name: "Clients", fields: [{ name: "Client", type: "singleLineText" }, key] },
      { name: "People", fields: [{ name: "Email", type: "email" }, key] },
      {
        name: "Projects",
        fields: [
          { name: "Code", type: "singleLineText" },
          {
            name: "Client",
            type: "multipleRecordLinks",
            options: { linkedTableId: "Clients", inverseName: "Projects" },
          },
          { name: "Team", type: "multipleRecordLinks", options: { linkedTableId: "People", inverseName: "Projects" } },
          key,
        ],
      },
    ],
  });
  const url = await freshDatabase();
  db = new pg.Client({ connectionString: url });
  await db.connect();
  await db.query(`
    create table clients (id bigint generated always as identity (start with 100) primary key, name text);
    create table people (id bigint generated always as identity (start with 500) primary key, email text);
    create table projects (id bigint generated always as identity primary key, code text, client_id bigint references clients on delete set null, team_ids bigint[]);
    insert into clients (name) select 'Client ' || i from generate_series(0, ${count - 1}) as i;
    insert into people (email) select 'p' || i || '@x.example' from generate_series(0, ${count - 1}) as i;
    insert into projects (code, client_id, team_ids) select 'P' || i, 100 + i, array[500 + i, 500 + (i + 1) % ${count}] from generate_series(0, ${count - 1}) as i`);
  const { config, findings } = checkConfig(readYaml(yaml).data, null);
  if (config === null) throw new Error(JSON.stringify(findings));
  const { policy } = compileConfig(config);
  store = createMemoryStore();
  const { token, baseId } = sandbox;
  const pace = { requestsPerSecond: 4 * speed, penaltyMs: 30_000 / speed, pollMs: 100 };
  const objects = mappedObjects(policy, "db");
  connectors = new Map<string, Connector>([
    [
      "base",
      createAirtableConnector({
        system: "base",
        token,
        baseId,
        endpointUrl: sandbox.url,
        clock: machineClock,
        ...pace,
      }),
    ],
    [
      "db",
      createPostgresConnector({ system: "db", url, objects, clock: machineClock, capture: "triggers", pollMs: 50 }),
    ],
  ]);
  for (const [system, connector] of connectors) {
    const problems = await connector.check(mappedObjects(policy, system), { prepare: false });
    expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
  }
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
  await db?.end();
  await sandbox?.close();
});

/** Each project with its client and its people, by name. */
function inBase(): string[] {
  const { admin } = sandbox;
  const names = new Map(
    [...admin.records("Clients"), ...admin.records("People")].map(({ id, fields }) => [
      id,
      String(fields["Client"] ?? fields["Email"]),
    ]),
  );
  const of = (links: unknown) =>
    ((links ?? []) as readonly string[])
      .map((id) => names.get(id))
      .sort()
      .join("+");
  return admin
    .records("Projects")
    .map(({ fields }) => `${fields["Code"]}: ${of(fields["Client"])} ${of(fields["Team"])}`)
    .sort();
}

async function inDatabase(): Promise<string[]> {
  const { rows } = await db.query<{ line: string }>(`
    select code || ': ' || coalesce(c.name, '') || ' ' || coalesce((select string_agg(email, '+' order by email collate "C") from people where id = any(team_ids)), '') as line
    from projects p left join clients c on c.id = client_id`);
  return rows.map(({ line }) => line).sort();
}

function idOf(table: string, field: string, value: string): string {
  return sandbox.admin.records(table).find(({ fields }) => fields[field] === value)!.id;
}

test("keys and lists of keys become linked records", { timeout: 60_000 }, async () => {
  await running.quiet();
  expect(inBase()).toHaveLength(count);
  expect(inBase()).toEqual(await inDatabase());
  expect(inBase()).toContain("P3: Client 3 p3@x.example+p4@x.example");
});

test("links that people add, change and take away in the base do so in the database, and the other way round", {
  timeout: 60_000,
}, async () => {
  const { admin } = sandbox;
  const team = ["p1@x.example", "p2@x.example", "p9@x.example"].map((email) => idOf("People", "Email", email));
  admin.edit("Ann", "Projects", idOf("Projects", "Code", "P1"), { Team: team });
  admin.edit("Ann", "Projects", idOf("Projects", "Code", "P2"), { Client: [idOf("Clients", "Client", "Client 8")] });
  admin.edit("Ann", "Projects", idOf("Projects", "Code", "P4"), { Client: null, Team: null });
  await db.query("update projects set team_ids = array[520, 521, 522] where code = 'P5'");
  await db.query("update projects set client_id = null where code = 'P6'");
  // Both sides add somebody: both are in it.
  admin.edit("Ann", "Projects", idOf("Projects", "Code", "P7"), {
    Team: ["p7@x.example", "p8@x.example", "p10@x.example"].map((email) => idOf("People", "Email", email)),
  });
  await db.query("update projects set team_ids = team_ids || 511::bigint where code = 'P7'");
  await expect
    .poll(inDatabase, { timeout: 20_000 })
    .toEqual(
      expect.arrayContaining([
        "P1: Client 1 p1@x.example+p2@x.example+p9@x.example",
        "P2: Client 8 p2@x.example+p3@x.example",
        "P4:  ",
        "P5: Client 5 p20@x.example+p21@x.example+p22@x.example",
        "P6:  p6@x.example+p7@x.example",
        "P7: Client 7 p10@x.example+p11@x.example+p7@x.example+p8@x.example",
      ]),
    );
  await expect.poll(inBase, { timeout: 20_000 }).toEqual(await inDatabase());
});

test("who is deleted is in no team any more, on either side", { timeout: 60_000 }, async () => {
  sandbox.admin.remove("Ann", "People", idOf("People", "Email", "p15@x.example"));
  await expect
    .poll(async () => (await inDatabase()).filter((line) => line.includes("p15@")), { timeout: 20_000 })
    .toEqual([]);
  await running.quiet();
  expect(inBase()).toEqual(await inDatabase());
  expect(inBase()).toContain("P14: Client 14 p14@x.example");
  expect(troubles).toEqual([]);
});
