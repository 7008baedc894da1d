import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { machineClock } from "../../clock/machine.ts";
import { type LocalPostgres, startLocalPostgres } from "../../local-postgres/start.ts";
import type { RawObservation } from "../../model/observation.ts";
import type { Connector, MappedObject } from "../../ports/connector.ts";
import { create, type Pulled, pullUntil, update } from "../../ports/testing/requests.ts";
import { createPostgresConnector, type PostgresOptions } from "./connector.ts";
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

const people = mapped("people", cell("name"), cell("notes"));
const peopleSql = "create table people (id bigint generated always as identity primary key, name text, notes text)";

/** A database with these tables, and connectors to it; each further one is as after a restart. */
async function database(sql: string, objects: readonly MappedObject[] = [people]) {
  const url = await server.createDatabase(`feed_${++made}`);
  await run(url, sql);
  const system = `db_${made}`;
  const connect = (rest: Partial<PostgresOptions> = {}) => {
    const connector = connectTo(url, objects, { system, ...rest });
    open.add(connector);
    return connector;
  };
  return { url, connect, slot: `truce_${system}` };
}

const saw = (name: string) => (pulled: Pulled) =>
  pulled.seen.some((one) => one.kind === "upsert" && one.cells["name"] === name);
const namesOf = (seen: readonly RawObservation[]) =>
  seen.flatMap((one) => (one.kind === "upsert" ? [one.cells["name"]] : []));

test("an unchanged large value is absent, not blank", async () => {
  const { url, connect } = await database(peopleSql);
  await query(
    url,
    "insert into people (name, notes) select 'before', string_agg(md5(n::text), '') from generate_series(1, 2000) n",
  );
  const db = connect();
  const start = await db.feed!.start([people]);
  await run(url, "update people set name = 'after'");
  const { seen } = await pullUntil(db, [people], start, saw("after"));
  expect(seen).toHaveLength(1);
  expect(seen[0]).toMatchObject({ kind: "upsert", complete: false, cells: { name: "after" } });
  expect((seen[0] as { cells: object }).cells).not.toHaveProperty("notes");
});

test("with the whole old row in the log, an unchanged large value is there", async () => {
  const { url, connect } = await database(`${peopleSql}; alter table people replica identity full`);
  await query(
    url,
    "insert into people (name, notes) select 'before', string_agg(md5(n::text), '') from generate_series(1, 2000) n",
  );
  const db = connect();
  const start = await db.feed!.start([people]);
  await run(url, "update people set name = 'after'");
  const { seen } = await pullUntil(db, [people], start, saw("after"));
  expect(seen[0]).toMatchObject({ complete: true, cells: { notes: expect.stringMatching(/^[0-9a-f]{64000}$/u) } });
});

