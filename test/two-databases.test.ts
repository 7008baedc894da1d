import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { machineClock, machineRandom } from "../src/clock/machine.ts";
import { createPostgresConnector } from "../src/connectors/postgres/connector.ts";
import { testPolicy } from "../src/core/testing/policy.ts";
import { type Deps, type EngineEvent, mappedObjects } from "../src/engine/deps.ts";
import { type Running, run } from "../src/engine/run.ts";
import type { Connector } from "../src/ports/connector.ts";
import type { Store } from "../src/ports/store.ts";
import { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import { freshDatabase } from "./servers/postgres.ts";

/**
 * Two PostgreSQL databases with the same contacts, kept equal by an engine with the embedded store. TRUCE_TEST_ROWS and TRUCE_TEST_UPDATES make it
 * larger, and with either it prints how long each step took.
 */
const rows = Number(process.env["TRUCE_TEST_ROWS"] ?? 1_000);
const updates = Number(process.env["TRUCE_TEST_UPDATES"] ?? 3_000);
const isMeasured = "TRUCE_TEST_ROWS" in process.env || "TRUCE_TEST_UPDATES" in process.env;
const timeoutMs = 60_000 + (rows + updates) * 10;

const systems = ["sales", "billing"] as const;
const columns = ["email", "name", "phone", "city", "title", "note", "company", "street", "source", "language"];
/** Records that both sides edit at the same moment. */
const both = rows / 5;

let sales: pg.Client;
let billing: pg.Client;
let connectors: ReadonlyMap<string, Connector>;
let store: Store;
let running: Running;
let folder: string;
const troubles: EngineEvent[] = [];
const figures: Record<string, number> = { rows, updates };

beforeAll(async () => {
  const urls = [await freshDatabase(), await freshDatabase()] as const;
  [sales, billing] = [await connect(urls[0]), await connect(urls[1])];
  const definition = columns.map((column) => `${column} text`).join(", ");
  for (const one of [sales, billing])
    await one.query(`create table contacts (id bigint generated always as identity primary key, ${definition})`);
  await sales.query(
    `insert into contacts (${columns.join(", ")})
     select 'p' || i || '@example.org', 'Name ' || i, '+49301' || (1000000 + i), 'City ' || i, 'Title ' || i, 'note ' || i, 'Company ' || i,
            'Street ' || i, 'fair', 'de'
     from generate_series(1, $1::int) as i`,
    [rows],
  );
  const policy = testPolicy(
    {
      ...Object.fromEntries(columns.map((column) => [column, {}])),
      email: { type: { kind: "email" } },
      phone: { type: { kind: "phone" } },
      title: { rule: { kind: "prefer", systems: ["billing", "sales"], otherwise: { kind: "review" } } },
    },
    { systems },
  );
  folder = mkdtempSync(join(tmpdir(), "truce-two-"));
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
  if (isMeasured) process.stdout.write(`${JSON.stringify(figures)}\n`);
});

test("an empty database gets every contact of the other", { timeout: timeoutMs }, async () => {
  await measured("firstSync", settled);
  expect(await contacts(billing)).toHaveLength(rows);
  await expectEqual();
});

test("updates on one side arrive at the other", { timeout: timeoutMs }, async () => {
  await measured("updating", updateOneByOne);
  await measured("caughtUp", settled);
  const arrived = new Set((await contacts(billing)).map(({ title }) => title));
  expect(arrived).toContain(`Title ${updates - 1}`);
  await expectEqual();
});

test("edits of different columns at the same moment are all in both", { timeout: timeoutMs }, async () => {
  await measured("differentColumns", async () => {
    await editAtOnce("city = 'seen by sales ' || email", "note = 'seen by billing ' || email");
    await settled();
  });
  const kept = (await contacts(sales)).filter(
    ({ email, city, note }) => city === `seen by sales ${email}` && note === `seen by billing ${email}`,
  );
  expect(kept).toHaveLength(both);
  await expectEqual();
  expect(await store.holds({ status: "open", limit: rows })).toEqual([]);
});

test("edits of one column at the same moment: its rule decides, and the journal keeps the other value", {
  timeout: timeoutMs,
}, async () => {
  await editAtOnce("title = 'by sales ' || email", "title = 'by billing ' || email");
  await settled();
  const won = (await contacts(sales)).filter(({ email, title }) => title === `by billing ${email}`);
  expect(won).toHaveLength(both);
  await expectEqual();
  const journal = await Promise.all(
    (await goldensOf(won)).map((goldenId) => store.journal({ goldenId, limit: 1_000 })),
  );
  const told = journal.filter((lines) =>
    lines.some(({ field, other, from }) => field === "title" && `${other} ${from}`.includes("by sales")),
  );
  expect(told).toHaveLength(both);
});

test("edits of one column at the same moment, without a rule: each is held with both values, and neither is overwritten", {
  timeout: timeoutMs,
}, async () => {
  await editAtOnce("city = 'of sales ' || email", "city = 'of billing ' || email");
  await settled();
  const holds = await store.holds({ status: "open", limit: rows });
  expect(holds).toHaveLength(both);
  for (const hold of holds) {
    const cities = hold.candidates.map(({ values }) => String(values["city"])).sort();
    expect(cities).toEqual([expect.stringMatching(/^of billing p/), expect.stringMatching(/^of sales p/)]);
  }
  const own = async (client: pg.Client, side: string) =>
    (await contacts(client)).filter(({ email, city }) => city === `of ${side} ${email}`);
  expect(await own(sales, "sales")).toHaveLength(both);
  expect(await own(billing, "billing")).toHaveLength(both);
  await expectEqual(columns.filter((column) => column !== "city"));
  expect(troubles).toEqual([]);
});

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

/** Waits for the engine to have nothing left to do. A bug of its own fails the test. */
async function settled(): Promise<void> {
  await Promise.race([running.quiet(), running.ended]);
}

/**
 * Updates in transactions of their own, made by the server as fast as it can. None waits for the disk, since it is Truce that is measured; the last
 * one does, and so brings all others there.
 */
async function updateOneByOne(): Promise<void> {
  const update = (i: string) =>
    `update contacts set title = 'Title ' || ${i}, note = 'note ' || ${i} where id = 1 + (${i}::bigint * 7919) % ${rows}`;
  await sales.query("set synchronous_commit = off");
  await sales.query(`do $$ begin for i in 0..${updates - 2} loop ${update("i")}; commit; end loop; end $$`);
  await sales.query("set synchronous_commit = on");
  await sales.query(update(String(updates - 1)));
}

/** Edits the first contacts on both sides such that neither side can have seen the other's edit. */
async function editAtOnce(inSales: string, inBilling: string): Promise<void> {
  const first = `where substring(email from 2 for position('@' in email) - 2)::int <= ${both}`;
  await Promise.all([sales.query("begin"), billing.query("begin")]);
  await Promise.all([
    sales.query(`update contacts set ${inSales} ${first}`),
    billing.query(`update contacts set ${inBilling} ${first}`),
  ]);
  await Promise.all([sales.query("commit"), billing.query("commit")]);
}

type Contact = Readonly<Record<string, string>>;

async function contacts(client: pg.Client, of: readonly string[] = columns): Promise<Contact[]> {
  return (await client.query<Contact>(`select ${of.join(", ")} from contacts order by email`)).rows;
}

async function expectEqual(of: readonly string[] = columns): Promise<void> {
  expect(await contacts(billing, of)).toEqual(await contacts(sales, of));
}

async function goldensOf(wanted: readonly Contact[]): Promise<string[]> {
  const emails = new Set(wanted.map(({ email }) => email));
  const goldens = await store.goldens("contact", null, rows + 1);
  return goldens.filter(({ fields }) => emails.has(String(fields["email"]?.value))).map(({ id }) => id);
}

async function measured(step: string, work: () => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  await work();
  figures[`${step}Seconds`] = Math.round(performance.now() - startedAt) / 1_000;
}
