#!/usr/bin/env node
// Runs the project's commands on whatever Node the machine has, from 18 on: installs what is missing, then goes on under the pinned Node. Plain
// JavaScript without dependencies, since it runs before there are any.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { isatty } from "node:tty";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const nodeMin = [22, 18];

/** What each command runs, one after the other: a file and its arguments. */
const commands = {
  // What serves the console needs it built.
  truce: (args) => [
    ...(args.some((arg) => arg === "run" || arg === "demo") ? [["scripts/build-console.ts"]] : []),
    ["src/main.ts", ...args],
  ],
  test: (args) => [["test/servers/prepare.ts"], [programOf("vitest"), "run", ...args]],
  check: () => [
    [programOf("typescript", "tsc"), "-p", "."],
    [programOf("typescript", "tsc"), "-p", "console"],
    [programOf("@biomejs/biome", "biome"), "check"],
    [programOf("knip")],
  ],
  build: () => [["scripts/build.ts"]],
  sim: (args) => [["sim/main.ts", ...args]],
  campaign: (args) => [["campaign/main.ts", ...args]],
  mutate: (args) => [[programOf("@stryker-mutator/core", "stryker"), "run", ...args]],
  bench: (args) => [["bench/main.ts", ...args]],
};

const [command = "", ...args] = process.argv.slice(2);
if (!Object.hasOwn(commands, command))
  fail(`Unknown command "${command}". There are: ${Object.keys(commands).join(", ")}.`);
await install();
const node = pinnedNode();
let exitCode = 0;
for (const step of commands[command](args)) {
  exitCode = (await run(step)) || exitCode;
  // A check says all that it has to say at once; in any other command, a step needs the one before.
  if (exitCode !== 0 && command !== "check") break;
}
process.exitCode = exitCode;

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** Installs the packages where they are not those of package-lock.json. Of two commands at once, one installs and the other waits for it. */
async function install() {
  if (isInstalled()) return;
  const lock = join(root, ".truce", "installing");
  mkdirSync(dirname(lock), { recursive: true });
  while (!take(lock)) await new Promise((resolve) => setTimeout(resolve, 200));
  if (!isInstalled()) installPackages();
  rmSync(lock, { force: true });
}

/** Compares package-lock.json with the copy that npm keeps of what it installed. Packages for other platforms are not there. */
function isInstalled() {
  const kept = join(modules, ".package-lock.json");
  if (!existsSync(kept)) return false;
  const present = JSON.parse(readFileSync(kept, "utf8")).packages;
  return Object.entries(lockedPackages()).every(
    ([path, { version, optional }]) =>
      path === "" || present[path]?.version === version || (optional && present[path] === undefined),
  );
}

function lockedPackages() {
  return JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
}

/** Makes the file, alone, with this process's id in it. One whose process is gone was left behind: the next try takes it. */
function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    if (isLeft(lock)) rmSync(lock, { force: true });
    return false;
  }
}

function isLeft(lock) {
  try {
    process.kill(Number(readFileSync(lock, "utf8")), 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}

/**
 * Runs no package's own script but that of `node`, apart from the rest, so that npm 10, 11 and 12 do the same. Speaks on standard error only: standard
 * output is the command's.
 */
function installPackages() {
  process.stderr.write("Installing dependencies (about 30 s, once) …\n");
  const everything = ["--include=dev", "--include=optional", "--include=peer"];
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  const { status, error, stdout, stderr } = npm(["ci", "--ignore-scripts", ...everything, ...quiet]);
  if (error?.code === "ENOENT") fail("npm was not found: install Node 22.18 or newer with its npm, and try again.");
  if (status !== 0) fail(`npm ci failed:\n${stdout ?? ""}${stderr ?? ""}${error ?? ""}`);
  bringNode();
}

function npm(args) {
  const options = { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 };
  const own = process.env.npm_execpath ?? "";
  if (own.endsWith("npm-cli.js")) return spawnSync(isThere() ? process.execPath : "node", [own, ...args], options);
  return spawnSync("npm", args, { ...options, shell: process.platform === "win32" });
}

/** npm puts the pinned Node of an earlier install first on the PATH, so that it may run this, and a new install deletes it. */
function isThere() {
  return existsSync(process.execPath);
}

/** Where the package `node` has nothing for this platform, this fails, which is no reason to stop: this Node may be new enough. */
function bringNode() {
  npm(["rebuild", "node"]);
}

/** The Node that the package `node` brings, else the one that runs this, where it is new enough. */
function pinnedNode() {
  const pinned = join(modules, "node", "bin", process.platform === "win32" ? "node.exe" : "node");
  const isNewEnough = isThere() && isAtLeast(process.versions.node.split(".").map(Number), nodeMin);
  if (!existsSync(pinned) && !isNewEnough) bringNode();
  if (existsSync(pinned) && spawnSync(pinned, ["--version"]).status === 0) return pinned;
  if (isNewEnough) return process.execPath;
  const { version } = lockedPackages()["node_modules/node"];
  return fail(
    `Truce needs Node ${nodeMin.join(".")} or newer. This is ${process.versions.node}, and npm could not bring ${version} for ${process.platform} on ${process.arch}. Install Node 24 and try again.`,
  );
}

function isAtLeast([major, minor], [majorMin, minorMin]) {
  return major > majorMin || (major === majorMin && minor >= minorMin);
}

function programOf(packageName, program = packageName) {
  const folder = join(modules, packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, typeof bin === "string" ? bin : bin[program]);
}

/** Runs a step to its end and resolves with its exit code. Signals go to it, and it decides when to stop. */
function run([file, ...rest]) {
  const path = [dirname(node), join(modules, ".bin"), process.env.PATH ?? ""].join(delimiter);
  const script = file.startsWith(root) ? file : join(root, file);
  const cwd = command === "truce" ? process.cwd() : root;
  const child = spawn(node, [script, ...rest], { cwd, stdio: "inherit", env: { ...process.env, PATH: path } });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.removeAllListeners(signal);
    process.on(signal, () => {
      // Ctrl-C in a terminal has reached the child by itself; twice would mean "at once".
      if (signal !== "SIGINT" || ![0, 1, 2].some(isatty)) child.kill(signal);
    });
  }
  return new Promise((resolve) => {
    child.on("error", (error) => fail(`${node} could not be started: ${error.message}`));
    child.on("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}