for (const capture of ["replication", "triggers"] as const) {
  describe(`by ${capture}`, () => {
    test("a changed key is the old record's end and a new record", async () => {
      const { url, connect } = await database("create table people (id text primary key, name text, notes text)");
      await run(url, "insert into people values ('old', 'Ada')");
      const db = connect({ capture });
      const start = await db.feed!.start([people]);
      await run(url, "update people set id = 'new'");
      const { seen } = await pullUntil(db, [people], start, saw("Ada"));
      expect(seen.map((one) => [one.kind, one.ref.id]).sort()).toEqual([
        ["delete", "old"],
        ["upsert", "new"],
      ]);
    });

    test("a truncated table is lost: it needs a sweep", async () => {
      const { url, connect } = await database(peopleSql);
      await run(url, "insert into people (name) values ('Ada')");
      const db = connect({ capture });
      const start = await db.feed!.start([people]);
      await run(url, "truncate people");
      const { seen, lost } = await pullUntil(db, [people], start, (pulled) => pulled.lost.length > 0);
      expect({ seen, lost }).toEqual({ seen: [], lost: ["people"] });
    });

    test("keys of several columns, odd names and padded keys hold through scan, feed, read and write", async () => {
      const odd = mapped("Odd \"Schema.people's; --", cell('say "hi"'), cell("select"), cell("constructor"));
      const { url, connect } = await database(
        `create schema "Odd ""Schema"; create table "Odd ""Schema"."people's; --" ("Part ""1" char(6), "part.2" text, flag boolean,
           "say ""hi""" text, "select" text, "constructor" text, primary key ("Part ""1", "part.2", flag));
         insert into "Odd ""Schema"."people's; --" values ('at', 'a"b\\c,', true, 'one', 'two', 'three')`,
        [odd],
      );
      const db = connect({ capture });
      const id = JSON.stringify(["at", 'a"b\\c,', "true"]);
      const start = await db.feed!.start([odd]);
      const page = await db.scan(odd, null);
      expect(page.observations).toMatchObject([{ ref: { id }, cells: { 'say "hi"': "one", select: "two" } }]);
      const [wrote] = await db.write(odd, [update(id, { 'say "hi"': "one" }, { 'say "hi"': "uno", constructor: "x" })]);
      expect(wrote).toMatchObject({ kind: "written", id, cells: { 'say "hi"': "uno", constructor: "x" } });
      await run(url, `update "Odd ""Schema"."people's; --" set "select" = 'dos'`);
      const told = await pullUntil(db, [odd], start, (pulled) => pulled.seen.length > 0);
      expect(told.seen).toMatchObject([{ kind: "upsert", ref: { id }, cells: { 'say "hi"': "uno", select: "dos" } }]);
      const results = await db.read(odd, [id, JSON.stringify(["x", "y", "no boolean"]), "[]", "no list"]);
      expect(results.map((one) => one.kind)).toEqual(["found", "missing", "missing", "missing"]);
      const [lost] = await db.write(odd, [update("no list", {}, { select: "x" })]);
      expect(lost).toEqual({ kind: "missing" });
    });

    test("a created row tells its key in the feed and in a scan, also with a key of several columns", async () => {
      const pairs = mapped("pairs", cell("a"), cell("b"), cell("name"));
      const { connect } = await database("create table pairs (a text, b text, name text, primary key (a, b))", [pairs]);
      const db = connect({ capture });
      const start = await db.feed!.start([pairs]);
      await db.write(pairs, [create("g-1", { a: "é\n\u0001", b: '"', name: "Ada" })]);
      const { seen } = await pullUntil(db, [pairs], start, saw("Ada"));
      expect(seen).toMatchObject([{ createKey: "g-1" }]);
      expect((await db.scan(pairs, null)).observations).toMatchObject([{ createKey: "g-1" }]);
    });
  });
}

for (const capture of ["replication", "triggers", "poll"] as const) {
  test(`by ${capture}: a restart from a stored place misses nothing, also what commits late`, async () => {
    const { url, connect } = await database(peopleSql);
    const first = connect({ capture });
    const start = await first.feed!.start([people]);
    await run(url, "insert into people (name) values ('one')");
    const { cursor } = await pullUntil(first, [people], start, saw("one"));
    const late = await import("pg").then(({ default: pg }) => new pg.Client({ connectionString: url }));
    await late.connect();
    await late.query("begin; insert into people (name) values ('late')");
    await run(url, "insert into people (name) values ('two')");
    const second = await pullUntil(first, [people], cursor, saw("two"));
    await first.close();
    await late.query("commit");
    await late.end();
    const again = connect({ capture });
    const rest = await pullUntil(again, [people], second.cursor, saw("late"));
    expect(rest.lost).toEqual([]);
    expect(namesOf(rest.seen)).toContain("late");
  });
}

