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

/** Two accounts of a CRM and a database in which an e-mail is there once. What one account merges, the other merges too. */
const yaml = `\
systems:
  crm: { connector: hubspot, token: "\${A}" }
  desk: { connector: hubspot, token: "\${B}" }
  db: { connector: postgres, url: postgres://localhost/app }
entities:
  contact:
    rule: { prefer: [crm, desk, db], otherwise: keep }
    merges: link
    deletes: propagate
    fields: { email: email, name: name }
    identity: [email]
    systems:
      crm: { object: contacts, create: true, fields: { email: email, name: lastname }, merged: merge }
      desk: { object: contacts, create: true, fields: { email: email, name: lastname }, merged: merge }
      db: { object: people, create: true, fields: { email: email, name: name }, merged: delete }
`;

let crm: HubSpotSandbox;
let desk: HubSpotSandbox;
let db: pg.Client;
let connectors: ReadonlyMap<string, Connector>;
let store: Store;
let running: Running;
let folder: string;
const troubles: EngineEvent[] = [];

beforeAll(async () => {
  [crm, desk] = [await account(), await account()];
  const url = await freshDatabase();
  db = new pg.Client({ connectionString: url });
  await db.connect();
  await db.query(
    "create table people (id bigint generated always as identity primary key, email text unique, name text)",
  );
  for (let n = 1; n <= 12; n++)
    crm.admin.seed("contacts", [{ properties: { email: `p${n}@x.example`, lastname: `P${n}` } }]);
  const { config, findings } = checkConfig(readYaml(yaml).data, null);
  if (config === null) throw new Error(JSON.stringify(findings));
  const { policy } = compileConfig(config);
  folder = mkdtempSync(join(tmpdir(), "truce-merges-"));
  store = await openSqliteStore(join(folder, "store.db"));
  await store.migrate();
  const objects = mappedObjects(policy, "db");
  connectors = new Map<string, Connector>([
    ["crm", connectTo("crm", crm)],
    ["desk", connectTo("desk", desk)],
    [
      "db",
      createPostgresConnector({ system: "db", url, objects, clock: machineClock, capture: "triggers", pollMs: 50 }),
    ],
  ]);
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
  await db?.end();
  await Promise.all([crm?.close(), desk?.close()]);
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

async function account(): Promise<HubSpotSandbox> {
  const sandbox = await createHubSpotSandbox({ speed: 1000, indexLagMsMax: 0 });
  sandbox.admin.defineProperty("contacts", { name: "truce_id", type: "string", hasUniqueValue: true });
  return sandbox;
}

function connectTo(system: string, { token, url }: HubSpotSandbox): Connector {
  const pace = { searchesPerSecond: 4000, pollMs: 100, lookbackMs: 2_000 };
  return createHubSpotConnector({ system, auth: { token }, baseUrl: url, clock: machineClock, ...pace });
}

function inAccount({ admin }: HubSpotSandbox): string[] {
  const live = admin.records("contacts").filter(({ archived }) => !archived);
  return live.map(({ properties }) => `${properties["email"]} ${properties["lastname"]}`).sort();
}

async function inDatabase(): Promise<string[]> {
  const { rows } = await db.query<{ email: string; name: string }>("select email, name from people");
  return rows.map(({ email, name }) => `${email} ${name}`).sort();
}

function idIn({ admin }: HubSpotSandbox, email: string): string {
  return admin.records("contacts").find(({ properties }) => properties["email"] === email)!.id;
}

test("what one account merges is merged in the other, and the row that is left over in the database is deleted", {
  timeout: 120_000,
}, async () => {
  await expect.poll(inDatabase, { timeout: 30_000 }).toHaveLength(12);
  await expect.poll(() => inAccount(desk), { timeout: 30_000 }).toEqual(inAccount(crm));
  const [deskOf1, deskOf2] = [idIn(desk, "p1@x.example"), idIn(desk, "p2@x.example")];
  crm.admin.mergeAs(101, "contacts", idIn(crm, "p1@x.example"), idIn(crm, "p2@x.example"));
  await expect.poll(inDatabase, { timeout: 30_000 }).toHaveLength(11);
  await expect.poll(() => inAccount(desk), { timeout: 30_000 }).toHaveLength(11);
  expect(inAccount(desk)).toEqual(inAccount(crm));
  expect(await inDatabase()).toEqual(inAccount(crm));
  // In the other account both ids mean the one record, as after a merge by hand.
  expect(desk.admin.record("contacts", deskOf1)?.id).toBe(desk.admin.record("contacts", deskOf2)?.id);
  expect(await store.holds({ status: "open", limit: 5 })).toEqual([]);
  expect(await store.deadLetters({ limit: 5 })).toEqual([]);
});

test("edits after it travel as ever, and merges by the other account come back", { timeout: 120_000 }, async () => {
  await db.query("update people set name = 'Renamed' where email = 'p1@x.example'");
  await expect.poll(() => inAccount(crm), { timeout: 30_000 }).toContain("p1@x.example Renamed");
  await expect.poll(() => inAccount(desk), { timeout: 30_000 }).toContain("p1@x.example Renamed");
  desk.admin.mergeAs(101, "contacts", idIn(desk, "p3@x.example"), idIn(desk, "p4@x.example"));
  desk.admin.mergeAs(101, "contacts", idIn(desk, "p5@x.example"), idIn(desk, "p6@x.example"));
  await expect.poll(() => inAccount(crm), { timeout: 30_000 }).toHaveLength(9);
  await expect.poll(inDatabase, { timeout: 30_000 }).toHaveLength(9);
  await expect
    .poll(async () => [inAccount(desk), await inDatabase()], { timeout: 30_000 })
    .toEqual([inAccount(crm), inAccount(crm)]);
  expect(await store.holds({ status: "open", limit: 5 })).toEqual([]);
  expect(await store.deadLetters({ limit: 5 })).toEqual([]);
  expect(troubles).toEqual([]);
});
