import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { findBinaries, reachable } from "./binaries.ts";

/** A PostgreSQL server of this process's own, in a temporary folder. */
export type LocalPostgres = {
  readonly port: number;
  /** Where its programs came from. */
  readonly origin: string;
  url(database: string): string;
  createDatabase(name: string): Promise<string>;
  /** Stops it and removes its folder. */
  stop(): Promise<void>;
};

const settings = {
  listen_addresses: "127.0.0.1",
  wal_level: "logical",
  max_wal_senders: "20",
  max_replication_slots: "20",
  max_connections: "60",
  shared_buffers: "32MB",
  max_wal_size: "256MB",
  autovacuum_naptime: "30s",
  log_min_messages: "warning",
};

/**
 * The server's keeper: a process that outlives this one by just as long as it takes to stop the server. It holds one end of a pipe; when the
 * other end closes, for whatever reason, kill -9 included, it stops the server and removes its folder. In plain JavaScript, run with `node -e`.
 */
const keeper = `
const { spawn } = require("node:child_process");
const { rmSync } = require("node:fs");
const [folders, uid, gid, file, ...args] = JSON.parse(process.argv[1]);
const as = uid === -1 ? {} : { uid, gid };
const server = spawn(file, args, { ...as, stdio: ["ignore", "ignore", "inherit"], cwd: folders[0] });
const clean = () => { for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 }); };
server.on("exit", (code) => { clean(); process.exit(code ?? 1); });
server.on("error", () => { clean(); process.exit(1); });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
process.stdin.resume();
process.stdin.on("error", () => {});
process.stdin.on("close", () => { server.kill("SIGINT"); setTimeout(() => server.kill("SIGQUIT"), 5000).unref(); });
`;

/**
 * Starts a server on a free port of 127.0.0.1, with logical replication. As root it runs as another user. Rejects in words when there is no
 * PostgreSQL, or it does not start.
 */
export async function startLocalPostgres(): Promise<LocalPostgres> {
  const binaries = findBinaries();
  const { uid, gid } = serverUser();
  const { folder: bin, copied } = reachable(binaries, uid);
  const folder = mkdtempSync(join(tmpdir(), "truce-postgres-"));
  if (uid !== -1) chownSync(folder, uid, gid);
  const as = uid === -1 ? {} : { uid, gid };
  const password = randomBytes(12).toString("hex");
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, password);
  if (uid !== -1) chownSync(passwordFile, uid, gid);
  const data = join(folder, "data");
  const initialized = spawnSync(
    join(bin, "initdb"),
    [
      "-D",
      data,
      "-U",
      "truce",
      "-A",
      "scram-sha-256",
      "--pwfile",
      passwordFile,
      "-E",
      "UTF8",
      "--locale=C",
      "--no-sync",
    ],
    { ...as, cwd: folder, encoding: "utf8" },
  );
  if (initialized.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`initdb of ${binaries.origin} failed: ${initialized.stderr || initialized.error?.message || ""}`);
  }
  const port = await freePort();
  const flags = Object.entries({ ...settings, port: String(port), unix_socket_directories: "" }).flatMap(
    ([name, value]) => ["-c", `${name}=${value}`],
  );
  const folders = copied === null ? [folder] : [folder, copied];
  const call = JSON.stringify([folders, uid, gid, join(bin, "postgres"), "-D", data, ...flags]);
  // A session of its own: a signal to this process's group must not reach it.
  const child = spawn(process.execPath, ["-e", keeper, call], { stdio: ["pipe", "ignore", "pipe"], detached: true });
  const errors: string[] = [];
  child.stderr?.on("data", (chunk: Buffer) => errors.push(chunk.toString()));
  const url = (database: string) => `postgres://truce:${password}@127.0.0.1:${port}/${database}`;
  await untilReady(url("postgres"), child, errors);
  // Nothing of it keeps this process alive.
  child.unref();
  for (const stream of [child.stdin, child.stderr]) (stream as unknown as { unref(): void }).unref();
  return {
    port,
    origin: `${binaries.origin}, version ${readFileSync(join(data, "PG_VERSION"), "utf8").trim()}`,
    url,
    async createDatabase(name) {
      const client = new pg.Client({ connectionString: url("postgres") });
      await client.connect();
      await client.query(`create database "${name.replaceAll('"', '""')}"`);
      await client.end();
      return url(name);
    },
    async stop() {
      if (child.exitCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.ref();
      child.stdin?.end();
      await ended;
    },
  };
}

/** PostgreSQL refuses to run as root: then as `postgres` or `nobody`. -1: as whoever we are. */
function serverUser(): { uid: number; gid: number } {
  if (process.getuid?.() !== 0) return { uid: -1, gid: -1 };
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const user = users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody");
  if (user === undefined)
    throw new Error("PostgreSQL does not run as root, and there is neither a user postgres nor nobody to run it as.");
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

async function untilReady(url: string, child: ChildProcess, errors: readonly string[]): Promise<void> {
  const until = Date.now() + 30_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`PostgreSQL did not start: ${errors.join("").trim()}`);
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (Date.now() > until)
        throw new Error(
          `PostgreSQL did not answer within 30 s: ${error instanceof Error ? error.message : String(error)} ${errors.join("").trim()}`,
        );
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
