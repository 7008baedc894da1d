import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { dirname, extname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import mysql from "mysql2/promise";
import { serverUser, temporaryParent } from "../local-postgres/server-user.ts";
import type { KeeperOrder, KeeperWord } from "./keeper.ts";

/** A MariaDB server of this process's own, with a binary log. It never outlives this process, however that ends. */
export type LocalMariaDb = {
  url(database: string): string;
  /** Resolves with the new database's URL. Rejects when there is one of that name. */
  createDatabase(name: string): Promise<string>;
  /** Resolves when it is gone, with all that it held. */
  stop(): Promise<void>;
};

/** Where packages put the statements that make the system's tables; the program's own folder is known at its start. */
const shares = ["/usr/share/mysql", "/usr/share/mariadb"];
const tablesFile = "mysql_system_tables.sql";

const settingsDefault = [
  "--log-bin=binlog",
  "--binlog-format=ROW",
  "--server-id=1",
  "--sync-binlog=0",
  "--character-set-server=utf8mb4",
  "--max-connections=150",
];

/** Starts `program` (mariadbd) on 127.0.0.1, to be entered with a password of its own. As root, it runs as another user. Rejects in words. */
export async function startLocalMariaDb(
  program: string,
  settings: readonly string[] = settingsDefault,
): Promise<LocalMariaDb> {
  const share = shareOf(program);
  const user = serverUser();
  const folder = mkdtempSync(join(temporaryParent(user), "truce-mariadb-"));
  const password = randomBytes(16).toString("hex");
  try {
    mkdirSync(join(folder, "data", "mysql"), { recursive: true });
    mkdirSync(join(folder, "tmp"));
    writeFileSync(join(folder, "setup.sql"), setupSql(share, password), { mode: 0o600 });
    if (user !== null)
      for (const path of ["", "data", "data/mysql", "tmp", "setup.sql"])
        chownSync(join(folder, path), user.uid, user.gid);
    chmodSync(folder, 0o700);
    const { port, end } = await startKeeper({ program, user, folder, settings });
    const url = (database: string) => `mysql://truce:${password}@127.0.0.1:${port}/${database}`;
    return {
      url,
      async createDatabase(name) {
        const connection = await mysql.createConnection(url("mysql"));
        try {
          await connection.query(`create database \`${name}\` character set utf8mb4`);
        } finally {
          await connection.end();
        }
        return url(name);
      },
      stop: end,
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function shareOf(program: string): string {
  const beside = ["../share/mysql", "../share/mariadb"].map((folder) => join(dirname(program), folder));
  const found = [...beside, ...shares].find((folder) => existsSync(join(folder, tablesFile)));
  if (found === undefined) throw new Error(`MariaDB is at ${program}, but not its ${tablesFile}.`);
  return found;
}

/** What `mariadb-install-db` does, which needs programs of another package. */
function setupSql(share: string, password: string): string {
  const parts = ["mysql_system_tables", "mysql_performance_tables", "mysql_system_tables_data"].map((name) =>
    readFileSync(join(share, `${name}.sql`), "utf8"),
  );
  return [
    "use mysql;",
    "set @auth_root_socket = null;",
    ...parts,
    "delete from mysql.global_priv where User = '' or User = 'root';",
    "flush privileges;",
    `create user truce@'127.0.0.1' identified by '${password}';`,
    "grant all on *.* to truce@'127.0.0.1' with grant option;",
    "",
  ].join("\n");
}

async function startKeeper(order: KeeperOrder): Promise<{ readonly port: number; end(): Promise<void> }> {
  const file = fileURLToPath(new URL(`./keeper${extname(import.meta.url)}`, import.meta.url));
  // A session of its own: what a terminal sends to this process's group must not reach it.
  const keeper = spawn(process.execPath, [file, JSON.stringify(order)], {
    env: { ...process.env, NODE_OPTIONS: "" },
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  const ended = new Promise<void>((resolve) => keeper.once("exit", () => resolve()));
  // It may be gone when it is told to stop.
  keeper.stdin.on("error", () => {});
  const word = await firstWord(keeper.stdout);
  if (word.kind === "failed") {
    await ended;
    throw new Error(word.message);
  }
  // Nothing of it keeps this process alive.
  keeper.unref();
  for (const pipe of [keeper.stdin, keeper.stdout]) (pipe as Socket).unref();
  return {
    port: word.port,
    async end() {
      keeper.ref();
      keeper.stdin.end();
      await ended;
    },
  };
}

async function firstWord(stdout: NodeJS.ReadableStream): Promise<KeeperWord> {
  for await (const line of createInterface({ input: stdout })) return JSON.parse(line) as KeeperWord;
  return { kind: "failed", message: "The keeper of MariaDB ended without a word." };
}
