// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config references are written so.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshDatabase } from "./servers/postgres.ts";

/** One process reads two databases, two decide and write, all on one store; some are killed and replaced while people edit. */
const rows = 200;
const edits = 300;

let a: pg.Client;
let b: pg.Client;
let folder: string;
let env: Record<string, string>;
const processes = new Set<ChildProcess>();

beforeAll(async () => {
  const [aUrl, bUrl, storeUrl] = [await freshDatabase(), await freshDatabase(), await freshDatabase()];
  [a, b] = [new pg.Client(aUrl), new pg.Client(bUrl)];
  for (const one of [a, b]) {
    await one.connect();
    await one.query("create table people (id serial primary key, email text, name text, city text)");
  }
  await a.query(
    "insert into people (email, name, city) select 'p' || i || '@example.org', 'Name ' || i, 'City ' || i from generate_series(1, $1::int) as i",
    [rows],
  );
  folder = mkdtempSync(join(tmpdir(), "truce-several-"));
  const place = (system: string) =>
    `${system}: { object: people, create: true, fields: { email: email, name: name, city: city } }`;
  writeFileSync(
    join(folder, "truce.yaml"),
    [
      "systems:",
      "  a: { connector: postgres, url: ${A_URL} }",
      "  b: { connector: postgres, url: ${B_URL} }",
      "entities:",
      "  person:",
      "    fields: { email: email, name: text, city: text }",
      "    identity: [email]",
      `    systems: { ${place("a")}, ${place("b")} }`,
      "settings: { listen: 127.0.0.1:0 }",
    ].join("\n"),
  );
  env = { A_URL: aUrl, B_URL: bUrl, TRUCE_DATABASE_URL: storeUrl };
});

afterAll(async () => {
  for (const one of processes) await ended(one, "SIGKILL");
  for (const one of [a, b]) {
    await one?.query(
      "select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database()",
    );
    await one?.end();
  }
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

function truce(...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  processes.add(child);
  return child;
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  processes.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const end = new Promise<number | null>((resolve) => child.once("exit", resolve));
  child.kill(signal);
  return end;
}

/** By e-mail, in order. */
async function peopleIn(client: pg.Client): Promise<readonly unknown[]> {
  return (await client.query("select email, name, city from people order by email")).rows;
}

test("a worker that is killed and a reader that is replaced lose, double and turn back nothing", {
  timeout: 180_000,
}, async () => {
  const reader = truce("run", "--role", "ingest");
  const workers = [truce("run", "--role", "worker"), truce("run", "--role", "worker")];
  await expect.poll(async () => (await peopleIn(b)).length, { timeout: 60_000, interval: 200 }).toBe(rows);
  const wanted = new Map((await peopleIn(a)).map((one) => [(one as { email: string }).email, { ...(one as object) }]));
  for (let n = 0; n < edits; n++) {
    const email = `p${1 + ((n * 7) % rows)}@example.org`;
    const [client, column] = n % 2 === 0 ? ([a, "name"] as const) : ([b, "city"] as const);
    const value = `${column} of edit ${n}`;
    await client.query(`update people set ${column} = $1 where email = $2`, [value, email]);
    Object.assign(wanted.get(email)!, { [column]: value });
    if (n === 100) await ended(workers.shift()!, "SIGKILL");
    if (n === 120) workers.push(truce("run", "--role", "worker"));
    if (n === 200) {
      expect(await ended(reader, "SIGTERM")).toBe(0);
      truce("run", "--role", "ingest");
    }
  }
  const expected = [...wanted.values()];
  for (const client of [a, b])
    await expect.poll(() => peopleIn(client), { timeout: 60_000, interval: 200 }).toEqual(expected);
  const rest = { deadLetters: [], counts: { inbox: 0, holds: {}, deadLetters: 0 } };
  await expect.poll(status, { timeout: 60_000, interval: 1_000 }).toMatchObject(rest);
  for (const one of [...processes]) expect(await ended(one, "SIGTERM")).toBe(0);
});

async function status(): Promise<unknown> {
  const child = truce("status", "--json");
  let told = "";
  child.stdout!.on("data", (part: Buffer) => {
    told += part.toString();
  });
  await new Promise((resolve) => child.once("close", resolve));
  processes.delete(child);
  return JSON.parse(told);
}
