// The server's keeper: a process that outlives its starter by just as long as it takes to stop the server. It holds one end of a pipe; when the
// other end closes, for whatever reason, kill -9 included, it stops the server and removes its folder.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** What the starter orders, as JSON in the one argument. */
export type KeeperOrder = {
  readonly program: string;
  /** The server's own user and group, where the starter is root. */
  readonly user: { readonly uid: number; readonly gid: number } | null;
  /** A folder of the server's own, with `data/mysql` in it and `setup.sql`, which makes the system's tables and users. */
  readonly folder: string;
  readonly settings: readonly string[];
};

/** What the keeper answers, once, as a JSON line. */
export type KeeperWord =
  | { readonly kind: "ready"; readonly port: number }
  | { readonly kind: "failed"; readonly message: string };

const startMsMax = 60_000;
const triesMax = 5;

const order = JSON.parse(process.argv[2]!) as KeeperOrder;
const log = join(order.folder, "log");
let child: ChildProcess | null = null;
let isEnding = false;

const end = () => {
  isEnding = true;
  child?.kill("SIGKILL");
};
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, end);
process.stdin.on("end", end).on("error", end).resume();
// Nobody may be left to hear.
process.stdout.on("error", () => {});

try {
  if (!isEnding) await ended(start(["--bootstrap", "--skip-log-bin"], "setup.sql"));
  await keep();
} catch (error) {
  say({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
}
rmSync(order.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
process.exit(0);

function say(word: KeeperWord): void {
  process.stdout.write(`${JSON.stringify(word)}\n`);
}

/** Starts the server and stays until it ends. A free port may be taken before the server takes it. */
async function keep(): Promise<void> {
  for (let tries = 1; !isEnding; tries++) {
    const port = await freePort();
    const socket = join(order.folder, "socket");
    const server = start(["--bind-address=127.0.0.1", `--port=${port}`, `--socket=${socket}`, ...order.settings], null);
    const over = ended(server);
    if (await Promise.race([isReady(server), over.then(() => false)])) {
      say({ kind: "ready", port });
      return over;
    }
    await over;
    if (tries === triesMax) throw new Error(`MariaDB did not start: ${lastWords()}`);
  }
}

function start(flags: readonly string[], input: string | null): ChildProcess {
  const words = openSync(log, "w");
  const source = input === null ? "ignore" : openSync(join(order.folder, input), "r");
  const small = ["--innodb-log-file-size=16M", "--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=0"];
  // Another server that starts clears what it takes for its own in the machine's folder for temporary files.
  const folders = [`--datadir=${join(order.folder, "data")}`, `--tmpdir=${join(order.folder, "tmp")}`];
  const args = ["--no-defaults", ...folders, ...small, ...flags];
  const as = order.user === null ? {} : { uid: order.user.uid, gid: order.user.gid };
  child = spawn(order.program, args, { ...as, cwd: "/", stdio: [source, words, words] });
  closeSync(words);
  if (source !== "ignore") closeSync(source);
  if (isEnding) child.kill("SIGKILL");
  return child;
}

function ended(process: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    process.once("exit", () => resolve());
    process.once("error", reject);
  });
}

/** True when the server says that it takes connections, false when it ended before. */
async function isReady(server: ChildProcess): Promise<boolean> {
  for (const until = Date.now() + startMsMax; server.exitCode === null && server.signalCode === null; await sleep(20)) {
    if (lastWords().includes("ready for connections")) return true;
    if (Date.now() > until) server.kill("SIGKILL");
  }
  return false;
}

function lastWords(): string {
  return existsSync(log) ? readFileSync(log, "utf8").trim().slice(-4_000) : "";
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
