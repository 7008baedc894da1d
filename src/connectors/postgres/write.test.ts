import { connect, createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalPostgres, startLocalPostgres } from "../../local-postgres/start.ts";
import type { Connector, MappedObject } from "../../ports/connector.ts";
import { cell, connectTo, create, mapped, query, run, update } from "./testing.ts";

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
    const both = ["a", "b"].map((key) => create(key, { email: "ada@example.com", name: key }, ["email"]));
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
    const { default: pg } = await import("pg");
    const user = new pg.Client({ connectionString: url });
    await user.connect();
    await user.query("begin; update people set name = 'theirs'");
    const writing = db.write(people, [update("1", { name: "before" }, { name: "ours" })]);
    await expect
      .poll(async () => (await query(url, "select 1 from pg_locks where not granted")).length)
      .toBeGreaterThan(0);
    await user.query("commit");
    await user.end();
    expect((await writing)[0]).toMatchObject({ kind: "changed", observation: { cells: { name: "theirs" } } });
    expect(await query(url, "select name from people")).toEqual([{ name: "theirs" }]);
  }));

/** Passes bytes on to the server until a COMMIT goes by: that one arrives, its answer never does. */
async function losingCommit(port: number) {
  let isArmed = true;
  const proxy = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    let isLost = false;
    near.on("data", (data) => {
      isLost ||= isArmed && data.includes("commit");
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
