import { connect, createServer } from "node:net";
import mysql from "mysql2/promise";
import { describe, expect, test } from "vitest";
import { freshMariaDb, mariaDbSkipReason } from "../../../test/servers/mariadb.ts";
import type { Connector, MappedObject } from "../../ports/connector.ts";
import { create, update } from "../../ports/testing/requests.ts";
import { cell, connectTo, mapped, query, run } from "./testing.ts";

const people = mapped(
  "people",
  cell("name"),
  cell("email", { kind: "email" }),
  cell("age", { kind: "number" }),
  cell("company"),
);
const peopleSql = [
  "create table companies (id int primary key)",
  `create table people (id int auto_increment primary key, name varchar(20), email varchar(100) unique, age int check (age > 0), company int,
     constraint employer foreign key (company) references companies (id))`,
];
const sheet = mapped("sheet", cell("day", { kind: "date" }), cell("small"), cell("bytes"), cell("code"));

async function database<Result>(
  work: (db: Connector, url: string) => Promise<Result>,
  { sql = peopleSql, objects = [people] as readonly MappedObject[] } = {},
): Promise<Result> {
  const url = await freshMariaDb();
  await run(url, ...sql);
  const db = connectTo(url, objects, { capture: "poll" });
  try {
    return await work(db, url);
  } finally {
    await db.close();
  }
}

/** A person's session that stays open. */
const session = (url: string) => mysql.createConnection({ uri: url, multipleStatements: true });

const isWaiting = (url: string) =>
  expect
    .poll(
      async () =>
        (
          await query(
            url,
            `select 1 from information_schema.innodb_trx t join information_schema.processlist p on p.id = t.trx_mysql_thread_id
             where t.trx_state = 'LOCK WAIT' and p.db = database()`,
          )
        ).length,
      // Asked more often, InnoDB keeps saying what it said before.
      { timeout: 10_000, interval: 250 },
    )
    .toBeGreaterThan(0);

