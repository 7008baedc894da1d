import { connect, createServer } from "node:net";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalPostgres, startLocalPostgres } from "../../local-postgres/start.ts";
import type { Connector, MappedObject } from "../../ports/connector.ts";
import { create, update } from "../../ports/testing/requests.ts";
import { cell, connectTo, mapped, query, run } from "./testing.ts";

let server: LocalPostgres;
let made = 0;
beforeAll(async () => {
  server = await startLocalPostgres();
});
afterAll(async () => {
  await server.stop();
});

const people = mapped("people", cell("name"), cell("email", { kind: "email" }), cell("company"));
const peopleSql = `create extension if not exists citext; create table companies (id int primary key);
  create table people (id int generated always as identity primary key, name text, email citext unique,
    company int references companies deferrable initially deferred)`;

const tags = mapped("tags", cell("id"), cell("name"), cell("label"), cell("words", { kind: "set" }), cell("code"));
const notes = mapped("notes", cell("code"), cell("short"), cell("age", { kind: "number" }), cell("word"), cell("team"));
const sizes = mapped("sizes", cell("size", { kind: "number" }), cell("mood", { kind: "choice" }));

async function database<Result>(
  work: (db: Connector, url: string) => Promise<Result>,
  { sql = peopleSql, objects = [people] as readonly MappedObject[] } = {},
): Promise<Result> {
  const url = await server.createDatabase(`write_${++made}`);
  await run(url, sql);
  const db = connectTo(url, objects, { system: `db_${made}`, capture: "poll" });
  try {
    return await work(db, url);
  } finally {
    await db.close();
  }
}

test("an edit of case alone is an edit, also where the column's type knows no case", () =>
  database(async (db, url) => {
    await run(url, "insert into people (email) values ('Ada@example.com')");
    const [result] = await db.write(people, [update("1", { email: "ada@example.com" }, { email: "new@example.com" })]);
    expect(result).toMatchObject({ kind: "changed", observation: { cells: { email: "Ada@example.com" } } });
  }));

test("a row of nothing is made like any other, once", () =>
  database(async (db, url) => {
    const results = await db.write(people, [create("a", {}), create("b", { name: "b" })]);
    expect(results).toMatchObject([
      { kind: "written", created: true, cells: { name: null } },
      { kind: "written", created: true, cells: { name: "b" } },
    ]);
    expect(await db.write(people, [create("a", {})])).toMatchObject([{ kind: "written", created: false }]);
    expect(await query(url, "select count(*)::int as rows from people")).toEqual([{ rows: 2 }]);
  }));

test("what is too long for its column is refused, never cut off, also in domains, lists and keys", () =>
  database(
    async (db, url) => {
      const id = "12345";
      await run(url, `insert into tags (id, name) values ('${id}', 'kept')`);
      const results = [
        ...(await db.write(tags, [update(id, {}, { name: "too long" })])),
        ...(await db.write(tags, [update(id, {}, { label: "too long" })])),
        ...(await db.write(tags, [update(id, {}, { words: ["short", "too long"] })])),
        ...(await db.write(tags, [update(id, {}, { code: "too long" })])),
        ...(await db.write(tags, [create("g-1", { id: "2", name: "too long" })])),
      ];
      for (const result of results)
        expect(result).toMatchObject({ error: { code: "REJECTED", message: expect.stringContaining("too long") } });
      // Cut off, this id would be the other row's.
      expect(await db.write(tags, [update(`${id}6`, {}, { name: "mine" })])).toEqual([{ kind: "missing" }]);
      expect(await db.read(tags, [`${id}6`])).toEqual([{ id: `${id}6`, kind: "missing" }]);
      expect(await query(url, "select * from tags")).toEqual([
        { id, name: "kept", label: null, words: null, code: null },
      ]);
    },
    {
      sql: `create domain short as varchar(5); create domain label as short;
        create table tags (id varchar(5) primary key, name varchar(5), label label, words varchar(5)[], code char(5))`,
      objects: [tags],
    },
  ));

