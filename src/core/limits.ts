import type { Instant } from "../model/time.ts";

/** So many calls within any span of this length. */
export type LimitWindow = { readonly max: number; readonly windowMs: number };

/** What is known of a system's limits before it has answered once. */
export type LimitPolicy = {
  /** None: unknown. The first refusal then tells what was too many. */
  readonly windows: readonly LimitWindow[];
  /** When the system counts a call: at once, or at some moment between sending and answer, so that it takes up room until a window after that. */
  readonly counts: "sent" | "answered";
  /** Calls under way at once. */
  readonly parallelMax: number;
  /** After a refusal, shortest and longest silence where no believable Retry-After says how long; it doubles with each refusal in a row. */
  readonly silenceMsMin: number;
  readonly silenceMsMax: number;
  /** Longest Retry-After that is believed; a longer one is taken for a mistake. */
  readonly askedMsMax: number;
  /** Silence lasts at least so long, whatever Retry-After says. */
  readonly penaltyMs: number;
};

/** live, decision, backfill: who waits when calls queue, and who leaves the rest of a day's calls to the others. */
export type LimitLane = 0 | 1 | 2;

/** The calls of one account as far as its limits are concerned. Changed by the functions here alone. */
export type LimitState = {
  readonly policy: LimitPolicy;
  windows: readonly LimitWindow[];
  /** Part of the limits that is this process's own: others share the account. */
  share: number;
  /** Part of the limits that is believed to be free: falls with each refusal, and grows again while it is all used. */
  trust: number;
  trustedAt: Instant;
  /** What it was when it was too much. */
  ceiling: number;
  /** A call had to wait since it grew last. */
  wasFull: boolean;
  underWay: number;
  /** When calls began to count, oldest first, as far back as any window reaches. */
  times: Instant[];
  silentUntil: Instant;
  refusalsInRow: number;
  day: { readonly max: number; readonly left: number } | null;
};

/** Unknown limits are watched over this span. */
const learnedWindowMs = 10_000;
const trustMin = 0.5;
const trustLost = 0.9;
/** A window with room for all; slower where it was once too much, so that refusals stay rare. */
const trustGained = 0.02;
const trustGainedNear = 0.002;
const nearCeiling = 0.95;
/** It was too much for another reason. */
const pastCeiling = 1.1;
/** Of limits that nobody told, which may be far higher than what was first refused. */
const learnedTrustMax = 1_000;
/** What of a day's calls each lane leaves to the ones before it. */
const dayReserve = [0, 0.05, 0.2] as const;

export function newLimitState(policy: LimitPolicy): LimitState {
  return {
    policy,
    windows: policy.windows,
    share: 1,
    trust: 1,
    trustedAt: 0,
    ceiling: 1,
    wasFull: false,
    underWay: 0,
    times: [],
    silentUntil: 0,
    refusalsInRow: 0,
    day: null,
  };
}

/** Ms until another call may be sent; 0: now. `null`: not before one under way is answered. */
export function roomInMs(state: LimitState, now: Instant): number | null {
  const { windows, policy, underWay } = state;
  if (underWay >= policy.parallelMax) return null;
  forget(state, now);
  let waitMs = 0;
  for (const { max, windowMs } of windows) {
    const free = max * state.share * trustAt(state, now, windowMs);
    // Less than one call a window: one in a longer window.
    const limit = Math.max(1, Math.floor(free));
    const spanMs = free < 1 ? windowMs / free : windowMs;
    const counted = state.times.filter((at) => at > now - spanMs);
    const isPending = policy.counts === "answered";
    const used = counted.length + (isPending ? underWay : 0);
    if (used < limit) continue;
    state.wasFull = true;
    const frees = counted[used - limit];
    if (frees === undefined) return null;
    waitMs = Math.max(waitMs, frees + spanMs - now);
  }
  return waitMs;
}

/** Grows with each window that passes. A limit that the system told is never passed. */
function trustAt(state: LimitState, now: Instant, windowMs: number): number {
  const passed = Math.floor((now - state.trustedAt) / Math.max(windowMs, 1_000));
  const isLearned = state.policy.windows.length === 0;
  if (passed <= 0 || (isLearned ? !state.wasFull : state.trust === 1)) return state.trust;
  const nearness = state.trust / state.ceiling;
  const gain = nearness < nearCeiling || nearness > pastCeiling ? trustGained : trustGainedNear;
  state.trust = Math.min(isLearned ? learnedTrustMax : 1, state.trust * (1 + gain) ** Math.min(passed, 10));
  state.trustedAt = now;
  state.wasFull = false;
  return state.trust;
}

/** A clock that was set back must not hold calls for longer than a window. */
function forget(state: LimitState, now: Instant): void {
  const reachMs = Math.max(learnedWindowMs, ...state.windows.map(({ windowMs }) => 4 * windowMs));
  const first = state.times[0];
  if (first === undefined || (first > now - reachMs && (state.times.at(-1) ?? 0) <= now)) return;
  state.times = state.times.filter((at) => at > now - reachMs && at <= now);
}

export function noteSent(state: LimitState, now: Instant): void {
  state.underWay++;
  if (state.policy.counts === "sent") state.times.push(now);
}

export function noteAnswered(state: LimitState, now: Instant): void {
  state.underWay--;
  if (state.policy.counts === "answered") state.times.push(now);
}

/** A call was refused for being one too many. Returns how long nothing is to be sent. `isLong`: a day's or month's calls are used up. */
export function noteRefused(state: LimitState, now: Instant, askedMs: number | null, isLong: boolean): number {
  const { silenceMsMin, silenceMsMax, askedMsMax, penaltyMs } = state.policy;
  forget(state, now);
  const ownMs = isLong ? longMs : Math.min(silenceMsMax, silenceMsMin * 2 ** state.refusalsInRow);
  const isBelieved = askedMs !== null && (isLong || askedMs <= askedMsMax);
  const waitMs = Math.max(penaltyMs, isBelieved ? askedMs : ownMs);
  // Several calls that were under way together are refused together: one lesson.
  if (state.silentUntil <= now && !isLong) learnFromRefusal(state, now);
  state.refusalsInRow++;
  state.silentUntil = now + waitMs;
  return waitMs;
}

/** Looked again after so long where a long allowance is used up and nobody says until when. */
const longMs = 15 * 60_000;

function learnFromRefusal(state: LimitState, now: Instant): void {
  if (state.windows.length === 0) {
    const sent = state.times.filter((at) => at > now - learnedWindowMs).length;
    state.windows = [{ max: Math.max(1, sent), windowMs: learnedWindowMs }];
  }
  state.ceiling = state.trust;
  const least = state.policy.windows.length === 0 ? 0.01 : trustMin;
  state.trust = Math.max(least, state.trust * trustLost);
  state.trustedAt = now;
}

/** A call went well: what was refused before it is past. */
export function noteFine(state: LimitState): void {
  state.refusalsInRow = 0;
}

/** True when what is left of the day is for the lanes before this one. */
export function isReserved({ day }: LimitState, lane: LimitLane): boolean {
  return day !== null && day.max > 0 && day.left < day.max * dayReserve[lane];
}

/** Retry-After, as seconds or as a date; `null` when it says neither. */
export function retryAfterMs(header: string | null, now: Instant): number | null {
  if (header === null) return null;
  if (/^\d+(?:\.\d+)?$/u.test(header.trim())) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}