describe.skipIf(mariaDbSkipReason !== null)("writes to MariaDB", () => {
  test("what a collation takes for equal is different: case, accents, a space at the end", () =>
    database(async (db, url) => {
      await run(url, "insert into people (name) values ('Zoe'), ('Zoe'), ('Zoe')");
      const results = await db.write(people, [
        update("1", { name: "zoe" }, { name: "x" }),
        update("2", { name: "Zoë" }, { name: "x" }),
        update("3", { name: "Zoe " }, { name: "x" }),
      ]);
      expect(results.map((one) => one.kind)).toEqual(["changed", "changed", "changed"]);
      expect(await db.write(people, [update("1", { name: "Zoe" }, { name: "zoe" })])).toMatchObject([
        { kind: "written", cells: { name: "zoe" } },
      ]);
    }));

  test("a row is written also where it held the new value already", () =>
    database(async (db, url) => {
      await run(url, "insert into people (name) values ('Ada')");
      expect(await db.write(people, [update("1", { name: "Ada" }, { name: "Ada" })])).toMatchObject([
        { kind: "written" },
      ]);
    }));

  test("a batch takes a fixed number of round trips", () =>
    database(async (db, url) => {
      await run(url, "insert into people (name, age) select 'before', seq from seq_1_to_500");
      const asked = async () => Number((await query(url, "show global status like 'Com_select'"))[0]?.["Value"]);
      const ours = (count: number, from: string, to: string) =>
        Array.from({ length: count }, (_, n) => update(String(n + 1), { name: from }, { name: to }));
      await db.write(people, ours(1, "before", "one"));
      const counts: number[] = [];
      for (const [count, from, to] of [
        [1, "one", "before"],
        [500, "before", "after"],
      ] as const) {
        const before = await asked();
        const results = await db.write(people, ours(count, from, to));
        expect(results.every((one) => one.kind === "written")).toBe(true);
        counts.push((await asked()) - before);
      }
      // Other tests ask this server too: at most a few more, not one for each row.
      expect(counts[1]! - counts[0]!).toBeLessThan(250);
      expect((await query(url, "select count(*) as n from people where name = 'after'"))[0]?.["n"]).toBe(500);
    }));

  test("one row that is refused says which cells are minded, and stops no other", () =>
    database(async (db, url) => {
      await run(
        url,
        "insert into people (name, email) values ('a', 'a@x.example'), ('b', null), ('c', null), ('d', null), ('e', null), ('f', null)",
      );
      const results = await db.write(people, [
        update("1", {}, { name: "a name longer than its column", age: "1" }),
        update("2", {}, { name: "B", age: "forty" }),
        update("3", {}, { name: "C", email: "A@X.example" }),
        update("4", {}, { name: "D", company: "7" }),
        update("5", {}, { name: "E", age: "-1" }),
        update("6", {}, { name: "F", age: "9999999999" }),
        create("g-1", { name: "new", email: "new@x.example" }),
      ]);
      const minded = results.map((one) =>
        one.kind === "failed" && one.error.code === "REJECTED" ? Object.keys(one.error.cells) : one.kind,
      );
      expect(minded).toEqual([["name"], ["age"], ["email"], ["company"], ["age"], ["age"], "written"]);
      expect((await query(url, "select name from people order by id")).map((one) => one["name"])).toEqual([
        "a",
        "b",
        "c",
        "d",
        "e",
        "f",
        "new",
      ]);
    }));

  test("an error of the table's own trigger refuses its row, and what a trigger makes of a value is told", () =>
    database(async (db, url) => {
      await run(
        url,
        `create trigger tidy before insert on people for each row
         begin if new.name = 'bad' then signal sqlstate '45000' set message_text = 'no such name'; end if; set new.name = upper(new.name); end`,
      );
      const names = Array.from({ length: 40 }, (_, n) => (n % 13 === 5 ? "bad" : `person ${n}`));
      const results = await db.write(
        people,
        names.map((name, n) => create(`g-${n}`, { name })),
      );
      expect(results.map((one) => one.kind)).toEqual(names.map((name) => (name === "bad" ? "failed" : "written")));
      expect(results[5]).toMatchObject({ error: { code: "REJECTED", message: "no such name" } });
      expect(results[6]).toMatchObject({ cells: { name: "PERSON 6" } });
      // A key whose row was refused is free again.
      expect(await db.write(people, [create("g-5", { name: "good" })])).toMatchObject([
        { kind: "written", created: true },
      ]);
    }));

  test("creates of one key by several senders at once make one row", () =>
    database(async (db, url) => {
      const results = await Promise.all(
        Array.from({ length: 8 }, () =>
          db.write(people, [create("g-1", { name: "Ada" }), create("g-2", { name: "Bob" })]),
        ),
      );
      expect(results.flat().filter((one) => one.kind === "written" && one.created)).toHaveLength(2);
      expect(await query(url, "select name from people order by name")).toEqual([{ name: "Ada" }, { name: "Bob" }]);
    }));

  test("of two creates with one identity in a batch, the second finds the first one's row", () =>
    database(async (db) => {
      const both = ["a", "b"].map((key) =>
        create(key, { email: "ada@example.com", name: key }, { identity: ["email"] }),
      );
      const [first, second] = await db.write(people, both);
      expect(first).toMatchObject({ kind: "written", created: true });
      expect(second).toEqual({ kind: "exists", id: first?.kind === "written" ? first.id : "" });
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
      expect(await writing).toMatchObject([{ kind: "changed", observation: { cells: { name: "theirs" } } }]);
    }));

  test("a row that a user holds for long stops nothing but itself", () =>
    database(async (db, url) => {
      await run(url, "insert into people (name) select 'before' from seq_1_to_40");
      const user = await session(url);
      await user.query("begin; select 1 from people where id = 7 for update");
      const ids = Array.from({ length: 40 }, (_, n) => String(n + 1));
      const ours = ids.map((id) => update(id, { name: "before" }, { name: "ours" }));
      const results = await db.write(people, ours);
      expect(results.map((one) => one.kind)).toEqual(ids.map((id) => (id === "7" ? "failed" : "written")));
      expect(results[6]).toMatchObject({ error: { code: "UNREACHABLE" } });
      await user.query("rollback");
      await user.end();
      expect(await db.write(people, [ours[6]!])).toMatchObject([{ kind: "written" }]);
    }));

  test("a batch that meets a user's transaction crosswise gives way and is tried again", () =>
    database(async (db, url) => {
      await run(
        url,
        "insert into people (name) values ('a'), ('b')",
        "insert into people (name) select 'weight' from seq_1_to_100",
      );
      const user = await session(url);
      // A transaction that has changed more is not the one that gives way.
      await user.query(
        "begin; update people set age = 1 where id > 2; update people set email = 'b@x.example' where id = 2",
      );
      const writing = db.write(people, [
        update("1", { name: "a" }, { name: "ours" }),
        update("2", {}, { name: "ours too" }),
      ]);
      await isWaiting(url);
      await user.query("update people set email = 'a@x.example' where id = 1; commit");
      await user.end();
      expect((await writing).map((one) => one.kind)).toEqual(["written", "written"]);
      expect(await query(url, "select name, email from people where id < 3")).toEqual([
        { name: "ours", email: "a@x.example" },
        { name: "ours too", email: "b@x.example" },
      ]);
    }));

  test("a date of zeros is blank, and bytes that are not written as such are refused", () =>
    database(
      async (db, url) => {
        await run(
          url,
          "set sql_mode = ''",
          "insert into sheet (day, small, bytes) values ('0000-00-00', 'x', X'0aff')",
        );
        const [found] = (await db.scan(sheet, null)).observations;
        expect(found?.cells).toEqual({ day: null, small: "x", bytes: "0aff", code: null });
        const results = await db.write(sheet, [update("1", { day: null }, { day: "2026-01-31", small: "y" })]);
        expect(results).toMatchObject([{ kind: "written", cells: { day: "2026-01-31", small: "y" } }]);
        const refused = await db.write(sheet, [update("1", {}, { bytes: "xyz" }), create("g", { bytes: "0" })]);
        for (const one of refused)
          expect(one).toMatchObject({ error: { code: "REJECTED", cells: { bytes: expect.anything() } } });
      },
      {
        sql: [
          "create table sheet (id int auto_increment primary key, day date not null default '2000-01-01', small char(5), bytes varbinary(4), code char(2))",
        ],
        objects: [sheet],
      },
    ));

  test("ids that no row can have are ids of no row", () =>
    database(async (db, url) => {
      await run(url, "insert into people (id, name) values (1, 'one')");
      for (const id of ["1 or 1=1", "1x", "", "1.5", "'"]) {
        expect(await db.read(people, [id])).toEqual([{ id, kind: "missing" }]);
        expect(await db.write(people, [update(id, {}, { name: "mine" })])).toEqual([{ kind: "missing" }]);
      }
      expect(await query(url, "select name from people")).toEqual([{ name: "one" }]);
    }));

  test("a connection that dies at COMMIT is an unknown outcome, and the next try finds the row", () =>
    database(async (_, url) => {
      const target = new URL(url);
      // Passes everything on, until a COMMIT comes by: that still reaches the server, but its answer gets lost.
      let isCut = true;
      const proxy = createServer((client) => {
        const upstream = connect(Number(target.port), target.hostname);
        let isLost = false;
        client.on("data", (bytes) => {
          if (isCut && bytes.includes("commit; do release_lock")) isLost = true;
          upstream.write(bytes);
        });
        upstream.on("data", (bytes) => {
          if (isLost) client.destroy();
          else client.write(bytes);
        });
        for (const [one, other] of [
          [client, upstream],
          [upstream, client],
        ] as const) {
          one.on("error", () => other.destroy());
          one.on("close", () => other.destroy());
        }
      });
      await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
      const through = new URL(url);
      through.port = String((proxy.address() as { port: number }).port);
      const db = connectTo(through.href, [people], { capture: "poll" });
      try {
        const request = create("g-1", { name: "Ada" });
        await expect(db.write(people, [request])).rejects.toMatchObject({ error: { code: "UNKNOWN_OUTCOME" } });
        isCut = false;
        expect(await db.write(people, [request])).toMatchObject([
          { kind: "written", created: false, cells: { name: "Ada" } },
        ]);
        expect(await query(url, "select name from people")).toEqual([{ name: "Ada" }]);
      } finally {
        await db.close();
        proxy.close();
      }
    }));

  test("a server that is not there did nothing", async () => {
    const db = connectTo("mysql://nobody:x@127.0.0.1:1/none", [people]);
    await expect(db.write(people, [create("g-1", { name: "Ada" })])).rejects.toMatchObject({
      error: { code: "UNREACHABLE" },
    });
    await db.close();
  });
});
