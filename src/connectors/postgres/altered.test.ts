import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { machineClock } from "../../clock/machine.ts";
import { type LocalPostgres, startLocalPostgres } from "../../local-postgres/start.ts";
import type { RawObservation } from "../../model/observation.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Connector } from "../../ports/connector.ts";
import { type Pulled, pullUntil, update } from "../../ports/testing/requests.ts";
import type { Capture } from "./capture.ts";
import { cell, connectTo, mapped, query, run } from "./testing.ts";

let server: LocalPostgres;
let made = 0;
const open = new Set<Connector>();
beforeAll(async () => {
  server = await startLocalPostgres();
});
afterEach(async () => {
  await Promise.all([...open].map((connector) => connector.close()));
  open.clear();
  const admin = server.url("postgres");
  await query(admin, "select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active");
});
afterAll(async () => {
  await server.stop();
});

const people = mapped("people", cell("name"), cell("age", { kind: "number" }));
const teams = mapped("teams", cell("name"));
// The tests' user has the name of Truce's schema, which comes first on his search path once it is there.
const tablesSql = `create table public.people (id bigint generated always as identity primary key, name text, age int);
  create table public.teams (id bigint generated always as identity primary key, name text)`;

/** A clock that can be put forward. */
function movableClock(): Clock & { move(ms: number): void } {
  let moved = 0;
  return { ...machineClock, now: () => machineClock.now() + moved, move: (ms) => (moved += ms) };
}

async function database(capture: Capture) {
  const url = await server.createDatabase(`altered_${++made}`);
  await run(url, tablesSql);
  const clock = movableClock();
  const db = connectTo(url, [people, teams], { system: `db_${made}`, capture, clock });
  open.add(db);
  return { url, db, clock, start: await db.feed!.start([people, teams]) };
}

const saw = (name: string) => (pulled: Pulled) => named(pulled.seen, name) !== undefined;
const named = (seen: readonly RawObservation[], name: string) =>
  seen.find((one) => one.kind === "upsert" && one.cells["name"] === name);

test("a column of another type: later rows come, and are written, in their new form", async () => {
  const { url, db, start } = await database("replication");
  await run(
    url,
    "alter table people alter column age type text",
    "insert into people (name, age) values ('Ada', 'old')",
  );
  const { seen } = await pullUntil(db, [people, teams], start, saw("Ada"));
  expect(named(seen, "Ada")).toMatchObject({ cells: { age: "old" } });
  expect(await db.write(people, [update("1", { age: "old" }, { age: "very old" })])).toMatchObject([
    { kind: "written" },
  ]);
});

test("rows from before their table was altered are only named: a read tells what they hold", async () => {
  const { url, db, start } = await database("replication");
  await db.close();
  await run(
    url,
    "insert into people (name, age) values ('Ada', 36)",
    "alter table people alter column age type text using age || ' years'",
    "insert into teams (name) values ('North')",
  );
  const later = connectTo(url, [people, teams], { system: `db_${made}`, capture: "replication" });
  open.add(later);
  const { seen } = await pullUntil(later, [people, teams], start, saw("North"));
  expect(seen[0]).toMatchObject({ kind: "hint", ref: { object: "people", id: "1" } });
  expect((await later.read(people, ["1"]))[0]).toMatchObject({ observation: { cells: { age: "36 years" } } });
});

test("a renamed key names the same rows", async () => {
  const { url, db, start } = await database("replication");
  await run(url, "insert into people (name) values ('Ada')");
  const { cursor } = await pullUntil(db, [people, teams], start, saw("Ada"));
  await run(url, "alter table people rename id to uid", "update people set name = 'Ada L.'");
  const { seen, lost } = await pullUntil(db, [people, teams], cursor, saw("Ada L."));
  expect({ ids: seen.map((one) => one.ref.id), lost }).toEqual({ ids: ["1"], lost: [] });
});

test("a table is looked up once for whatever is mapped of it: without the column that went, reads and writes go on", async () => {
  const { url, db } = await database("triggers");
  await run(url, "insert into people (name, age) values ('Ada', 36)", "alter table people drop column age");
  await expect(db.scan(people, null)).rejects.toMatchObject({
    error: { code: "SCHEMA", message: expect.stringContaining("no column age") },
  });
  const rest = mapped("people", cell("name"));
  expect((await db.scan(rest, null)).observations).toMatchObject([{ complete: true, cells: { name: "Ada" } }]);
  expect(await db.write(rest, [update("1", { name: "Ada" }, { name: "Ada L." })])).toMatchObject([{ kind: "written" }]);
  await run(url, "alter table people add column age int");
  await expect(db.read(people, ["1"])).resolves.toMatchObject([
    { observation: { cells: { name: "Ada L.", age: null } } },
  ]);
});

for (const capture of ["replication", "triggers", "poll"] as const) {
  test(`by ${capture}: a dropped column stops its cell: the other cells and tables go on`, async () => {
    const { url, db, start } = await database(capture);
    await run(url, "insert into people (name, age) values ('Ada', 36)");
    const first = await pullUntil(db, [people, teams], start, saw("Ada"));
    await run(url, "alter table people drop column age", "update people set name = 'Ada L.'");
    await run(url, "insert into teams (name) values ('North')");
    const isDone = (pulled: Pulled) => saw("Ada L.")(pulled) && saw("North")(pulled);
    const { seen } = await pullUntil(db, [people, teams], first.cursor, isDone);
    // Not blank: not mentioned.
    expect(named(seen, "Ada L.")).toMatchObject({ complete: false, cells: { name: "Ada L." } });
    await expect(db.read(people, ["1"])).rejects.toMatchObject({
      error: { code: "SCHEMA", message: expect.stringContaining("no column age") },
    });
  });

  test(`by ${capture}: a table that is dropped stops itself, and needs a sweep when it is back`, async () => {
    const { url, db, clock, start } = await database(capture);
    await run(url, "insert into people (name) values ('Ada')", "insert into teams (name) values ('North')");
    const isDone = (pulled: Pulled) => saw("Ada")(pulled) && saw("North")(pulled);
    const first = await pullUntil(db, [people, teams], start, isDone);
    await run(url, "drop table people");
    clock.move(120_000);
    await run(url, "insert into teams (name) values ('South')");
    const second = await pullUntil(db, [people, teams], first.cursor, saw("South"));
    expect(second.lost).toEqual([]);
    await run(url, tablesSql.split(";")[0]!, "insert into people (name) values ('unseen')");
    clock.move(120_000);
    const third = await pullUntil(db, [people, teams], second.cursor, (pulled) => pulled.lost.length > 0);
    expect(third.lost).toEqual(["people"]);
    await run(url, "insert into people (name) values ('Grace')");
    await pullUntil(db, [people, teams], third.cursor, saw("Grace"));
  });
}
