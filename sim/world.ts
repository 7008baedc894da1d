import type { WriteRequest } from "../src/ports/connector.ts";
import type { Ledger } from "./ledger.ts";
import type { Marks } from "./marks.ts";
import type { Odds, RuleName, Scenario } from "./scenario.ts";
import type { SimSystem } from "./simulated-system.ts";
import type { Trace } from "./trace.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** Everything that a run consists of; the checkers read it when it has come to rest. */
export type World = {
  readonly scenario: Scenario;
  readonly clock: VirtualClock;
  readonly marks: Marks;
  readonly trace: Trace;
  readonly ledger: Ledger;
  readonly systems: readonly SimSystem[];
  /** What goes wrong at present. */
  odds: Odds;
  /** Rules that operators have changed. */
  readonly rules: Map<string, RuleName>;
  readonly failures: string[];
  /** When everything had come to rest. */
  restedAt: number;
  /** Every write request that left a process. */
  readonly sends: { readonly system: string; readonly request: WriteRequest; readonly at: number }[];
  /** Keys of vendor events that were acknowledged. */
  readonly acknowledged: Set<string>;
  readonly decisions: Decided[];
};

/** An answer that a reviewer got. */
export type Decided = {
  readonly holdId: string;
  readonly revision: number;
  readonly by: string;
  readonly answer: "done" | "stale" | "invalid" | "unknown";
};

export const start = 1_700_000_000_000;

export function systemOf(world: Pick<World, "systems">, name: string): SimSystem {
  const found = world.systems.find((system) => system.name === name);
  if (found === undefined) throw new Error(`The scenario has no system ${name}.`);
  return found;
}
