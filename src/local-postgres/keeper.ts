// The server's keeper: a process that outlives its starter by just as long as it takes to stop the server. It holds one end of a pipe; when the
// other end closes, for whatever reason, kill -9 included, it stops the server and removes its folder.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServerUser } from "./server-user.ts";
import { usableBinaries } from "./usable-binaries.ts";

/** What the starter orders, as JSON in the one argument. */
export type KeeperOrder = {
  /** The folder with `initdb` and `postgres`, which the server's user may not be able to use as it is. */
  readonly found: string;
  readonly data: string;
  /** The server's messages since this start. */
  readonly log: string;
  readonly passwordFile: string;
  readonly user: ServerUser | null;
  /** Null: a free one. */
  readonly port: number | null;
  readonly settings: Readonly<Record<string, string>>;
  /** Whether the data stays when the server has ended, to be started again. */
  readonly isLasting: boolean;
  /** The folder to remove when the server has ended. */
  readonly scratch: string;
};

/** What the starter says later, a line each. The end of its lines is an order to stop. */
export type KeeperCommand = "fast" | "immediate" | "kill";

/** What the keeper answers, once, as a JSON line. */
export type KeeperWord =
  | { readonly kind: "ready"; readonly port: number }
  | { readonly kind: "failed"; readonly message: string };

const signals = { fast: "SIGINT", immediate: "SIGQUIT", kill: "SIGKILL" } as const;
/** A fast stop waits for replication clients to take the rest; one that hangs is not waited for. */
const fastStopMsMax = 5_000;
const retryMsMax = 10_000;
const startMsMax = 60_000;

const order = JSON.parse(process.argv[2]!) as KeeperOrder;
let programs = order.found;
let child: ChildProcess | null = null;
let isEnding = false;

const endUnasked = () => end(order.isLasting ? "fast" : "immediate");
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, endUnasked);
// Nobody may be left to hear.
process.stdout.on("error", () => {});
const orders = createInterface({ input: process.stdin });
orders.on("line", (line) => end(line as KeeperCommand));
orders.on("close", endUnasked);
process.stdin.on("error", () => {});

try {
  programs = await usableBinaries(order.found, order.user, order.scratch);
  if (!isEnding && !existsSync(order.data)) await initialize();
  await keep();
} catch (error) {
  say({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
}
rmSync(order.scratch, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
process.exit(0);

function say(word: KeeperWord): void {
  process.stdout.write(`${JSON.stringify(word)}\n`);
}

function end(command: KeeperCommand): void {
  isEnding = true;
  child?.kill(signals[command]);
  if (command === "fast") setTimeout(() => child?.kill("SIGQUIT"), fastStopMsMax).unref();
}

/** Makes the data folder under another name first, so that a half-made one is never started. */
async function initialize(): Promise<void> {
  const made = `${order.data}.new`;
  rmSync(made, { recursive: true, force: true });
  // Upper and lower case of all letters need a UTF-8 locale; Linux has this one everywhere.
  const locale = ["--locale=C", ...(process.platform === "linux" ? ["--lc-ctype=C.UTF-8"] : [])];
  const login = ["--username=truce", "--auth=scram-sha-256", `--pwfile=${order.passwordFile}`];
  await ended(start("initdb", ["--pgdata", made, "--encoding=UTF8", "--no-sync", ...locale, ...login]));
  if (!existsSync(join(made, "global", "pg_control"))) throw new Error(`initdb failed: ${lastWords()}`);
  renameSync(made, order.data);
}

/** Starts the server and stays until it ends. */
async function keep(): Promise<void> {
  const until = Date.now() + retryMsMax;
  while (!isEnding) {
    const port = order.port ?? (await freePort());
    const flags = Object.entries({ ...order.settings, port: String(port) }).flatMap(([name, value]) => [
      "-c",
      `${name}=${value}`,
    ]);
    const server = start("postgres", ["-D", order.data, ...flags]);
    const over = ended(server);
    if (await Promise.race([isReady(server), over.then(() => false)])) {
      say({ kind: "ready", port });
      await over;
      return;
    }
    await over;
    if (!mayPass() || Date.now() > until) throw new Error(`PostgreSQL did not start: ${lastWords()}`);
    await sleep(100);
  }
}

/** Backends of a killed server take a moment to notice, and a free port may have been taken meanwhile. */
function mayPass(): boolean {
  const words = lastWords();
  return (
    /pre-existing shared memory block|"postmaster.pid" already exists/.test(words) ||
    (order.port === null && /Address already in use/i.test(words))
  );
}

function start(program: string, args: readonly string[]): ChildProcess {
  const log = openSync(order.log, "w");
  const as = order.user === null ? {} : { uid: order.user.uid, gid: order.user.gid };
  child = spawn(join(programs, program), args, { ...as, cwd: "/", stdio: ["ignore", log, log] });
  closeSync(log);
  if (isEnding) child.kill("SIGQUIT");
  return child;
}

function ended(process: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    process.once("exit", () => resolve());
    process.once("error", reject);
  });
}

/** True when the server takes connections, false when it ended before. The server itself writes its status into this file. */
async function isReady(server: ChildProcess): Promise<boolean> {
  const file = join(order.data, "postmaster.pid");
  for (const until = Date.now() + startMsMax; server.exitCode === null && server.signalCode === null; await sleep(20)) {
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
    if (Number(lines[0]) === server.pid && lines[7]?.trim() === "ready") return true;
    if (Date.now() > until) server.kill("SIGQUIT");
  }
  return false;
}

function lastWords(): string {
  return existsSync(order.log) ? readFileSync(order.log, "utf8").trim().slice(-2_000) : "";
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
