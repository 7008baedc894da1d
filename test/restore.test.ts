// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config references are written so.
import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase } from "./servers/postgres.ts";

/** The embedded store is put back from a copy, while the two databases have gone on. */
let a: pg.Client;
let b: pg.Client;
let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  const [aUrl, bUrl] = [await freshDatabase(), await freshDatabase()];
  [a, b] = [new pg.Client(aUrl), new pg.Client(bUrl)];
  for (const one of [a, b]) {
    await one.connect();
    await one.query("create table people (id serial primary key, email text, name text)");
  }
  await a.query("insert into people (email, name) values ('ada@example.org', 'Ada'), ('grace@example.org', 'Grace')");
  folder = mkdtempSync(join(tmpdir(), "truce-restore-"));
  const place = (system: string) => `${system}: { object: people, create: true, fields: { email: email, name: name } }`;
  writeFileSync(
    join(folder, "truce.yaml"),
    [
      "systems:",
      "  a: { connector: postgres, url: ${A_URL} }",
      "  b: { connector: postgres, url: ${B_URL} }",
      "entities:",
      "  person:",
      "    fields: { email: email, name: { type: text, rule: { prefer: [a, b] } } }",
      "    identity: [email]",
      `    systems: { ${place("a")}, ${place("b")} }`,
    ].join("\n"),
  );
  env = { A_URL: aUrl, B_URL: bUrl };
});

afterAll(async () => {
  for (const one of [a, b]) {
    await one?.query(
      "select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database()",
    );
    await one?.end();
  }
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

async function runOnce(): Promise<void> {
  const { TRUCE_DATABASE_URL: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [main, "run", "--once"], {
    cwd: folder,
    env: { ...inherited, ...env },
    stdio: ["ignore", "ignore", "inherit"],
  });
  expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(0);
}

async function peopleIn(client: pg.Client): Promise<readonly unknown[]> {
  return (await client.query("select email, name from people order by email")).rows;
}

test("a store from a backup doubles nobody, and turns back nothing that was synced or edited since", async () => {
  await runOnce();
  cpSync(join(folder, ".truce"), join(folder, "backup"), { recursive: true });
  await a.query("update people set name = 'Ada Lovelace' where email = 'ada@example.org'");
  await a.query("insert into people (email, name) values ('mary@example.org', 'Mary')");
  await runOnce();
  rmSync(join(folder, ".truce"), { recursive: true });
  cpSync(join(folder, "backup"), join(folder, ".truce"), { recursive: true });
  await b.query("update people set name = 'Grace Hopper' where email = 'grace@example.org'");
  await a.query("update people set name = 'Mary Somerville' where email = 'mary@example.org'");
  await runOnce();
  const wanted = [
    { email: "ada@example.org", name: "Ada Lovelace" },
    { email: "grace@example.org", name: "Grace Hopper" },
    { email: "mary@example.org", name: "Mary Somerville" },
  ];
  expect(await peopleIn(b)).toEqual(wanted);
  expect(await peopleIn(a)).toEqual(wanted);
});
