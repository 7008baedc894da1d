import type { Parked } from "../core/draft.ts";
import { type RecordRef, recordKey } from "../model/record.ts";
import { type InboxItem, type Lane, lookPrefix } from "../ports/store.ts";
import type { Deps } from "./deps.ts";

/** After this many looks, each twice as late as the one before, a parent is looked for once an hour. */
const againMsMin = 2_000;
const againMsMax = 60 * 60_000;
/** With this look a parent has been missing for a quarter of an hour, and a person is told. */
export const overdueTries = 8;

/**
 * Items that look after records which point to others that are not known: each waits under the parent's name, so that it comes up as soon as the
 * parent is known, and reads the parent otherwise.
 */
export function followUps(deps: Deps, parked: readonly Parked[], lane: Lane): InboxItem[] {
  return parked.flatMap(({ child, parents }) => parents.map((parent) => followUp(deps, child, parent, lane, 0)));
}

/** The `tries`-th look for what a child points to. */
export function followUp(deps: Deps, child: RecordRef, parent: RecordRef, lane: Lane, tries: number): InboxItem {
  const now = deps.clock.now();
  return {
    // While one waits, another like it is not taken in.
    id: `${lookPrefix}${recordKey(child)}/${recordKey(parent)}/${tries}`,
    dedupeKey: null,
    observation: { kind: "hint", ref: parent, revision: null, observedAt: now, child },
    lane,
    receivedAt: now,
    dueAt: now + Math.min(againMsMax, againMsMin * 2 ** Math.min(tries, 20)),
    tries,
  };
}
