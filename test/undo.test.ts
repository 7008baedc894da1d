import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { machineClock, machineRandom } from "../src/clock/machine.ts";
import { createPostgresConnector } from "../src/connectors/postgres/connector.ts";
import { planUndo, undo } from "../src/control/undo.ts";
import { testPolicy } from "../src/core/testing/policy.ts";
import { type Deps, mappedObjects } from "../src/engine/deps.ts";
import { type Running, run } from "../src/engine/run.ts";
import { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import { freshDatabase } from "./servers/postgres.ts";

/** A bad import overwrites all titles in one system, people mend some by hand, and the rest is undone. TRUCE_TEST_UNDO makes it larger. */
const rows = Number(process.env["TRUCE_TEST_UNDO"] ?? 1_000);
const mended = 50;
const timeout = 60_000 + rows * 20;
const systems = ["sales", "billing"] as const;

let sales: pg.Client;
let billing: pg.Client;
let deps: Deps;
let running: Running;
let folder: string;
let since: number;
let cause: string;

beforeAll(async () => {
  const urls = [await freshDatabase(), await freshDatabase()] as const;
  [sales, billing] = [await connect(urls[0]), await connect(urls[1])];
  for (const one of [sales, billing])
    await one.query("create table contacts (id serial primary key, email text, title text, note text)");
  await sales.query(
    "insert into contacts (email, title, note) select 'p' || i || '@example.org', 'title ' || i, 'n' from generate_series(1, $1::int) as i",
    [rows],
  );
  const policy = testPolicy({ email: { type: { kind: "email" } }, title: {}, note: {} }, { systems });
  const connectors = systems.map((system, i) => {
    const objects = mappedObjects(policy, system);
    const url = urls[i]!;
    return createPostgresConnector({ system, url, objects, clock: machineClock, capture: "triggers", pollMs: 100 });
  });
  for (const one of connectors) await one.check(mappedObjects(policy, one.system), { prepare: true });
  folder = mkdtempSync(join(tmpdir(), "truce-undo-"));
  const store = await openSqliteStore(join(folder, "store.db"));
  await store.migrate();
  deps = {
    store,
    connectors: new Map(connectors.map((one) => [one.system, one])),
    policy,
    clock: machineClock,
    random: machineRandom,
    startedAt: machineClock.now(),
    tell: () => undefined,
  };
  running = run(deps, { workBatchMax: 500, sweepEveryMs: null, schemaEveryMs: null });
  await settled();
  since = machineClock.now();
  await sales.query("update contacts set title = 'Dear Customer', note = 'imported ' || id");
  await settled();
  await billing.query("update contacts set title = 'mended ' || email where id <= $1", [mended]);
  await settled();
}, timeout);

afterAll(async () => {
  await running?.stop();
  for (const connector of deps?.connectors.values() ?? []) await connector.close();
  await deps?.store.close();
  for (const client of [sales, billing]) await client?.end();
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

test("a plan says what would go back and what would stay, and changes nothing", { timeout }, async () => {
  const plan = await planUndo(deps, { system: "sales", since });
  expect(plan).toMatchObject({
    cause: null,
    changes: 2 * rows,
    restored: { title: rows - mended, note: rows },
    samples: expect.arrayContaining([expect.objectContaining({ field: "note", to: "n" })]),
  });
  expect(plan.skipped).toHaveLength(mended);
  expect(plan.skipped[0]).toMatchObject({ field: "title", reason: "it was changed since, by billing" });
  expect(await count("title = 'Dear Customer'")).toEqual([rows - mended, rows - mended]);
});

test("all that a system changed in a span of time goes back, in every system; what people mended stays", {
  timeout,
}, async () => {
  const startedAt = Date.now();
  const report = await undo(deps, { system: "sales", since, field: "title" }, "ann");
  const undone = Date.now() - startedAt;
  await settled();
  const arrived = Date.now() - startedAt;
  if ("TRUCE_TEST_UNDO" in process.env) process.stdout.write(`${JSON.stringify({ rows, undone, arrived })}\n`);
  expect(report.restored).toEqual({ title: rows - mended });
  expect(report.skipped).toHaveLength(mended);
  expect(await count("title like 'title %'")).toEqual([rows - mended, rows - mended]);
  expect(await count("title like 'mended %'")).toEqual([mended, mended]);
  expect(arrived).toBeLessThan(120_000);
  cause = report.cause ?? "";
});

test("undoing an undo does it again, and leaves out what has been edited meanwhile", { timeout }, async () => {
  await sales.query("update contacts set title = 'edited' where id = (select max(id) from contacts)");
  await settled();
  const again = await undo(deps, { cause }, "ann");
  expect(again.restored).toEqual({ title: rows - mended - 1 });
  expect(again.skipped).toMatchObject([{ reason: "it was changed since, by sales" }]);
  await settled();
  expect(await count("title = 'Dear Customer'")).toEqual([rows - mended - 1, rows - mended - 1]);
  expect(await count("title = 'edited'")).toEqual([1, 1]);
});

test("one change is undone by its number", { timeout }, async () => {
  const [line] = await deps.store.journal({ kind: "set", field: "note", newestFirst: true, limit: 1 });
  const report = await undo(deps, { sequences: [line!.sequence] }, "ann");
  expect(report).toMatchObject({ changes: 1, restored: { note: 1 }, samples: [{ from: line!.to, to: "n" }] });
  await settled();
  expect(await count("note = 'n'")).toEqual([1, 1]);
});

async function settled(): Promise<void> {
  await Promise.race([running.quiet(), running.ended]);
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

/** In both systems. */
async function count(where: string): Promise<number[]> {
  const counts: number[] = [];
  for (const client of [sales, billing]) {
    const { rows: found } = await client.query<{ n: number }>(`select count(*)::int as n from contacts where ${where}`);
    counts.push(found[0]?.n ?? 0);
  }
  return counts;
}
