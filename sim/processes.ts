import type { SeededRandom } from "../sandbox/core/random.ts";
import type { Deps, EngineEvent } from "../src/engine/deps.ts";
import { type Running, run } from "../src/engine/run.ts";
import { chanceOf } from "./chance.ts";
import { faultyStore } from "./faulty-store.ts";
import { type Life, newLife } from "./life.ts";
import { noOdds, policyOf } from "./scenario.ts";
import { type Surroundings, simulatedConnector } from "./simulated-connector.ts";
import type { World } from "./world.ts";

/** One engine in one process. */
export type Process = { readonly life: Life; readonly deps: Deps; readonly running: Running };

/** The processes of a world: each that dies is started again by its supervisor. */
export type Processes = {
  readonly all: readonly (Process | null)[];
  /** One that is alive, by a number of one's own. */
  anyAlive(number: number): Process | undefined;
  /** Ends one and starts it again, with the config as it is now. */
  restart(index: number): void;
};

export function startProcesses(world: World): Processes {
  const { scenario, clock } = world;
  const all: (Process | null)[] = [];
  const chance = chanceOf(scenario.seed, "supervisor");
  let count = 0;
  const launch = (index: number) => {
    const name = `e${index}.${++count}`;
    world.trace.note(clock.now(), name, () => `process ${name} starts`);
    all[index] = null;
    const life = newLife(name, clock, () => {
      world.trace.note(clock.now(), name, () => `process ${name} dies`);
      world.marks.add("process/died");
      all[index] = null;
      clock.after(100 + chance.below(2_000), () => launch(index));
    });
    const process = startProcess(world, life, chanceOf(scenario.seed, name));
    // It may have died at its very first call.
    if (!life.dead) all[index] = process;
  };
  for (let index = 0; index < scenario.engines; index++) launch(index);
  return {
    all,
    anyAlive: (number) => {
      const alive = all.filter((one) => one !== null);
      return alive[number % Math.max(1, alive.length)];
    },
    restart: (index) => all[index]?.life.die(),
  };
}

function startProcess(world: World, life: Life, chance: SeededRandom): Process {
  const { scenario, clock, marks, ledger } = world;
  let ids = 0;
  const around: Surroundings = {
    clock,
    marks,
    odds: () => world.odds,
    isCalm: () => world.odds === noOdds,
    isScanned: (system) => ledger.cursors.get(`scan/${system}/contacts`) === "done",
    onSend: (system, request) => void world.sends.push({ system, request, at: clock.now() }),
    onPull: (system, batch) => ledger.onPull(life.name, system, batch),
  };
  const deps: Deps = {
    store: faultyStore(
      ledger.storeOf(life.name),
      life,
      scenario.engines === 1,
      around,
      chanceOf(scenario.seed, `store/${life.name}`),
    ),
    connectors: new Map(
      world.systems.map((system) => [
        system.name,
        simulatedConnector(system, life, around, chanceOf(scenario.seed, `${system.name}/${life.name}`)),
      ]),
    ),
    policy: policyOf(scenario, world.rules),
    clock: life.clock,
    startedAt: clock.now(),
    random: {
      fraction: chance.fraction,
      id: () => `${String(clock.now()).padStart(15, "0")}-${life.name}-${++ids}`,
    },
    tell: (event) => hear(world, life, event),
  };
  const running = run(deps, {
    workBatchMax: 20,
    sweepEveryMs: scenario.sweepEveryMs,
    schemaEveryMs: scenario.schemaEveryMs,
  });
  running.ended.catch((error: unknown) => {
    if (life.dead) return;
    world.failures.push(`the engine of ${life.name} ended: ${error instanceof Error ? error.stack : String(error)}`);
    life.die();
  });
  return { life, deps, running };
}

function hear({ trace, clock, marks }: World, life: Life, event: EngineEvent): void {
  marks.add(`event/${event.kind}`);
  trace.note(clock.now(), event.kind, () => `${life.name} ${JSON.stringify(event)}`);
}