test("a place of another way of capture is lost, and the feed goes on", async () => {
  const { url, connect } = await database(peopleSql);
  const cursors: string[] = [];
  for (const capture of ["replication", "triggers", "poll"] as const)
    cursors.push(await connect({ capture }).feed!.start([people]));
  for (const [n, capture] of (["triggers", "poll", "replication"] as const).entries()) {
    const db = connect({ capture });
    if (capture === "replication") await Promise.all([...open].filter((one) => one !== db).map((one) => one.close()));
    const lost = await pullUntil(db, [people], cursors[n]!, (pulled) => pulled.lost.length > 0);
    expect(lost.lost).toEqual(["people"]);
    await run(url, `insert into people (name) values ('${capture}')`);
    await pullUntil(db, [people], lost.cursor, saw(capture));
    await db.close();
    open.delete(db);
  }
  open.clear();
});

test("a slot that is gone is made anew, and everything is to be read again", async () => {
  const { url, connect, slot } = await database(peopleSql);
  const first = connect();
  const start = await first.feed!.start([people]);
  await first.close();
  await query(url, "select pg_drop_replication_slot($1)", [slot]);
  await run(url, "insert into people (name) values ('unseen')");
  const db = connect();
  const { seen, lost, cursor } = await pullUntil(db, [people], start, (pulled) => pulled.lost.length > 0);
  expect({ seen, lost }).toEqual({ seen: [], lost: ["people"] });
  await run(url, "insert into people (name) values ('seen')");
  const rest = await pullUntil(db, [people], cursor, saw("seen"));
  expect(namesOf(rest.seen)).toEqual(["seen"]);
});

test("a place that the server has gone beyond is lost: a store restored from a backup has it", async () => {
  const { url, connect } = await database(peopleSql);
  const db = connect();
  const start = await db.feed!.start([people]);
  await run(url, "insert into people (name) values ('one')");
  const one = await pullUntil(db, [people], start, saw("one"));
  await db.feed!.pull({ objects: [people], cursor: one.cursor, waitMs: 0, signal: new AbortController().signal });
  await db.close();
  const restored = connect();
  const { lost } = await pullUntil(restored, [people], start, (pulled) => pulled.lost.length > 0 || saw("one")(pulled));
  expect(lost).toEqual(["people"]);
});

for (const [capture, leave] of [
  ["replication", "alter publication truce_$ drop table people"],
  ["triggers", "drop trigger truce_$ on people"],
] as const) {
  test(`by ${capture}: a table that is no longer followed is lost, also if we stop before that is stored`, async () => {
    const { url, connect, slot } = await database(peopleSql);
    const first = connect({ capture });
    const start = await first.feed!.start([people]);
    await first.close();
    await run(url, leave.replace("truce_$", slot), "insert into people (name) values ('unseen')");
    const afterRestart = async (cursor: string) => {
      const db = connect({ capture });
      const { signal } = new AbortController();
      const batch = await db.feed!.pull({ objects: [people], cursor, waitMs: 0, signal });
      await db.close();
      return batch;
    };
    const left = await afterRestart(start);
    expect((await afterRestart(left.cursor)).lost).toEqual(["people"]);
    // By now all is repaired, but the answer was not stored.
    const { lost, cursor } = await afterRestart(left.cursor);
    expect(lost).toEqual(["people"]);
    await run(url, "insert into people (name) values ('seen')");
    await pullUntil(connect({ capture }), [people], cursor, saw("seen"));
  });
}

test("an object that is new to the mapping is lost: it needs a sweep", async () => {
  const teams = mapped("teams", cell("name"));
  for (const capture of ["replication", "triggers", "poll"] as const) {
    const { url, connect } = await database(`${peopleSql}; create table teams (id int primary key, name text)`);
    const before = connect({ capture });
    const start = await before.feed!.start([people]);
    await before.close();
    const db = connect({ capture, objects: [people, teams] });
    const { lost, cursor } = await pullUntil(db, [people, teams], start, (pulled) => pulled.lost.length > 0);
    expect(lost).toEqual(["teams"]);
    await run(url, "insert into teams values (1, 'North')");
    await pullUntil(db, [people, teams], cursor, saw("North"));
  }
});

