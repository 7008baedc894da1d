import type { EntityType } from "../model/golden.ts";
import type { SystemId } from "../model/record.ts";

/** What changes of an entity on their way from one system to another are to keep to; `null`: whichever. Times in ms; `null`: nothing is said. */
export type Target = {
  readonly entity: EntityType | null;
  readonly from: SystemId | null;
  readonly to: SystemId | null;
  /** How long what `from` told may wait to be decided. */
  readonly undecidedMs: number | null;
  /** How long a record of `to` may differ from what is agreed on. */
  readonly behindMs: number | null;
  /** Within how long 95 of 100 writes from `from` to `to` are to arrive. */
  readonly latencyMs: number | null;
};

export type TargetTime = "undecidedMs" | "behindMs" | "latencyMs";
/** What a target is asked for; a part that is left out fits any. */
export type Way = { readonly entity: EntityType; readonly from?: SystemId; readonly to?: SystemId };

/** The first of the targets that is about this and says this time. */
export function targetFor(targets: readonly Target[], { entity, from, to }: Way, time: TargetTime): number | null {
  const fits = (wanted: string | null, given: string | undefined) =>
    wanted === null || given === undefined || wanted === given;
  const found = targets.find(
    (one) => one[time] !== null && fits(one.entity, entity) && fits(one.from, from) && fits(one.to, to),
  );
  return found?.[time] ?? null;
}
