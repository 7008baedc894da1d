#!/usr/bin/env node
// Runs the project's commands on whatever Node the machine has: installs what is missing, then goes on under the pinned Node. Plain JavaScript
// without dependencies, since it runs before there are any.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const stamp = join(modules, ".truce-installed");
const lock = join(root, ".truce-installing");
const nodeMin = [22, 18];

const commands = {
  truce: (args) => [["src/main.ts", ...args]],
  test: (args) => [["scripts/prepare-tests.ts"], [bin("vitest"), "run", ...args]],
  check: () => [[bin("typescript", "tsc"), "-p", "."], [bin("@biomejs/biome", "biome"), "check", "."], [bin("knip")]],
  build: () => [["scripts/build.ts"]],
  sim: (args) => [["sim/main.ts", ...args]],
  bench: (args) => [["bench/main.ts", ...args]],
};

const [command = "", ...args] = process.argv.slice(2);
if (!(command in commands)) fail(`Unknown command "${command}". There are: ${Object.keys(commands).join(", ")}.`);
install();
const node = pinnedNode();
for (const step of commands[command](args)) {
  const code = await run(node, step);
  if (code !== 0) process.exit(code);
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

/** The lock file's content: another one means another set of packages. */
function wanted() {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

function isInstalled() {
  return existsSync(stamp) && readFileSync(stamp, "utf8") === wanted();
}

function install() {
  if (isInstalled()) return;
  // Two commands at once: one installs, the other waits for it.
  const until = Date.now() + 10 * 60_000;
  while (!take(lock)) {
    if (Date.now() > until) fail(`Another installation does not end. If none is running, remove ${lock}.`);
    spawnSync(process.execPath, ["-e", "setTimeout(() => {}, 300)"]);
  }
  try {
    if (isInstalled()) return;
    process.stderr.write("Installing dependencies (once; half a minute) …\n");
    const result = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: root,
      encoding: "utf8",
      shell: process.platform === "win32",
    });
    if (result.status !== 0) fail(`npm ci failed:\n${result.stdout ?? ""}${result.stderr ?? ""}${result.error ?? ""}`);
    writeFileSync(stamp, wanted());
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

/** Makes the folder, alone. One that is older than any installation was left by a process that died. */
function take(folder) {
  try {
    mkdirSync(folder);
    return true;
  } catch {
    if (existsSync(folder) && Date.now() - statSync(folder).mtimeMs > 5 * 60_000)
      rmSync(folder, { recursive: true, force: true });
    return false;
  }
}

/** The Node that the dev dependency brings; where its installation was not allowed to run, its platform package, installed by itself. */
function pinnedNode() {
  const name = process.platform === "win32" ? "node.exe" : "node";
  const own = join(modules, "node", "bin", name);
  if (existsSync(own)) return own;
  const { version } = JSON.parse(readFileSync(join(modules, "node", "package.json"), "utf8"));
  const platform = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const cache = join(root, ".truce", "node");
  const cached = join(cache, "node_modules", platform, "bin", name);
  if (!existsSync(cached)) {
    mkdirSync(cache, { recursive: true });
    writeFileSync(join(cache, "package.json"), "{}");
    spawnSync("npm", ["install", "--no-audit", "--no-fund", "--no-save", `${platform}@${version}`], {
      cwd: cache,
      shell: process.platform === "win32",
    });
  }
  if (existsSync(cached)) return cached;
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > nodeMin[0] || (major === nodeMin[0] && minor >= nodeMin[1])) return process.execPath;
  return fail(
    `Truce needs Node ${nodeMin.join(".")} or newer; this is ${process.versions.node}, and npm could not bring ${platform}@${version}. Install Node 24 and try again.`,
  );
}

function bin(packageName, binName = packageName) {
  const require = createRequire(join(root, "package.json"));
  const manifest = join(modules, packageName, "package.json");
  const { bin: bins } = require(manifest);
  return join(dirname(manifest), typeof bins === "string" ? bins : bins[binName]);
}

/** Runs a step to its end; signals go to it, and it decides when to stop. */
function run(executable, step) {
  const path = `${dirname(executable)}${delimiter}${join(modules, ".bin")}${delimiter}${process.env.PATH ?? ""}`;
  const [script, ...rest] = step;
  const file = script.startsWith(root) ? script : join(root, script);
  return new Promise((resolve) => {
    const child = spawn(executable, [file, ...rest], { stdio: "inherit", env: { ...process.env, PATH: path } });
    const pass = (signal) => child.kill(signal);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, pass);
    child.on("error", (error) => fail(`${executable} could not be started: ${error.message}`));
    child.on("exit", (code, signal) =>
      resolve(code ?? (signal === null ? 1 : 128 + ({ SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 0))),
    );
  });
}