test("a domain is written and read as what it is made of", () =>
  database(
    async (db) => {
      const raw = { size: "1.50", mood: "ok" };
      // Before the table was looked at.
      expect(db.encode("sizes", sizes.cells[0]!, "9007199254740993")).toBe("9007199254740993");
      expect((await db.write(sizes, [create("g-1", raw)]))[0]).toMatchObject({ kind: "written", cells: raw });
      expect(db.encode("sizes", sizes.cells[0]!, "1.5")).toBe("1.50");
      const [schema] = await db.describe(["sizes"]);
      expect(schema?.cells.find(({ cell }) => cell === "mood")?.type).toEqual({
        kind: "choice",
        options: ["ok", "sad"],
      });
      expect((await db.write(sizes, [create("g-2", { size: "-1" })]))[0]).toMatchObject({
        error: { code: "REJECTED" },
      });
    },
    {
      sql: `create domain size as numeric(6, 2) check (value > 0); create type feeling as enum ('ok', 'sad'); create domain mood as feeling;
        create table sizes (id int generated always as identity primary key, size size, mood mood)`,
      objects: [sizes],
    },
  ));

test("a constraint that waits for the commit refuses its row, not the batch", () =>
  database(async (db) => {
    const results = await db.write(people, [create("a", { name: "a" }), create("b", { name: "b", company: "7" })]);
    expect(results.map((one) => one.kind)).toEqual(["written", "failed"]);
    expect(results[1]).toMatchObject({ error: { code: "REJECTED", message: expect.stringContaining("companies") } });
  }));

test("a trigger's own error code refuses its row, not the batch", () =>
  database(async (db, url) => {
    await run(
      url,
      `create function refuse() returns trigger language plpgsql as $$ begin
         if new.name = 'bad' then raise exception 'no such name' using errcode = 'TR001'; end if; return new; end $$`,
      "create trigger refuse before insert on people for each row execute function refuse()",
    );
    const names = Array.from({ length: 40 }, (_, n) => (n % 13 === 5 ? "bad" : `person ${n}`));
    const results = await db.write(
      people,
      names.map((name, n) => create(`g-${n}`, { name })),
    );
    expect(results.map((one) => one.kind)).toEqual(names.map((name) => (name === "bad" ? "failed" : "written")));
    expect(results[5]).toMatchObject({ error: { code: "REJECTED", message: "no such name" } });
  }));

test("of two creates with one identity in a batch, the second finds the first one's row", () =>
  database(async (db) => {
    const both = ["a", "b"].map((key) => create(key, { email: "ada@example.com", name: key }, { identity: ["email"] }));
    const [first, second] = await db.write(people, both);
    expect(first).toMatchObject({ kind: "written", created: true });
    expect(second).toMatchObject({ kind: "exists" });
    expect(second?.kind === "exists" && first?.kind === "written" && second.id === first.id).toBe(true);
  }));

test("creates of one key by two senders at once make one row", () =>
  database(async (db, url) => {
    const results = await Promise.all(
      Array.from({ length: 8 }, () => db.write(people, [create("g-1", { name: "Ada" })])),
    );
    const made = results.flat().filter((one) => one.kind === "written" && one.created);
    expect(made).toHaveLength(1);
    expect(await query(url, "select name from people")).toEqual([{ name: "Ada" }]);
  }));

test("a row that a user holds and changes while we write is not overwritten", () =>
  database(async (db, url) => {
    await run(url, "insert into people (name) values ('before')");
    const user = await session(url);
    await user.query("begin; update people set name = 'theirs'");
    const writing = db.write(people, [update("1", { name: "before" }, { name: "ours" })]);
    await isWaiting(url);
    await user.query("commit");
    await user.end();
    expect((await writing)[0]).toMatchObject({ kind: "changed", observation: { cells: { name: "theirs" } } });
    expect(await query(url, "select name from people")).toEqual([{ name: "theirs" }]);
  }));

