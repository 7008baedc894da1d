import { chanceOf } from "./chance.ts";
import type { Process, Processes } from "./processes.ts";
import { decideAllHolds } from "./reviewers.ts";
import { noOdds, object } from "./scenario.ts";
import type { World } from "./world.ts";

/** Longest that healing may take, in steps. */
const healStepsMax = 30_000;
const roundsMax = 8;

/**
 * No more faults: within the bound everything must come to rest, and a full sweep must then find nothing to do. Where people decide all that is
 * held, nothing may stay held either. Returns the steps taken.
 */
export async function heal(world: World, processes: Processes): Promise<number> {
  const { clock } = world;
  world.odds = noOdds;
  for (const system of world.systems) {
    system.droppedCells.clear();
    system.downUntil = 0;
  }
  world.trace.note(clock.now(), "heal", () => "users and faults stop");
  let isDone = false;
  healAll(world, processes).then(
    () => {
      isDone = true;
    },
    (error: unknown) => {
      world.failures.push(error instanceof Error ? error.message : String(error));
      isDone = true;
    },
  );
  const isOver = () => isDone || world.failures.length > 0;
  const steps = await clock.run(isOver, healStepsMax);
  if (!isOver()) world.failures.push(`I1: not at rest after ${steps} steps of healing`);
  return steps;
}

async function healAll(world: World, processes: Processes): Promise<void> {
  // What is in the schema again is seen at the next look but one, at the latest.
  if (world.scenario.schemaEveryMs !== null) {
    await alive(world, processes);
    await world.clock.sleep(3 * world.scenario.schemaEveryMs);
  }
  await restAll(world, processes);
  for (let round = 0; round < 2; round++) await sweepAll(world, processes);
  for (let round = 0; world.scenario.decideAll; round++) {
    const chance = chanceOf(world.scenario.seed, `decide all ${round}`);
    if (await decideAllHolds(world, processes, chance)) break;
    if (round === roundsMax) throw new Error("I14: there are holds that no decision closes");
    await restAll(world, processes);
    await sweepAll(world, processes);
  }
  const writes = writeCount(world);
  await sweepAll(world, processes);
  const more = writeCount(world) - writes;
  if (more > 0) throw new Error(`I1: a full sweep at rest led to ${more} writes`);
  world.restedAt = world.clock.now();
  await Promise.all(processes.all.map((process) => process?.running.stop()));
}

function writeCount({ systems }: World): number {
  return systems.reduce((sum, { log }) => sum + log.filter((one) => one.by === "truce").length, 0);
}

async function sweepAll(world: World, processes: Processes): Promise<void> {
  const process = await alive(world, processes);
  for (const system of process.deps.connectors.keys()) await process.running.sweep(system, object);
  await restAll(world, processes);
}

async function restAll(world: World, processes: Processes): Promise<void> {
  await alive(world, processes);
  await Promise.all(processes.all.map((process) => process?.running.quiet()));
}

/** Every process is up again and none is stopped any more; the first of them speaks for all. */
async function alive(world: World, processes: Processes): Promise<Process> {
  for (;;) {
    const now = world.clock.now();
    const resumed = processes.all.every((one) => one !== null && one.life.pausedUntil <= now);
    const [first] = processes.all;
    if (resumed && first != null) return first;
    const until = Math.max(...processes.all.map((one) => one?.life.pausedUntil ?? 0));
    await world.clock.sleep(Math.max(500, until - now));
  }
}
