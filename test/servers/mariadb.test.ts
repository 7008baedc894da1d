import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import mysql, { type RowDataPacket } from "mysql2/promise";
import { describe, expect, test, vi } from "vitest";
import { debianProgram } from "./debian.ts";
import { freshMariaDb, mariaDbSkipReason } from "./mariadb.ts";

async function ask(url: string, sql: string): Promise<string> {
  const connection = await mysql.createConnection(url);
  try {
    const [[row]] = await connection.query<RowDataPacket[]>(sql);
    return String(Object.values(row ?? {})[0]);
  } finally {
    await connection.end();
  }
}

/** A program that starts a server and stays. */
const script = `
const { startLocalMariaDb } = await import(${JSON.stringify(new URL("../../src/local-mariadb/start.ts", import.meta.url).href)});
const server = await startLocalMariaDb(${JSON.stringify(debianProgram("mariadbd").path)});
console.log(server.url("mysql"));
setInterval(() => {}, 1000);`;

describe.skipIf(mariaDbSkipReason !== null)("a MariaDB for tests", () => {
  test("each test file has databases of its own, empty, on a server that logs rows", async () => {
    const [one, other] = await Promise.all([freshMariaDb(), freshMariaDb()]);
    expect(new URL(one).pathname).not.toBe(new URL(other).pathname);
    expect(await ask(one, "select @@log_bin and @@binlog_format = 'ROW'")).toBe("1");
    expect(await ask(one, "select count(*) from information_schema.tables where table_schema = database()")).toBe("0");
  });

  test("nobody enters without the password", async () => {
    const guess = new URL(await freshMariaDb());
    guess.password = "truce";
    await expect(ask(guess.href, "select 1")).rejects.toThrow(/Access denied/u);
    guess.username = "root";
    guess.password = "";
    await expect(ask(guess.href, "select 1")).rejects.toThrow(/Access denied/u);
  });

  test("the server and its folder go with its starter, even with one that is killed by signal 9", async () => {
    const starter = spawn(process.execPath, ["--input-type=module", "--eval", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const lines = createInterface({ input: starter.stdout })[Symbol.asyncIterator]();
      const url = String((await lines.next()).value);
      const folder = dirname((await ask(url, "select @@datadir")).replace(/\/$/u, ""));
      expect(existsSync(folder)).toBe(true);
      starter.kill("SIGKILL");
      await vi.waitFor(() => expect(existsSync(folder)).toBe(false), { timeout: 20_000, interval: 20 });
      await expect(ask(url, "select 1")).rejects.toThrow(/ECONNREFUSED/u);
    } finally {
      starter.kill("SIGKILL");
    }
  });
});