test("a broken connection is opened again from the same place", async () => {
  const { url, connect, slot } = await database(peopleSql);
  const db = connect();
  let cursor = await db.feed!.start([people]);
  const seen: RawObservation[] = [];
  const { signal } = new AbortController();
  for (let n = 0; n < 40; n++) {
    await run(url, `insert into people (name) values ('${n}')`);
    if (n % 8 === 3)
      await query(url, "select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1", [
        slot,
      ]);
    const batch = await db.feed!.pull({ objects: [people], cursor, waitMs: 20, signal }).catch(() => null);
    seen.push(...(batch?.observations ?? []));
    cursor = batch?.cursor ?? cursor;
  }
  await expect
    .poll(
      async () => {
        const batch = await db.feed!.pull({ objects: [people], cursor, waitMs: 50, signal }).catch(() => null);
        seen.push(...(batch?.observations ?? []));
        cursor = batch?.cursor ?? cursor;
        return seen.length;
      },
      { timeout: 10_000 },
    )
    .toBe(40);
  expect(namesOf(seen)).toEqual(Array.from({ length: 40 }, (_, n) => String(n)));
});

test("a transaction too large for memory comes in pieces, and goes on in its middle after a restart", async () => {
  const { url, connect, slot } = await database(peopleSql);
  await run(url, "insert into people (name) select 'before' from generate_series(1, 6000) n");
  const first = connect();
  let cursor = await first.feed!.start([people]);
  // Each row twice: the later version must win whatever the order of arrival.
  await run(url, "begin; update people set name = 'between'; update people set name = 'after ' || id; commit");
  const [{ end } = { end: "" }] = await query<{ end: string }>(url, "select pg_current_wal_insert_lsn()::text as end");
  await run(url, "insert into people (name) values ('the last')");
  const { signal } = new AbortController();
  const told: RawObservation[] = [];
  let db = first;
  while (!namesOf(told).includes("the last")) {
    const batch = await db.feed!.pull({ objects: [people], cursor, waitMs: 200, signal });
    expect(batch.observations.length).toBeLessThanOrEqual(5_001);
    told.push(...batch.observations);
    cursor = batch.cursor;
    if (batch.observations.length === 0) continue;
    await db.close();
    open.delete(db);
    // Wherever the server may go on from, it is not behind the transaction while a piece of it is missing.
    const isBefore = "select confirmed_flush_lsn < $2::pg_lsn as is from pg_replication_slots where slot_name = $1";
    if (told.length < 12_000) expect(await query(url, isBefore, [slot, end])).toEqual([{ is: true }]);
    db = connect();
  }
  expect(told).toHaveLength(12_001);
  const folded = new Map<string, RawObservation>();
  for (const one of told.toReversed()) {
    const known = folded.get(one.ref.id);
    if (known === undefined || (one.revision ?? "") > (known.revision ?? "")) folded.set(one.ref.id, one);
  }
  const names = [...folded].flatMap(([id, one]) => (one.kind === "upsert" ? [[id, one.cells["name"]]] : []));
  expect(names.filter(([id, name]) => name !== `after ${id}`)).toEqual([["6001", "the last"]]);
});

test("what was written by ourselves does not come back, unless a trigger made more of it", async () => {
  const { url, connect } = await database(peopleSql);
  await run(url, "insert into people (name) values ('a'), ('b')");
  const db = connect();
  const start = await db.feed!.start([people]);
  await db.write(people, [update("1", { name: "a" }, { name: "ours" }), update("2", { name: "b" }, { name: "ours" })]);
  await run(url, "insert into people (name) values ('theirs')");
  const first = await pullUntil(db, [people], start, saw("theirs"));
  expect(namesOf(first.seen)).toEqual(["theirs"]);
  await run(
    url,
    "create function also() returns trigger language plpgsql as 'begin update people set notes = ''also'' where id = 2; return null; end'",
    "create trigger also after update of name on people for each statement execute function also()",
  );
  await db.write(people, [update("1", { name: "ours" }, { name: "ours again" })]);
  const second = await pullUntil(db, [people], first.cursor, saw("ours again"));
  expect(second.seen).toMatchObject([
    { ref: { id: "1" }, cells: { name: "ours again" } },
    { ref: { id: "2" }, cells: { notes: "also" } },
  ]);
});

