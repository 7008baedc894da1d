import { spawn } from "node:child_process";
import { once } from "node:events";
import type { PoolConnection } from "mysql2";
import { expect, test } from "vitest";
import { freshMariaDb, mariaDbSkipReason } from "../../../test/servers/mariadb.ts";
import { openPool, parseAddress, rowsOf, runAll, type TextRow } from "./session.ts";

test("an address has its parts, with what is escaped in them, and how TLS is checked", () => {
  expect(parseAddress("mysql://us%40er:p%2Fw@db.example/shop%20one")).toEqual({
    host: "db.example",
    port: 3306,
    user: "us@er",
    password: "p/w",
    database: "shop one",
  });
  const address = "mariadb://a:b@[::1]:3307/x?ssl-mode=";
  expect(parseAddress(`${address}VERIFY_IDENTITY`)).toMatchObject({
    host: "::1",
    port: 3307,
    ssl: { rejectUnauthorized: true, verifyIdentity: true },
  });
  expect(parseAddress(`${address}verify-ca`).ssl).toEqual({ rejectUnauthorized: true, verifyIdentity: false });
  expect(parseAddress(`${address}required`).ssl).toEqual({ rejectUnauthorized: false, verifyIdentity: false });
  expect(parseAddress(`${address}disabled`)).not.toHaveProperty("ssl");
});

test("an address that is none says what is missing, without its password", () => {
  for (const [url, words] of [
    ["postgres://a:secret@b/c", "begins with mysql://"],
    ["mysql://a:secret@b", "names no database"],
    ["nonsense", "is no URL"],
    ["mysql://a:secret@b/c?ssl-mode=maybe", "MAYBE is none of DISABLED, REQUIRED"],
  ] as const) {
    const attempt = () => parseAddress(url);
    expect(attempt).toThrow(words);
    expect(attempt).not.toThrow("secret");
  }
});

/** Its only statement under way is ended by the server, and so is all that it has to do. */
const script = (url: string) => `
const { openPool, parseAddress, rowsOf } = await import(${JSON.stringify(new URL("./session.ts", import.meta.url).href)});
const pool = openPool(parseAddress(${JSON.stringify(url)}));
const asleep = rowsOf(pool, "select sleep(60)").catch((error) => console.log(error.message));
const others = "select id from information_schema.processlist where info like 'select sleep%'";
for (let found = []; found.length === 0; ) {
  [found] = await rowsOf(pool, others);
  for (const { id } of found) await rowsOf(pool, "kill " + id);
}
await asleep;
pool.end();`;

test.skipIf(mariaDbSkipReason !== null)(
  "a session that the server ends in the middle of a statement keeps no process from ending",
  async () => {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script(await freshMariaDb())], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    child.stdout.on("data", (part: Buffer) => {
      said += part.toString();
    });
    try {
      expect(await once(child, "exit")).toEqual([0, null]);
      expect(said).toMatch(/closed the connection|lost/iu);
    } finally {
      child.kill("SIGKILL");
    }
  },
);

test.skipIf(mariaDbSkipReason !== null)(
  "statements whose session the server ends are answered: what was done before, and that the line is lost",
  async () => {
    const pool = openPool(parseAddress(await freshMariaDb()));
    const connection = await new Promise<PoolConnection>((resolve, reject) => {
      pool.getConnection((error, made) => (error === null ? resolve(made) : reject(error)));
    });
    try {
      const running = runAll(connection, ["set @a = 1", "do sleep(60)"]);
      const asleep = "select id from information_schema.processlist where info like 'do sleep%'";
      for (let found: readonly TextRow[] = []; found.length === 0; ) {
        [found = []] = await rowsOf(pool, asleep);
        for (const { id } of found) await rowsOf(pool, `kill ${id}`);
      }
      const { done, error } = await running;
      expect(done).toHaveLength(1);
      expect(String(error)).toMatch(/closed the connection|lost/iu);
      // A session that is gone takes nothing more, and says so.
      expect((await runAll(connection, ["set @a = 2"])).error).not.toBeNull();
    } finally {
      connection.destroy();
      pool.end();
    }
  },
);
