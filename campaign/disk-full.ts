import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCompany, sleep } from "./company.ts";
import type { HarmReport, Skipped } from "./harms.ts";
import { resumed } from "./kills.ts";
import { judge } from "./verdict.ts";

const sizeMb = 32;

/** The embedded store's disk, a small one, runs full while people edit, and has room again later. Where Truce ends of it, it is started again. */
export async function diskFull(seed: number, times: number): Promise<HarmReport | Skipped> {
  const folder = mkdtempSync(join(tmpdir(), "truce-campaign-disk-"));
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${sizeMb}m`, "truce-campaign", folder]);
  if (mounted.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    return { harm: "disk full", skipped: "this user may not mount a small file system" };
  }
  try {
    return await onDisk(folder, seed, times);
  } finally {
    spawnSync("umount", [folder]);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function onDisk(dataFolder: string, seed: number, times: number): Promise<HarmReport> {
  const company = await openCompany({ seed, store: "sqlite", dataFolder });
  const ballast = join(dataFolder, "ballast");
  let ended = 0;
  try {
    let truce = company.start();
    await resumed(company, truce);
    const resumeMs: number[] = [];
    for (let time = 0; time < times; time++) {
      fill(ballast);
      await company.play(8);
      await sleep(3_000);
      rmSync(ballast);
      if (truce.hasEnded()) {
        ended++;
        truce = company.start();
      }
      resumeMs.push(await resumed(company, truce));
    }
    await truce.stop();
    return { harm: "disk full", store: "sqlite", times, resumeMs, more: { ended }, verdict: await judge(company) };
  } finally {
    await company.close();
  }
}

function fill(path: string): void {
  const file = openSync(path, "w");
  for (let size = 1_048_576; size >= 512; ) {
    try {
      writeSync(file, Buffer.alloc(size));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      size /= 2;
    }
  }
  closeSync(file);
}
