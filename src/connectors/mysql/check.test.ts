import { describe, expect, test } from "vitest";
import { debianProgram } from "../../../test/servers/debian.ts";
import { freshMariaDb, mariaDbSkipReason } from "../../../test/servers/mariadb.ts";
import { startLocalMariaDb } from "../../local-mariadb/start.ts";
import type { MappedObject } from "../../ports/connector.ts";
import { cell, connectTo, mapped, run } from "./testing.ts";

const people = mapped("people", cell("name"), cell("age", { kind: "number" }));

/** What the check says of these tables, as the user who may do everything or as one with these rights only. */
async function checked(
  object: MappedObject,
  statements: readonly string[],
  { rights = null as readonly string[] | null, capture = "auto" as "auto" | "binlog" } = {},
): Promise<string[]> {
  const admin = await freshMariaDb();
  await run(admin, ...statements);
  const url = new URL(admin);
  const schema = url.pathname.slice(1);
  if (rights !== null) {
    const user = `u_${schema}`;
    await run(admin, `create user ${user}@'127.0.0.1' identified by 'secret'`);
    for (const right of rights) await run(admin, `grant ${right.replace("DB", schema)} to ${user}@'127.0.0.1'`);
    url.username = user;
    url.password = "secret";
  }
  const db = connectTo(url.href, [object], { capture });
  try {
    const problems = await db.check([object], { prepare: false });
    return problems.map(({ severity, cell: name, message }) =>
      `${severity} ${name}: ${message}`.replaceAll(schema, "DB"),
    );
  } finally {
    await db.close();
  }
}

const sound = "create table people (id int auto_increment primary key, name varchar(20), age int)";

describe.skipIf(mariaDbSkipReason !== null)("the check of MariaDB", () => {
  test("a sound table has no problems", async () => {
    expect(await checked(people, [sound])).toEqual([]);
  });

  test("a table without a key, or of an engine without transactions, is an error with its remedy", async () => {
    expect(await checked(people, ["create table people (name varchar(20), age int) engine = MyISAM"])).toEqual([
      "error null: the table's engine is MyISAM, which can't hold a row while it is compared and written: ALTER TABLE `DB`.`people` ENGINE = InnoDB;",
      "error null: the table has no primary key; Truce names rows by it: ALTER TABLE `DB`.`people` ADD COLUMN id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY;",
    ]);
  });

  test("a missing column, a wrong type and a column that nobody fills are named", async () => {
    const sql = "create table people (id int auto_increment primary key, age date, must varchar(5) not null)";
    expect(await checked(people, [sql])).toEqual([
      "error name: the table has no such column; it has id, age, must",
      "error age: the column is date, which does not hold a number",
      "error must: the column must not be null, has no default and is not mapped, so no row can be created: map it, give it a default, or set create: false",
    ]);
  });

  test("a key that does not count by itself must be mapped for creates", async () => {
    const sql = "create table people (id char(36) primary key, name varchar(20), age int)";
    expect(await checked(people, [sql])).toMatchObject([expect.stringContaining("a new row could not be named")]);
    expect(await checked({ ...people, create: false }, [sql])).toEqual([]);
  });

  test("without the rights to read the log, tables are read again and again; the check says which GRANT helps", async () => {
    const rights = ["select, insert, update, create on DB.*"];
    const [first, second] = await checked(people, [sound], { rights });
    const way =
      "warning null: changes are asked for, and deletes are found by sweeps only, because user 'u_DB'@'127.0.0.1' may not";
    expect(first).toBe(`${way} read the log: GRANT REPLICATION SLAVE ON *.* TO 'u_DB'@'127.0.0.1';`);
    expect(second).toBe(`${way} ask where the log ends: GRANT BINLOG MONITOR ON *.* TO 'u_DB'@'127.0.0.1';`);
    expect((await checked(people, [sound], { rights, capture: "binlog" }))[0]).toContain(
      "error null: capture: binlog does not work",
    );
  });

  test("the rights that the guide names are enough", async () => {
    const rights = [
      "select, insert, update on DB.people",
      "select, insert, update, delete, create on DB.truce_created",
      "replication slave, binlog monitor on *.*",
    ];
    const created =
      "create table truce_created (object varchar(130) not null, create_key varchar(190) not null, id varchar(1000) not null, primary key (object, create_key)) character set utf8mb4 collate utf8mb4_bin";
    expect(await checked(people, [sound, created], { rights })).toEqual([]);
  });

  test("a missing right on a table is named with its GRANT", async () => {
    const rights = ["select on DB.people", "create on DB.*"];
    expect(await checked(people, [sound], { rights })).toContain(
      "error name: user 'u_DB'@'127.0.0.1' may not UPDATE this column: GRANT UPDATE (`name`) ON `DB`.`people` TO 'u_DB'@'127.0.0.1';",
    );
  });

  test("changes that the server makes by itself are not in the log: the check warns", async () => {
    const sql = [
      "create table companies (id int primary key)",
      `create table people (id int auto_increment primary key, name varchar(20), age int, company int,
         constraint employer foreign key (company) references companies (id) on delete cascade)`,
    ];
    expect(await checked(people, sql)).toEqual([
      "warning null: what the server changes by itself for foreign key employer (ON DELETE or ON UPDATE) is not in its log: sweeps find it",
    ]);
  });

  for (const [settings, words] of [
    [["--skip-log-bin", "--server-id=1"], "the binary log is off: set log_bin"],
    [
      ["--log-bin=x", "--binlog-format=MIXED", "--server-id=1"],
      "binlog_format is MIXED: SET GLOBAL binlog_format = ROW;",
    ],
    [
      ["--log-bin=x", "--binlog-format=ROW", "--server-id=1", "--binlog-ignore-db=app"],
      "database app is left out of the log",
    ],
  ] as const)
    test(`a server started with ${settings.join(" ")} is asked instead, and the check says why`, async () => {
      const server = await startLocalMariaDb(debianProgram("mariadbd").path ?? "", settings);
      const url = await server.createDatabase("app");
      await run(url, sound);
      const db = connectTo(url, [people]);
      expect(await db.check([people], { prepare: true })).toMatchObject([
        { severity: "warning", message: expect.stringContaining(words) },
      ]);
      const cursor = await db.feed!.start([people]);
      expect(db.guarantees.deleteEvents).toBe(false);
      expect(JSON.parse(cursor)).toMatchObject({ objects: ["people"] });
      await db.close();
      await server.stop();
    });
});
