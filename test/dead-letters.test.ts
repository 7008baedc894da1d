import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { machineClock, machineRandom } from "../src/clock/machine.ts";
import { createPostgresConnector } from "../src/connectors/postgres/connector.ts";
import { discardDead, editDead, replayDead } from "../src/control/dead-letters.ts";
import { testPolicy } from "../src/core/testing/policy.ts";
import { type Deps, mappedObjects } from "../src/engine/deps.ts";
import { type Running, run } from "../src/engine/run.ts";
import type { DeadWrite } from "../src/ports/store.ts";
import { createMemoryStore } from "../src/store/memory/memory-store.ts";
import { freshDatabase } from "./servers/postgres.ts";

/** Sales writes titles that billing's table refuses: each of a thousand records has a write that fails for good. */
const rows = 1_000;
const timeout = 120_000;
const systems = ["sales", "billing"] as const;

let sales: pg.Client;
let billing: pg.Client;
let deps: Deps;
let running: Running;

beforeAll(async () => {
  const urls = [await freshDatabase(), await freshDatabase()] as const;
  [sales, billing] = [await connect(urls[0]), await connect(urls[1])];
  for (const one of [sales, billing])
    await one.query("create table contacts (id serial primary key, email text, phone text, title text)");
  await sales.query(
    "insert into contacts (email, phone, title) select 'p' || i || '@example.org', '1', 'old' from generate_series(1, $1::int) as i",
    [rows],
  );
  const policy = testPolicy({ email: { type: { kind: "email" } }, phone: {}, title: {} }, { systems });
  const connectors = systems.map((system, i) => {
    const objects = mappedObjects(policy, system);
    const url = urls[i]!;
    return createPostgresConnector({ system, url, objects, clock: machineClock, capture: "triggers", pollMs: 100 });
  });
  for (const one of connectors) await one.check(mappedObjects(policy, one.system), { prepare: true });
  deps = {
    store: createMemoryStore(),
    connectors: new Map(connectors.map((one) => [one.system, one])),
    policy,
    clock: machineClock,
    random: machineRandom,
    startedAt: machineClock.now(),
    tell: () => undefined,
  };
  running = run(deps, { workBatchMax: 500, sweepEveryMs: null, schemaEveryMs: null });
});

afterAll(async () => {
  await running?.stop();
  for (const connector of deps?.connectors.values() ?? []) await connector.close();
  await sales?.end();
  await billing?.end();
});

test("a refused value waits whole in a dead letter, and the record's other values are written", {
  timeout,
}, async () => {
  await settled();
  await billing.query("alter table contacts add constraint short_title check (length(title) < 12)");
  await sales.query("update contacts set title = 'far too long ' || id, phone = '2'");
  await settled();
  expect(await titles(billing, "phone = '2' and title = 'old'")).toHaveLength(rows);
  expect((await deps.store.counts(0)).deadLetters).toBe(rows);
  const [letter] = await deps.store.deadLetters({ kind: "write", system: "billing", status: "open", limit: 1 });
  const { patch, values, refused } = letter!.payload as DeadWrite;
  expect(letter).toMatchObject({ code: "REJECTED", tries: 1, closed: null });
  expect([patch, values]).toMatchObject([{ phone: "2" }, { title: patch["title"] }]);
  expect(Object.keys(refused)).toEqual(["title"]);
});

test("a newer value that is taken ends the letter by itself; one that is refused is told in the same letter", {
  timeout,
}, async () => {
  await sales.query("update contacts set title = 'short' where id <= 100");
  await sales.query("update contacts set title = 'newer, but still too long' where id > 900");
  await settled();
  const closed = await deps.store.deadLetters({ status: "closed", limit: rows });
  expect([closed.length, closed[0]?.closed?.how]).toEqual([100, "cured"]);
  expect((await deps.store.counts(0)).deadLetters).toBe(900);
});

test("one can be corrected or discarded, and neither comes back", { timeout }, async () => {
  const [first, second] = await deps.store.deadLetters({ status: "open", limit: 2 });
  expect(await editDead(deps, first!.id, { title: "mended", colour: "red" }, "ann")).toMatchObject({
    done: 0,
    failed: [{ reason: expect.stringContaining("no field colour") }],
  });
  expect(await editDead(deps, first!.id, { title: "mended" }, "ann")).toEqual({ done: 1, failed: [] });
  expect(await discardDead(deps, { ids: [second!.id] }, "ann", "of no use")).toEqual({ done: 1, failed: [] });
  const again = await discardDead(deps, { ids: [second!.id, "nothing"] }, "bob", "me too");
  expect(again.failed.map(({ reason }) => reason)).toEqual([
    "it was discarded by ann already",
    "there is no such dead letter",
  ]);
  await settled();
  for (const one of [sales, billing]) expect(await titles(one, "title = 'mended'")).toHaveLength(1);
  expect((await deps.store.deadLetter(second!.id))?.closed?.reason).toBe("of no use");
});

test("after the mend, all are replayed at once: every value is the present one, none the older one that had failed", {
  timeout,
}, async () => {
  await billing.query("alter table contacts drop constraint short_title");
  expect(await replayDead(deps, { kind: "write", system: "billing" }, "ann")).toEqual({ done: 898, failed: [] });
  await settled();
  expect((await deps.store.counts(0)).deadLetters).toBe(0);
  // The discarded one is left as it is.
  const [given, got] = [await titles(sales, "true"), await titles(billing, "true")];
  expect(got.filter((title, i) => title !== given[i])).toEqual(["old"]);
  expect(got.filter((title) => title.startsWith("newer"))).toHaveLength(100);
});

async function settled(): Promise<void> {
  await Promise.race([running.quiet(), running.ended]);
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

async function titles(client: pg.Client, where: string): Promise<string[]> {
  const { rows: found } = await client.query<{ title: string }>(
    `select title from contacts where ${where} order by email`,
  );
  return found.map(({ title }) => title);
}