test("another process's writes, and those of an earlier run, are told", async () => {
  const { url, connect } = await database(peopleSql);
  await run(url, "insert into people (name) values ('a')");
  const db = connect();
  const start = await db.feed!.start([people]);
  await db.write(people, [update("1", { name: "a" }, { name: "ours" })]);
  await db.close();
  const { seen } = await pullUntil(connect(), [people], start, saw("ours"));
  expect(namesOf(seen)).toEqual(["ours"]);
});

test("a quiet database does not make the server keep its busy neighbour's log", async () => {
  const { url, connect, slot } = await database(peopleSql);
  const db = connect();
  let cursor = await db.feed!.start([people]);
  const busy = await server.createDatabase(`busy_${made}`);
  await run(busy, "create table noise as select md5(n::text) from generate_series(1, 20000) n");
  const [written] = await query<{ place: string }>(busy, "select pg_current_wal_insert_lsn()::text as place");
  const isFreed = async () => {
    const { signal } = new AbortController();
    cursor = (await db.feed!.pull({ objects: [people], cursor, waitMs: 50, signal })).cursor;
    const sql = "select confirmed_flush_lsn >= $2::pg_lsn as freed from pg_replication_slots where slot_name = $1";
    return (await query<{ freed: boolean }>(url, sql, [slot, written?.place]))[0]?.freed;
  };
  await expect.poll(isFreed, { timeout: 10_000 }).toBe(true);
});

test("by triggers: a place older than what was thrown away is lost: a store restored from a backup has it", async () => {
  const { url, connect } = await database(peopleSql);
  const db = connect({ capture: "triggers" });
  const start = await db.feed!.start([people]);
  await run(url, "insert into people (name) values ('one')");
  const one = await pullUntil(db, [people], start, saw("one"));
  await run(url, "insert into people (name) values ('two')");
  const two = await pullUntil(db, [people], one.cursor, saw("two"));
  const again = await pullUntil(db, [people], one.cursor, saw("two"));
  expect(again.lost).toEqual([]);
  await run(url, "insert into people (name) values ('three')");
  await pullUntil(db, [people], two.cursor, saw("three"));
  const { lost, cursor } = await pullUntil(db, [people], one.cursor, (pulled) => pulled.lost.length > 0);
  expect(lost).toEqual(["people"]);
  await pullUntil(db, [people], cursor, saw("three"));
});

for (const capture of ["replication", "triggers"] as const) {
  test(`by ${capture}: uninstalled, the database is as before, but for the create keys`, async () => {
    const { url, connect } = await database(peopleSql);
    const made = () =>
      query(
        url,
        `select slot_name::text as name from pg_replication_slots where database = current_database()
         union all select pubname from pg_publication union all select tgname from pg_trigger where not tgisinternal
         union all select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'truce'
         union all select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'truce' and relname like 'changes%'`,
      );
    const db = createPostgresConnector({ system: "gone", url, objects: [people], clock: machineClock, capture });
    open.add(db);
    const start = await db.feed!.start([people]);
    await db.write(people, [create("g-1", { name: "Ada" })]);
    const { cursor } = await pullUntil(db, [people], start, saw("Ada"));
    expect(await made()).not.toEqual([]);
    await db.uninstall();
    expect(await made()).toEqual([]);
    expect(await query(url, "select key from truce.created")).toEqual([{ key: "g-1" }]);
    await db.uninstall();
    // Installed again, it knows that it missed something.
    const { lost } = await pullUntil(
      connect({ capture, system: "gone" }),
      [people],
      cursor,
      (pulled) => pulled.lost.length > 0,
    );
    expect(lost).toEqual(["people"]);
  });
}

test("messages of others with our prefix are passed over", async () => {
  const { url, connect } = await database(peopleSql);
  const db = connect();
  const start = await db.feed!.start([people]);
  await run(
    url,
    "begin; select pg_logical_emit_message(true, 'truce', 'no json'); insert into people (name) values ('Ada'); commit",
  );
  expect((await pullUntil(db, [people], start, saw("Ada"))).seen).toHaveLength(1);
});

