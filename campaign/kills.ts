import { createRandom, type SeededRandom } from "../sandbox/core/random.ts";
import { type Company, openCompany, type StoreKind, sleep } from "./company.ts";
import { type HarmReport, resumeMsLimit } from "./harms.ts";
import { type Stage, stages } from "./stages.ts";
import type { Truce } from "./truce.ts";
import { judge } from "./verdict.ts";

/** Stages that can be seen from outside: all with a store in PostgreSQL; the embedded one is no other process's to watch. */
const visible: Readonly<Record<StoreKind, readonly Stage[]>> = {
  postgres: stages,
  sqlite: ["received", "stored", "sent, not arrived", "sent", "answered"],
};
const stageMsMax = 1_500;

/**
 * A round on a company of its own: people edit, the process dies, at random or the moment that a change has reached a stage, is started again,
 * and dies again. Some die before they have come up.
 */
export async function killRound(seed: number, store: StoreKind, kills: number, until: number): Promise<HarmReport> {
  const company = await openCompany({ seed, store });
  const random = createRandom(seed + 1);
  const counts: Record<string, number> = {};
  const resumeMs: number[] = [];
  try {
    let truce = company.start();
    let times = 0;
    while (times < kills && Date.now() < until) {
      const stage = random.chance(0.3) ? null : visible[store][times % visible[store].length]!;
      const died = await killOnce(company, truce, stage, random);
      counts[died] = (counts[died] ?? 0) + 1;
      times++;
      truce = company.start();
      // Every sixth is not even given the time to come up.
      if (times % 6 === 0) {
        await sleep(random.below(600));
        continue;
      }
      resumeMs.push(await resumed(company, truce));
    }
    await truce.stop();
    return { harm: "kill -9", store, times, stages: counts, resumeMs, verdict: await judge(company) };
  } finally {
    await company.close();
  }
}

/** Resolves when it is dead, with the stage at which it died; one that was not reached in time makes it a death at random. */
async function killOnce(company: Company, truce: Truce, stage: Stage | null, random: SeededRandom): Promise<string> {
  let died = "at random";
  if (stage !== null)
    company.trap.set(stage, random.below(3), () => {
      died = stage;
      truce.kill();
    });
  const playing = company.play(3 + random.below(4));
  await Promise.race([truce.ended, sleep(stage === null ? random.below(800) : stageMsMax)]);
  company.trap.clear();
  if (truce.hasEnded() && died === "at random") throw new Error(`truce ended by itself: ${truce.said()}`);
  truce.kill();
  await Promise.all([truce.ended, playing]);
  return died;
}

/** Until an edit that is made now is in another system, ms. */
export async function resumed(company: Company, truce: Truce): Promise<number> {
  const took = await Promise.race([company.probe(resumeMsLimit), truce.ended]);
  if (typeof took === "string") throw new Error(`truce ended by itself: ${took}`);
  if (took === null) throw new Error(`Nothing moved for ${resumeMsLimit / 1_000} s: ${truce.said()}`);
  return took;
}
