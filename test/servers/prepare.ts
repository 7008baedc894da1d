import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { type DebianProgram, debianPackages, debianProgram } from "./debian.ts";

/** Before the tests: installs the Debian packages that they ask for, where that is possible. Where not, those tests skip and say so. */
const root = join(import.meta.dirname, "..", "..");
const missing = (await askedPrograms()).filter((program) => debianProgram(program).path === null);
if (missing.length > 0 && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get"))
  install(missing.map((program) => debianPackages[program]));

async function askedPrograms(): Promise<DebianProgram[]> {
  const asked = new Set<DebianProgram>();
  for await (const file of glob("{src,sandbox,sim,demo,test}/**/*.ts", { cwd: root })) {
    const text = readFileSync(join(root, file), "utf8");
    for (const program of Object.keys(debianPackages) as DebianProgram[])
      if (text.includes(`debianProgram("${program}")`)) asked.add(program);
  }
  return [...asked];
}

function install(packages: readonly string[]): void {
  process.stderr.write(`Installing Debian packages for the tests: ${packages.join(", ")} …\n`);
  const options = ["-y", "-qq", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"];
  for (const args of [["update"], ["install", ...options, ...packages]]) {
    const { status, stdout, stderr } = spawnSync("apt-get", args, {
      encoding: "utf8",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    if (status === 0) continue;
    process.stderr.write(`apt-get ${args[0]} failed, so the tests that need them skip:\n${stdout}${stderr}`);
    return;
  }
}