test("close leaves nothing open", async () => {
  const { url, connect } = await database(peopleSql);
  const handles = () => process.getActiveResourcesInfo().filter((kind) => kind.startsWith("TCP")).length;
  const before = handles();
  const db = connect();
  const start = await db.feed!.start([people]);
  await run(url, "insert into people (name) values ('Ada')");
  await pullUntil(db, [people], start, saw("Ada"));
  expect(handles()).toBeGreaterThan(before);
  await db.close();
  open.delete(db);
  await expect.poll(handles).toBe(before);
});

test("rows that change while they are read and pulled fold, by revision, to the table as it is", async () => {
  const { url, connect } = await database(peopleSql);
  await run(url, "insert into people (name) select n::text from generate_series(1, 2500) n");
  const db = connect();
  let cursor = await db.feed!.start([people]);
  const told: RawObservation[] = [];
  const done = new AbortController();
  const pulling = (async () => {
    while (!done.signal.aborted) {
      const batch = await db.feed!.pull({ objects: [people], cursor, waitMs: 50, signal: done.signal });
      told.push(...batch.observations);
      cursor = batch.cursor;
    }
  })();
  await expect.poll(async () => (await db.scan(people, null)).observations[0]?.revision ?? null).not.toBeNull();
  let busy = 4;
  const user = async (n: number) => {
    for (let i = 0; i < 250; i++) {
      const id = 1 + ((i * 7919 + n * 104729) % 2600);
      const sql =
        i % 10 === 9
          ? `delete from people where id = ${id}`
          : i % 10 === 8
            ? `insert into people (name) values ('user ${n} insert ${i}')`
            : `update people set name = 'user ${n} step ${i}' where id between ${id} and ${id + (i % 3)}`;
      await query(url, sql).catch(() => undefined);
    }
    busy--;
  };
  const truce = async () => {
    for (let i = 0; busy > 0; i++) {
      const id = String(1 + ((i * 31) % 2500));
      const [result] = await db.write(people, [update(id, {}, { name: `truce ${i}` })]);
      if (result?.kind === "written")
        told.push({
          kind: "upsert",
          ref: { system: "db", object: "people", id },
          revision: result.revision,
          observedAt: result.observedAt,
          cells: result.cells,
          complete: true,
          changedAt: null,
          author: null,
        });
    }
  };
  let scans = 0;
  const scanning = async () => {
    while (busy > 0) {
      for (let place: string | null = null, isFirst = true; isFirst || place !== null; isFirst = false) {
        const page = await db.scan(people, place);
        told.push(...page.observations);
        place = page.cursor;
      }
      scans++;
    }
  };
  await Promise.all([user(0), user(1), user(2), user(3), truce(), scanning()]);
  await run(url, "insert into people (name) values ('the last')");
  await expect.poll(() => namesOf(told).includes("the last"), { timeout: 20_000 }).toBe(true);
  done.abort();
  await pulling;
  expect(told.every((one) => one.revision !== null)).toBe(true);
  expect(scans).toBeGreaterThan(1);
  const folded = new Map<string, RawObservation>();
  for (const one of told) {
    const before = folded.get(one.ref.id);
    if (before === undefined || (before.revision ?? "") <= (one.revision ?? "")) folded.set(one.ref.id, one);
  }
  const held = [...folded.values()].flatMap((one) => (one.kind === "upsert" ? [[one.ref.id, one.cells["name"]]] : []));
  const rows = await query<{ id: string; name: string }>(url, "select id::text as id, name from people");
  const sorted = (pairs: unknown[][]) => pairs.map((pair) => pair.join(" = ")).sort();
  // Rows that no page and no change told of would be missing here: all were there at the first scan.
  expect(sorted(held)).toEqual(sorted(rows.map((row) => [row.id, row.name])));
});
