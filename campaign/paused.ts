import { createRandom } from "../sandbox/core/random.ts";
import { openCompany, sleep } from "./company.ts";
import type { HarmReport } from "./harms.ts";
import { resumed } from "./kills.ts";
import { stages } from "./stages.ts";
import { judge } from "./verdict.ts";

/** Longer than a worker's lease on what it has claimed (10 s, `src/engine/deps.ts`). */
const pauseMs = 12_000;

/** Two workers on one store. One is stopped, in the midst of a change, for longer than its lease; the other goes on; then the first does as well. */
export async function pausedWorker(seed: number, times: number): Promise<HarmReport> {
  const company = await openCompany({ seed, store: "postgres" });
  const random = createRandom(seed + 1);
  try {
    const workers = [company.start(), company.start({ worker: 1 })];
    for (const worker of workers) await resumed(company, worker);
    const resumeMs: number[] = [];
    for (let time = 0; time < times; time++) {
      const [paused, other] = time % 2 === 0 ? [workers[0]!, workers[1]!] : [workers[1]!, workers[0]!];
      company.trap.set(stages[2 + random.below(stages.length - 2)]!, random.below(3), () => paused.signal("SIGSTOP"));
      await company.play(8);
      company.trap.clear();
      paused.signal("SIGSTOP");
      const stoppedAt = Date.now();
      resumeMs.push(await resumed(company, other));
      await company.play(8);
      await sleep(stoppedAt + pauseMs - Date.now());
      paused.signal("SIGCONT");
      await company.play(4);
      await sleep(1_000);
    }
    for (const worker of workers) await worker.stop();
    return { harm: "worker paused", store: "postgres", times, resumeMs, verdict: await judge(company) };
  } finally {
    await company.close();
  }
}
