import { newRetryBudget, type RetryBudget } from "../core/retry-budget.ts";
import type { GoldenId, InFlight, Link } from "../model/golden.ts";
import type { EntityPolicy, ObjectMapping } from "../model/policy.ts";
import type { SystemId } from "../model/record.ts";
import type { Deps } from "./deps.ts";

/** One write on its way. */
export type Send = {
  readonly goldenId: GoldenId;
  /** The system that its news comes from; `null`: a person or a rule. */
  readonly from: SystemId | null;
  readonly mapping: ObjectMapping;
  readonly link: Link;
  readonly inFlight: InFlight;
  readonly entity: EntityPolicy;
};

/**
 * Writes whose intents were stored together with what made them due, on the way to their dispatchers. A system has room for as many as its next
 * batch takes; whatever else is due waits in the store, where later changes of the same record join it.
 */
export type Outbox = {
  /** How many more writes to a system may be made ready now. */
  room(system: SystemId): number;
  /** What second tries to a system may cost. */
  budget(system: SystemId): RetryBudget;
  add(sends: readonly Send[]): void;
  /** All that is ready for a system. */
  take(system: SystemId): readonly Send[];
};

/** `mayWrite`: whether a system may be written to now. `onReady` is called with a system that has writes ready. */
export function newOutbox(
  deps: Deps,
  mayWrite: (system: SystemId) => boolean,
  onReady: (system: SystemId) => void,
): Outbox {
  const ready = new Map<SystemId, Send[]>();
  const budgets = new Map<SystemId, RetryBudget>();
  return {
    room(system) {
      const connector = deps.connectors.get(system);
      return connector === undefined || !mayWrite(system)
        ? 0
        : connector.writeBatchMax - (ready.get(system)?.length ?? 0);
    },
    budget(system) {
      const budget = budgets.get(system) ?? newRetryBudget(deps.clock.now());
      budgets.set(system, budget);
      return budget;
    },
    add(sends) {
      for (const send of sends) {
        const { system } = send.link;
        const list = ready.get(system);
        if (list === undefined) ready.set(system, [send]);
        else list.push(send);
      }
      for (const system of new Set(sends.map(({ link }) => link.system))) onReady(system);
    },
    take(system) {
      const sends = ready.get(system) ?? [];
      ready.delete(system);
      return sends;
    },
  };
}

/** Every write goes by way of the store. */
export const noOutbox: Outbox = {
  room: () => 0,
  budget: () => newRetryBudget(0),
  add: () => undefined,
  take: () => [],
};
