import { finish } from "../core/finish.ts";
import type { Filing } from "../core/match/nominate.ts";
import { filingOf } from "../core/match/profile.ts";
import type { GoldenRecord, InFlight } from "../model/golden.ts";
import type { Instant } from "../model/time.ts";
import type { CommitUnit, DueLink, Lane } from "../ports/store.ts";
import { type Deps, landedMs } from "./deps.ts";

/** A unit that changes nothing yet; spread over with what it does. */
export const emptyUnit: CommitUnit = {
  golden: null,
  keys: null,
  sharedKeys: [],
  filing: null,
  guard: null,
  due: [],
  journal: [],
  holds: [],
  pins: [],
  attempts: [],
  done: [],
  postponed: [],
  deadLetters: [],
  closedLetters: [],
  inbox: [],
  wake: [],
  fresh: [],
};

/** The first unit with what the second one adds; of the second one's golden record nothing. */
export function joinUnits(a: CommitUnit, b: CommitUnit): CommitUnit {
  return {
    ...a,
    journal: [...a.journal, ...b.journal],
    holds: [...a.holds, ...b.holds],
    attempts: [...a.attempts, ...b.attempts],
    done: [...a.done, ...b.done],
    postponed: [...a.postponed, ...b.postponed],
    deadLetters: [...a.deadLetters, ...b.deadLetters],
    closedLetters: [...a.closedLetters, ...b.closedLetters],
    inbox: [...a.inbox, ...b.inbox],
    wake: [...a.wake, ...b.wake],
    fresh: [...a.fresh, ...b.fresh],
  };
}

/** Where matching was switched off, nothing is kept for it. */
const notFiled: Filing = { keys: [], says: "" };

/** The part of a unit that a decided golden record fills: its next version, keys and due links. */
export function goldenUnit(
  deps: Pick<Deps, "policy" | "clock" | "store" | "startedAt" | "crew">,
  decided: GoldenRecord,
  lane: Lane,
  ownerOfKey: (key: string) => string | undefined,
): CommitUnit {
  const entity = deps.policy.entities[decided.entity];
  if (entity === undefined)
    throw new Error(`The config has no entity ${decided.entity}, but golden record ${decided.id} is one.`);
  const { golden, keys, due } = finish(decided, entity, deps.clock.now());
  const isTaken = (key: string) => (ownerOfKey(key) ?? golden.id) !== golden.id;
  return {
    ...emptyUnit,
    golden,
    keys,
    sharedKeys: keys.filter(isTaken),
    filing: entity.matching === null ? notFiled : filingOf(golden, entity.matching),
    due: [...due.map((row) => ({ ...row, lane })), ...abandoned(deps, golden, lane)],
  };
}

/**
 * Since when the process that sent it is certainly gone: it was the store's only one and another has started since, or it was seen to be no more.
 * `null`: it may be alive.
 */
export function goneSince({ store, startedAt, crew }: Sharing, inFlight: InFlight): Instant | null {
  if (store.exclusive) return inFlight.startedAt < startedAt ? startedAt : null;
  return (inFlight.sender === undefined ? undefined : crew?.gone.get(inFlight.sender)) ?? null;
}

type Sharing = Pick<Deps, "store" | "startedAt" | "crew">;

/** Writes of a process that is gone are looked at as soon as they must have landed, not when their lease ends. */
function abandoned(deps: Sharing, { links }: GoldenRecord, lane: Lane): DueLink[] {
  return links.flatMap(({ system, object, inFlight }) => {
    const gone = inFlight === null ? null : goneSince(deps, inFlight);
    if (inFlight === null || gone === null) return [];
    return [{ system, object, dueAt: Math.min(inFlight.expiresAt, gone + landedMs), lane }];
  });
}
