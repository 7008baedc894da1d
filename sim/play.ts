import { createMemoryStore } from "../src/store/memory/memory-store.ts";
import { act } from "./act.ts";
import { chanceOf } from "./chance.ts";
import { checkWorld } from "./check/check-world.ts";
import { checkCommit } from "./check/commit.ts";
import { drawScenario } from "./draw-scenario.ts";
import { heal } from "./heal.ts";
import { newLedger } from "./ledger.ts";
import { markCommit, markWorld } from "./mark-world.ts";
import { newMarks } from "./marks.ts";
import { startProcesses } from "./processes.ts";
import type { Scenario } from "./scenario.ts";
import { type SimSystem, simulatedSystem } from "./simulated-system.ts";
import { tellEntry } from "./tell-entry.ts";
import { newTrace } from "./trace.ts";
import { virtualClock } from "./virtual-clock.ts";
import { sendWebhook } from "./webhooks.ts";
import { start, type World } from "./world.ts";

/** What one run came to. */
export type Report = {
  readonly seed: number;
  readonly steps: number;
  /** Broken promises, in words; empty when all hold. */
  readonly failures: readonly string[];
  readonly marks: ReadonlySet<string>;
  /** Equal for equal runs. */
  readonly traceHash: string;
  /** Who said what, what was decided, what was written; empty unless asked for. */
  readonly log: readonly string[];
};

const faultyStepsMax = 40_000;

/** Plays the scenario of a seed. */
export function playSeed(seed: number, options: { readonly keepsLog?: boolean } = {}): Promise<Report> {
  return play(drawScenario(seed), options);
}

/** Plays a scenario: a safety phase with faults, crashes and edits on all sides, then healing, then every promise is checked. */
export async function play(scenario: Scenario, options: { readonly keepsLog?: boolean } = {}): Promise<Report> {
  const world = newWorld(scenario, options.keepsLog === true);
  const { clock, systems } = world;
  for (const { system, values } of scenario.records) systems.find((one) => one.name === system)?.userCreate(values);
  const processes = startProcesses(world);
  const listeners = chanceOf(scenario.seed, "webhooks");
  world.onChange = (system, change) => {
    if (system.profile.webhooks) sendWebhook(world, processes, system, change, listeners);
  };
  scenario.actions.forEach((action, n) => {
    clock.after(action.at, () => act(world, processes, action, n));
  });
  let steps = await clock.run(() => clock.now() >= start + scenario.spanMs, faultyStepsMax);
  steps += await heal(world, processes);
  markWorld(world);
  return {
    seed: scenario.seed,
    steps,
    failures: world.failures.length > 0 ? world.failures : checkWorld(world),
    marks: world.marks.seen,
    traceHash: world.trace.hash(),
    log: world.trace.lines,
  };
}

function newWorld(scenario: Scenario, keepsLog: boolean): World & { onChange: Listener } {
  const clock = virtualClock(start);
  const trace = newTrace(keepsLog, start);
  const marks = newMarks();
  const systems: SimSystem[] = [];
  const world: World & { onChange: Listener } = {
    scenario,
    clock,
    trace,
    marks,
    systems,
    odds: scenario.odds,
    rules: new Map(),
    failures: [],
    restedAt: 0,
    sends: [],
    acknowledged: new Set<string>(),
    decisions: [],
    onChange: (() => undefined) as Listener,
    ledger: newLedger(createMemoryStore(), (unit, before) => {
      markCommit(marks, unit, before);
      world.failures.push(...checkCommit(world, unit, before));
      for (const line of unit.journal) trace.note(clock.now(), line.kind, () => tellEntry(line));
      for (const { inboxId, outcome } of unit.done)
        trace.note(clock.now(), outcome, () => `  ${inboxId} ends as ${outcome}`);
      for (const { inboxId } of unit.postponed) trace.note(clock.now(), "postponed", () => `  ${inboxId} waits`);
      const { golden } = unit;
      if (golden !== null)
        trace.note(clock.now(), golden.id, () => `  commit ${golden.id} v${golden.version} ${linksText(golden)}`);
    }),
  };
  for (const setup of scenario.systems) {
    const system = simulatedSystem(scenario, setup, clock, chanceOf(scenario.seed, setup.name), (name, change) => {
      trace.note(
        clock.now(),
        `${name}${change.kind}${change.id}`,
        () => `${name}: ${change.by} ${change.kind} ${change.id} ${JSON.stringify(change.after)}`,
      );
      if (change.by === "automation") marks.add("taxonomy/third-party-workflow");
      world.onChange(system, change);
    });
    systems.push(system);
  }
  return world;
}

type Listener = (system: SimSystem, change: SimSystem["log"][number]) => void;

function linksText({
  links,
}: {
  readonly links: readonly { system: string; id: string | null; status: string; inFlight: unknown }[];
}) {
  return links.map((link) => `${link.id ?? link.system}:${link.status}${link.inFlight === null ? "" : "*"}`).join(" ");
}