/** A person's session that stays open. */
async function session(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

const isWaiting = (url: string) =>
  expect
    .poll(async () => (await query(url, "select 1 from pg_locks where not granted")).length, { timeout: 10_000 })
    .toBeGreaterThan(0);

test("a batch that meets a user's transaction crosswise gives way and is tried again", () =>
  database(async (db, url) => {
    await run(url, "insert into people (name) values ('a'), ('b')");
    const user = await session(url);
    // The user's session never looks for a deadlock, so it is ours that is told.
    await user.query("set deadlock_timeout = '1h'; begin; update people set email = 'b@x.example' where id = 2");
    const writing = db.write(people, [
      update("1", { name: "a" }, { name: "ours" }),
      update("2", {}, { name: "ours too" }),
    ]);
    await isWaiting(url);
    await user.query("update people set email = 'a@x.example' where id = 1; commit");
    await user.end();
    expect((await writing).map((one) => one.kind)).toEqual(["written", "written"]);
    expect(await query(url, "select name, email from people order by id")).toEqual([
      { name: "ours", email: "a@x.example" },
      { name: "ours too", email: "b@x.example" },
    ]);
  }));

test("a row that a user holds for long stops nothing but itself", () =>
  database(async (db, url) => {
    await run(url, "insert into people (name) select 'before' from generate_series(1, 40)");
    const user = await session(url);
    await user.query("begin; select 1 from people where id = 7 for update");
    const ids = Array.from({ length: 40 }, (_, n) => String(n + 1));
    const ours = ids.map((id) => update(id, { name: "before" }, { name: "ours" }));
    const results = await db.write(people, ours);
    expect(results.map((one) => one.kind)).toEqual(ids.map((id) => (id === "7" ? "failed" : "written")));
    expect(results[6]).toMatchObject({
      error: { code: "UNREACHABLE", message: expect.stringContaining("holds the row") },
    });
    await user.query("rollback");
    await user.end();
    expect(await db.write(people, [ours[6]!])).toMatchObject([{ kind: "written" }]);
  }));

test(
  "a table that others hold whole is given up soon",
  () =>
    database(async (db, url) => {
      await run(url, "insert into people (name) select 'before' from generate_series(1, 500)");
      await db.read(people, ["1"]);
      const user = await session(url);
      await user.query("begin; lock table people");
      const results = await db.write(
        people,
        Array.from({ length: 500 }, (_, n) => update(String(n + 1), {}, { name: "ours" })),
      );
      expect(new Set(results.map((one) => one.kind === "failed" && one.error.code))).toEqual(new Set(["UNREACHABLE"]));
      await user.end();
    }),
  20_000,
);

test("rows that the table's own triggers pass over are refused, and the others are written", () =>
  database(async (db, url) => {
    await run(
      url,
      "create function pass_over() returns trigger language plpgsql as $$ begin return null; end $$",
      "insert into people (name) values ('a'), ('b'), ('c')",
      "create trigger kept before delete on people for each row when (old.name = 'c') execute function pass_over()",
      "create trigger odd before insert or update on people for each row when (new.name = 'odd') execute function pass_over()",
    );
    const results = await db.write(people, [
      update("1", { name: "a" }, { name: "odd" }),
      update("2", { name: "b" }, { name: "even" }),
      create("g-1", { name: "odd" }),
      create("g-2", { name: "even" }),
      { kind: "delete", attemptId: "delete", id: "3", base: { name: "c" }, revision: null },
    ]);
    expect(results.map((one) => one.kind)).toEqual(["failed", "written", "failed", "written", "failed"]);
    const refused = { error: { code: "REJECTED", message: expect.stringContaining("passed over it") } };
    for (const n of [0, 2, 4]) expect(results[n]).toMatchObject(refused);
  }));

test("a row that row-level security keeps from us is refused, not taken for gone", () =>
  database(async (owner, url) => {
    await owner.check([people], { prepare: true });
    await run(
      url,
      "create role reader login password 'reader'",
      "grant all on people to reader; grant usage on schema truce to reader; grant all on truce.created to reader",
      "insert into people (name) values ('open'), ('closed')",
      "alter table people enable row level security",
      "create policy see on people for select to reader using (true)",
      "create policy change on people for update to reader using (name <> 'closed')",
    );
    const db = connectTo(url.replace(/\/\/[^@]*@/u, "//reader:reader@"), [people], { capture: "poll" });
    const results = await db.write(people, [update("1", {}, { name: "ours" }), update("2", {}, { name: "ours" })]);
    expect(results).toMatchObject([{ kind: "written" }, { error: { code: "REJECTED" } }]);
    await db.close();
    await run(url, "drop owned by reader; drop role reader");
  }));

test("a refusal names the cells that are minded, so that the others can go on", () =>
  database(
    async (db, url) => {
      await run(
        url,
        "insert into teams values (1)",
        "insert into notes (code, short) values ('taken', ''), ('free', '')",
        `create function mind() returns trigger language plpgsql as $$ begin
           if new.word = 'rude' then raise exception 'rude'; end if;
           if new.word = 'shut' then raise exception 'shut'; end if;
           return new; end $$`,
        "create trigger mind before update on notes for each row execute function mind()",
      );
      const cellsOf = async (patch: Record<string, string>) => {
        const [result] = await db.write(notes, [update("2", {}, patch)]);
        return result?.kind === "failed" && result.error.code === "REJECTED" ? Object.keys(result.error.cells) : result;
      };
      const fine = { word: "fine", age: "4" };
      expect(await cellsOf({ ...fine, short: "too long" })).toEqual(["short"]);
      expect(await cellsOf({ ...fine, age: "four" })).toEqual(["age"]);
      expect(await cellsOf({ ...fine, age: "-4" })).toEqual(["age"]);
      expect(await cellsOf({ ...fine, code: "taken" })).toEqual(["code"]);
      expect(await cellsOf({ ...fine, team: "7" })).toEqual(["team"]);
      expect(await cellsOf({ short: "too long", age: "four" })).toEqual(["short", "age"]);
      expect(await cellsOf({ short: "too long" })).toEqual(["short"]);
      expect(await cellsOf({ word: "rude", age: "4" })).toEqual(["word"]);
      await run(url, "update notes set word = 'x' where id = 2", "alter table notes disable trigger mind");
      await run(url, "update notes set word = 'shut' where id = 2", "alter table notes enable trigger mind");
      // The trigger minds whatever is done to this row.
      expect(await cellsOf({ age: "4", short: "s" })).toEqual([]);
      expect((await db.write(notes, [update("2", {}, fine)]))[0]).toMatchObject({ kind: "written" });
    },
    {
      sql: `create table teams (id int primary key);
        create table notes (id int generated always as identity primary key, code text unique, short varchar(3), age int check (age > 0), word text,
          team int references teams)`,
      objects: [notes],
    },
  ));

/** Passes bytes on to the server until a COMMIT goes by: that one arrives, its answer never does. */
async function losingCommit(port: number) {
  let isArmed = true;
  const proxy = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    let isLost = false;
    near.on("data", (data) => {
      isLost ||= isArmed && data.includes("commit\0");
      far.write(data);
    });
    far.on("data", (data) => {
      if (!isLost) near.write(data);
      else {
        isArmed = false;
        near.destroy();
      }
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on("error", () => undefined);
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  return proxy;
}

test("a connection that dies at COMMIT is an unknown outcome, and the next try finds the row", () =>
  database(async (ready, url) => {
    expect((await ready.write(people, [create("g-0", { name: "first" })]))[0]?.kind).toBe("written");
    const proxy = await losingCommit(server.port);
    const { port } = proxy.address() as { port: number };
    const db = connectTo(url.replace(`:${server.port}/`, `:${port}/`), [people], {
      system: `db_${made}`,
      capture: "poll",
    });
    const [before] = await query<{ name: string }>(url, "select name from people where name = 'first'");
    expect(before).toEqual({ name: "first" });
    const request = create("g-1", { name: "Ada" });
    await expect(db.write(people, [request])).rejects.toMatchObject({ error: { code: "UNKNOWN_OUTCOME" } });
    const again = await db.write(people, [{ ...request, lookFirst: true } as typeof request]);
    expect(again).toMatchObject([{ kind: "written", created: false }]);
    expect(await query(url, "select name from people where name = 'Ada'")).toHaveLength(1);
    await db.close();
    await new Promise((resolve) => proxy.close(resolve));
  }));

test("a server that is not there did nothing", async () => {
  const db = connectTo("postgres://nobody@127.0.0.1:1/none", [people]);
  await expect(db.write(people, [create("g-1", { name: "Ada" })])).rejects.toMatchObject({
    error: { code: "UNREACHABLE" },
  });
  await db.close();
});
