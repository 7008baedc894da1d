import { finish } from "../core/finish.ts";
import type { GoldenRecord } from "../model/golden.ts";
import type { Policy } from "../model/policy.ts";
import type { Instant } from "../model/time.ts";
import type { CommitUnit, Lane } from "../ports/store.ts";

/** A unit that changes nothing yet; spread over with what it does. */
export const emptyUnit: CommitUnit = {
  golden: null,
  keys: null,
  sharedKeys: [],
  due: [],
  journal: [],
  holds: [],
  pins: [],
  attempts: [],
  done: [],
  postponed: [],
  deadLetters: [],
  inbox: [],
  wake: [],
};

/** The part of a unit that a decided golden record fills: its next version, keys and due links. */
export function goldenUnit(
  decided: GoldenRecord,
  policy: Policy,
  now: Instant,
  lane: Lane,
  ownerOfKey: (key: string) => string | undefined,
): CommitUnit {
  const entity = policy.entities[decided.entity];
  if (entity === undefined)
    throw new Error(`The config has no entity ${decided.entity}, but golden record ${decided.id} is one.`);
  const { golden, keys, due } = finish(decided, entity, now);
  const isTaken = (key: string) => (ownerOfKey(key) ?? golden.id) !== golden.id;
  return {
    ...emptyUnit,
    golden,
    keys,
    sharedKeys: keys.filter(isTaken),
    due: due.map((row) => ({ ...row, lane })),
  };
}
