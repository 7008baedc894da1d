import type { SeededRandom } from "../sandbox/core/random.ts";
import { receiveWebhook } from "../src/engine/trigger.ts";
import type { Processes } from "./processes.ts";
import type { Change, SimSystem } from "./simulated-system.ts";
import type { World } from "./world.ts";

const triesMax = 5;
const answerMsMax = 5_000;

/** A system tells of a change: late, more than once, garbled, and again until someone acknowledges it or it gives up. */
export function sendWebhook(
  world: World,
  processes: Processes,
  system: SimSystem,
  change: Change,
  chance: SeededRandom,
) {
  const times = chance.chance(world.odds.webhookRepeat) ? 2 + chance.below(4) : 1;
  for (let n = 0; n < times; n++) {
    world.clock.after(50 + chance.below(2_500), () => deliver(world, processes, system, change, chance, 1));
  }
  if (times > 1) world.marks.add("webhook/repeated");
}

function deliver(
  world: World,
  processes: Processes,
  system: SimSystem,
  change: Change,
  chance: SeededRandom,
  tries: number,
): void {
  const { clock, marks } = world;
  const id = `${system.name}-${change.order}`;
  const process = processes.anyAlive(chance.below(7));
  let isAnswered = false;
  const again = () => {
    if (isAnswered) return;
    isAnswered = true;
    if (tries < triesMax)
      clock.after(500 * 2 ** tries, () => deliver(world, processes, system, change, chance, tries + 1));
    else marks.add("webhook/given-up");
  };
  if (process === undefined) return again();
  const garbled = chance.chance(world.odds.webhookGarbled);
  const body = new TextEncoder().encode(garbled ? "<html>" : JSON.stringify({ id, record: change.id }));
  const request = { method: "POST", url: "/", headers: {}, body, receivedAt: clock.now() };
  clock.after(answerMsMax, again);
  void receiveWebhook(process.deps, system.name, request).then(
    ({ status, wake }) => {
      if (isAnswered) return;
      marks.add(`webhook/${status}`);
      if (status === 503) return again();
      isAnswered = true;
      if (status === 200) world.acknowledged.add(`${system.name}/webhook/${id}`);
      if (wake) process.running.wake(system.name);
    },
    (error: unknown) => {
      if (!process.life.dead) world.failures.push(`a webhook was answered with an error: ${String(error)}`);
    },
  );
}
