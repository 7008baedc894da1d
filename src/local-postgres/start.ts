import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { extname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { findBinaries } from "./binaries.ts";
import type { KeeperCommand, KeeperOrder, KeeperWord } from "./keeper.ts";
import { canEnter, type ServerUser, serverUser, temporaryParent } from "./server-user.ts";

export type LocalPostgresOptions = {
  /** Databases to have, made where they don't exist yet. */
  readonly databases?: readonly string[];
  /** Without one, any free port. */
  readonly port?: number;
  /** A folder for the data that stays and can be started again. Without one, a temporary folder that goes with the server. */
  readonly dataDir?: string;
};

/** A PostgreSQL server of this process's own. It never outlives this process, however that ends. */
export type LocalPostgres = {
  readonly port: number;
  /** Where its programs came from, and their version. */
  readonly origin: string;
  url(database: string): string;
  /** Resolves with the new database's URL. Rejects when there is one of that name. */
  createDatabase(name: string): Promise<string>;
  /** Resolves when it is gone. "fast", the default, breaks connections and writes everything out; "immediate" leaves recovery to the next start. */
  stop(options?: { readonly mode: "fast" | "immediate" }): Promise<void>;
  /** Ends the server by signal 9, as a crash would. */
  kill(): Promise<void>;
};

/** Logical replication, and as little memory as a server for one program needs. */
const settings = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  wal_level: "logical",
  max_wal_senders: "20",
  max_replication_slots: "40",
  max_connections: "60",
  shared_buffers: "32MB",
  max_wal_size: "256MB",
  log_min_messages: "warning",
};

/**
 * Starts a server on 127.0.0.1, to be entered with a password of its own. As root, it runs as the user `postgres` or `nobody`. Rejects in words when
 * there are no programs of PostgreSQL, or it does not start.
 */
export async function startLocalPostgres(options: LocalPostgresOptions = {}): Promise<LocalPostgres> {
  const binaries = findBinaries();
  const user = serverUser();
  const scratch = ownFolder(mkdtempSync(join(temporaryParent(user), "truce-postgres-")), user);
  let keeper: Keeper | null = null;
  try {
    const home = options.dataDir === undefined ? scratch : ownFolder(resolve(options.dataDir), user);
    const data = join(home, "data");
    const { password, passwordFile } = passwordIn(home, user);
    keeper = await startKeeper({
      found: binaries.folder,
      data,
      log: join(scratch, "log"),
      passwordFile,
      user,
      port: options.port ?? null,
      settings,
      isLasting: home !== scratch,
      scratch,
    });
    const { port, end } = keeper;
    const url = (database: string) => `postgres://truce:${password}@127.0.0.1:${port}/${encodeURI(database)}`;
    await makeDatabases(url("postgres"), options.databases ?? []);
    return {
      port,
      origin: `${binaries.origin}, version ${readFileSync(join(data, "PG_VERSION"), "utf8").trim()}`,
      url,
      async createDatabase(name) {
        await query(url("postgres"), `create database ${pg.escapeIdentifier(name)}`);
        return url(name);
      },
      stop: ({ mode } = { mode: "fast" }) => end(mode),
      kill: () => end("kill"),
    };
  } catch (error) {
    await keeper?.end("immediate");
    rmSync(scratch, { recursive: true, force: true });
    throw error;
  }
}

/** The folder, given to the server's user and closed to others. */
function ownFolder(folder: string, user: ServerUser | null): string {
  mkdirSync(folder, { recursive: true });
  if (user !== null) chownSync(folder, user.uid, user.gid);
  chmodSync(folder, 0o700);
  if (canEnter(user, folder)) return folder;
  throw new Error(
    `PostgreSQL runs as the user ${user?.name} here, who may not enter ${folder}: choose a folder that is open to that user.`,
  );
}

/** The password stays beside the data, so that a server started again has the same. */
function passwordIn(
  home: string,
  user: ServerUser | null,
): { readonly password: string; readonly passwordFile: string } {
  const passwordFile = join(home, "password");
  if (!existsSync(passwordFile)) {
    writeFileSync(passwordFile, randomBytes(16).toString("hex"), { mode: 0o600 });
    if (user !== null) chownSync(passwordFile, user.uid, user.gid);
  }
  return { password: readFileSync(passwordFile, "utf8"), passwordFile };
}

type Keeper = { readonly port: number; end(command: KeeperCommand): Promise<void> };

async function startKeeper(order: KeeperOrder): Promise<Keeper> {
  const file = fileURLToPath(new URL(`./keeper${extname(import.meta.url)}`, import.meta.url));
  // A session of its own: what a terminal sends to this process's group must not reach it.
  const keeper = spawn(process.execPath, [file, JSON.stringify(order)], {
    // Options that are meant for this process, such as a debugger's port, are not for it.
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
    async end(command) {
      keeper.ref();
      keeper.stdin.write(`${command}\n`);
      await ended;
    },
  };
}

async function firstWord(stdout: NodeJS.ReadableStream): Promise<KeeperWord> {
  for await (const line of createInterface({ input: stdout })) return JSON.parse(line) as KeeperWord;
  return { kind: "failed", message: "PostgreSQL's keeper ended before the server was up." };
}

async function makeDatabases(url: string, names: readonly string[]): Promise<void> {
  const present = names.length === 0 ? [] : await query(url, "select datname from pg_database");
  for (const name of names)
    if (!present.some((row) => row["datname"] === name))
      await query(url, `create database ${pg.escapeIdentifier(name)}`);
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}
