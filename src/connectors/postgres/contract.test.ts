import { afterAll, beforeAll } from "vitest";
import { type LocalPostgres, startLocalPostgres } from "../../local-postgres/start.ts";
import type { RawValue } from "../../model/value.ts";
import { type ConnectorPlace, connectorContract } from "../../ports/connector.contract.ts";
import type { Capture } from "./capture.ts";
import { cell, connectTo, mapped, query, run } from "./testing.ts";

let server: LocalPostgres;
let made = 0;
beforeAll(async () => {
  server = await startLocalPostgres();
});
afterAll(async () => {
  await server.stop();
});

const people = mapped(
  "people",
  cell("name", { kind: "name" }),
  cell("notes"),
  cell("email", { kind: "email" }),
  cell("phone", { kind: "phone" }),
  cell("code"),
  cell("short"),
  cell("nickname"),
  cell("age", { kind: "number" }),
  cell("amount", { kind: "number" }),
  cell("ratio", { kind: "number" }),
  cell("big", { kind: "number" }),
  cell("budget", { kind: "money", currency: "EUR" }),
  cell("price", { kind: "money" }),
  cell("active", { kind: "boolean" }),
  cell("born", { kind: "date" }),
  cell("met_on", { kind: "date" }),
  cell("seen_at", { kind: "datetime" }),
  cell("local_at", { kind: "datetime" }),
  cell("stage", { kind: "choice", options: ["lead", "won"] }),
  cell("tags", { kind: "set" }),
  cell("labels", { kind: "set" }),
  cell("topics", { kind: "set" }),
  cell("scores", { kind: "set" }),
  cell("extra"),
  cell("company", { kind: "reference", to: "company" }),
);

const tableSql = `
  create extension if not exists citext;
  create type stage as enum ('lead', 'won');
  create domain short_text as varchar(40);
  create table people (
    id bigint generated always as identity primary key, name text, notes text, email citext unique, phone varchar(40), code char(10),
    short short_text, nickname name, age int, amount numeric(12, 3), ratio double precision, big bigint, budget numeric(12, 2), price text,
    active boolean, born date, met_on timestamptz, seen_at timestamptz, local_at timestamp, stage stage, tags text[], labels text,
    topics jsonb, scores int[], extra json, company uuid, twice text generated always as (name || name) stored)`;

const instant = "2026-01-31T10:00:00.5Z";
const values: ConnectorPlace["values"] = [
  { cell: "name", value: "Ada Lovelace" },
  { cell: "name", value: "" },
  { cell: "email", value: "ada@example.com" },
  { cell: "phone", value: "+431234567" },
  { cell: "code", value: "AT" },
  { cell: "short", value: "short" },
  { cell: "nickname", value: "ada" },
  { cell: "age", value: "42" },
  { cell: "amount", value: "1.5" },
  { cell: "amount", value: "-7" },
  { cell: "ratio", value: "0.1" },
  { cell: "big", value: "9007199254740993" },
  { cell: "budget", value: { amount: "1200.5", currency: "EUR" } },
  { cell: "price", value: { amount: "1200.5", currency: "USD" } },
  { cell: "active", value: false },
  { cell: "active", value: true },
  { cell: "born", value: "1815-12-10" },
  { cell: "met_on", value: "2026-01-31" },
  { cell: "seen_at", value: instant },
  { cell: "seen_at", value: "2026-01-31T10:00:00.000Z" },
  { cell: "seen_at", value: "2026-01-31T10:00:00.120Z" },
  { cell: "local_at", value: instant },
  { cell: "stage", value: "won" },
  { cell: "tags", value: ["a b", 'quote " \\ slash', "line\nbreak", "null", "x,{y}"] },
  { cell: "labels", value: ["a", "b"] },
  { cell: "topics", value: ["a", "b"] },
  { cell: "scores", value: ["1", "2"] },
  { cell: "extra", value: '{"big": 12345678901234567890}' },
  { cell: "company", value: "0190a5b0-0000-7000-8000-000000000001" },
];

async function setUp(capture: Capture): Promise<ConnectorPlace> {
  const url = await server.createDatabase(`contract_${++made}`);
  await run(url, tableSql);
  const connector = connectTo(url, [people], { system: `db_${made}`, capture });
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
      insert: async (cells) => {
        const names = Object.keys(cells);
        const places = names.map((_, i) => `$${i + 1}`).join(", ");
        const sql = `insert into people (${names.join(", ")}) values (${places}) returning id::text as id`;
        const [row] = await query<{ id: string }>(url, sql, Object.values(cells));
        return row?.id ?? "";
      },
      update: async (id, cells) => {
        const sets = Object.keys(cells).map((name, i) => `${name} = $${i + 2}`);
        await query(url, `update people set ${sets.join(", ")} where id = $1`, [id, ...Object.values(cells)]);
      },
      delete: async (id) => {
        await query(url, "delete from people where id = $1", [id]);
      },
      read: async (id) => {
        const [row] = await query<Record<string, RawValue>>(url, "select * from people where id = $1", [id]);
        return row ?? null;
      },
      count: async () => Number((await query<{ count: string }>(url, "select count(*) from people"))[0]?.count),
    },
    close: async () => {
      // A slot would keep the server's log.
      await query(url, "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1", [
        `truce_db_${made}`,
      ]);
    },
  };
}

for (const capture of ["replication", "triggers", "poll"] as const)
  connectorContract(`PostgreSQL by ${capture}`, () => setUp(capture));
