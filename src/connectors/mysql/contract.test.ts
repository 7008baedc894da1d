import { describe } from "vitest";
import { freshMariaDb, mariaDbSkipReason } from "../../../test/servers/mariadb.ts";
import { type ConnectorPlace, connectorContract } from "../../ports/connector.contract.ts";
import type { Capture } from "./capture.ts";
import { cell, connectTo, insert, mapped, query, run } from "./testing.ts";

const people = mapped(
  "people",
  cell("name", { kind: "name" }),
  cell("notes"),
  cell("email", { kind: "email" }),
  cell("phone", { kind: "phone" }),
  cell("code"),
  cell("old_text"),
  cell("age", { kind: "number" }),
  cell("count", { kind: "number" }),
  cell("amount", { kind: "number" }),
  cell("long_amount", { kind: "number" }),
  cell("ratio", { kind: "number" }),
  cell("small_ratio", { kind: "number" }),
  cell("big", { kind: "number" }),
  cell("big_unsigned", { kind: "number" }),
  cell("year_of", { kind: "number" }),
  cell("budget", { kind: "money", currency: "EUR" }),
  cell("price", { kind: "money" }),
  cell("active", { kind: "boolean" }),
  cell("flag", { kind: "boolean" }),
  cell("born", { kind: "date" }),
  cell("met_on", { kind: "date" }),
  cell("seen_at", { kind: "datetime" }),
  cell("local_at", { kind: "datetime" }),
  cell("second_at", { kind: "datetime" }),
  cell("opens"),
  cell("stage", { kind: "choice", options: ["lead", "won", "a,b", "it's"] }),
  cell("tags", { kind: "set" }),
  cell("labels", { kind: "set" }),
  cell("topics", { kind: "set" }),
  cell("extra"),
  cell("token"),
  cell("picture"),
  cell("company", { kind: "reference", to: "company" }),
);

const tableSql = `
  create table people (
    id bigint unsigned auto_increment primary key, name varchar(200), notes text, email varchar(190) unique, phone varchar(40), code char(10),
    old_text varchar(50) character set latin1, age int, count tinyint, amount decimal(12, 3), long_amount decimal(40, 20), ratio double,
    small_ratio float, big bigint, big_unsigned bigint unsigned, year_of year, budget decimal(12, 2), price varchar(40), active tinyint(1), flag bit(1), born date,
    met_on datetime, seen_at datetime(6), local_at timestamp(3) null, second_at datetime, opens time(2), stage enum('lead', 'won', 'a,b', 'it''s'),
    tags set('red', 'green', 'blue'), labels text, topics json, extra json, token binary(4), picture blob, company char(36),
    twice varchar(400) generated always as (concat(name, name)) stored)`;

const values: ConnectorPlace["values"] = [
  { cell: "name", value: "Ada Lovelace" },
  { cell: "name", value: "" },
  { cell: "email", value: "ada@example.com" },
  { cell: "phone", value: "+431234567" },
  { cell: "code", value: "AT" },
  { cell: "old_text", value: "Zoë €" },
  { cell: "age", value: "42" },
  { cell: "age", value: "-42" },
  { cell: "count", value: "-7" },
  { cell: "amount", value: "1.5" },
  { cell: "amount", value: "-7" },
  { cell: "long_amount", value: "-12345678901234567890.1234567890123456789" },
  { cell: "ratio", value: "0.1" },
  { cell: "small_ratio", value: "0.1" },
  { cell: "small_ratio", value: "16777216" },
  { cell: "big", value: "-9007199254740993" },
  { cell: "big_unsigned", value: "18446744073709551615" },
  { cell: "year_of", value: "2026" },
  { cell: "budget", value: { amount: "1200.5", currency: "EUR" } },
  { cell: "price", value: { amount: "1200.5", currency: "USD" } },
  { cell: "active", value: false },
  { cell: "active", value: true },
  { cell: "flag", value: false },
  { cell: "flag", value: true },
  { cell: "born", value: "1815-12-10" },
  { cell: "met_on", value: "2026-01-31" },
  { cell: "seen_at", value: "2026-01-31T10:00:00.5Z" },
  { cell: "seen_at", value: "2026-01-31T10:00:00.123456Z" },
  { cell: "local_at", value: "2026-06-30T10:00:00.120Z" },
  { cell: "second_at", value: "2026-01-31T10:00:00.000Z" },
  { cell: "opens", value: "-08:30:00.50" },
  { cell: "stage", value: "won" },
  { cell: "stage", value: "a,b" },
  { cell: "stage", value: "it's" },
  { cell: "tags", value: ["blue", "red"] },
  { cell: "labels", value: ["a", "b"] },
  { cell: "topics", value: ["a", "b"] },
  { cell: "extra", value: '{"big": 12345678901234567890}' },
  { cell: "token", value: "00ff10" },
  { cell: "picture", value: "deadbeef00" },
  { cell: "company", value: "0190a5b0-0000-7000-8000-000000000001" },
];

async function setUp(capture: Capture): Promise<ConnectorPlace> {
  const url = await freshMariaDb();
  await run(url, tableSql);
  const connector = connectTo(url, [people], { capture });
  return {
    connector,
    object: people,
    text: "name",
    other: "notes",
    unique: { cell: "email", value: (n) => `person${n}@example.com` },
    missingId: "999999",
    refused: { cell: "stage", value: "no such stage" },
    values,
    unfit: [
      cell("nothing"),
      cell("twice"),
      cell("age", { kind: "email" }),
      cell("active", { kind: "date" }),
      cell("born", { kind: "number" }),
    ],
    user: {
      insert: (cells) => insert(url, "people", cells),
      update: async (id, cells) => {
        await query(url, "update people set ? where id = ?", [cells, id]);
      },
      delete: async (id) => {
        await query(url, "delete from people where id = ?", [id]);
      },
      read: async (id) => (await query(url, "select * from people where id = ?", [id]))[0] ?? null,
      count: async () => Number((await query(url, "select count(*) as count from people"))[0]?.["count"]),
    },
    close: async () => {},
  };
}

describe.skipIf(mariaDbSkipReason !== null)("MySQL", () => {
  for (const capture of ["binlog", "poll"] as const) connectorContract(`MariaDB by ${capture}`, () => setUp(capture));
});
