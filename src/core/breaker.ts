import type { Instant } from "../model/time.ts";

/**
 * A circuit breaker: after several failures in a row nothing is sent to a system for a while, then one call finds out whether it is back.
 * closed: calls go. open: none goes before `until`. probing: one is under way since `since`; the others wait for what becomes of it.
 */
export type Breaker =
  | { readonly kind: "closed"; readonly failures: number }
  | { readonly kind: "open"; readonly until: Instant; readonly opened: number; readonly reason: string }
  | { readonly kind: "probing"; readonly since: Instant; readonly opened: number; readonly reason: string };

export const closedBreaker: Breaker = { kind: "closed", failures: 0 };

const failuresMax = 5;
const openMsMin = 2_000;
const openMsMax = 60_000;
/** A probe that takes longer says nothing yet; another one may go. */
const probeMs = 10_000;

export type Admission =
  | { readonly kind: "go"; readonly breaker: Breaker }
  | { readonly kind: "refused"; readonly retryInMs: number; readonly reason: string };

/** Whether a call may go now, and the breaker while it is under way. */
export function admit(breaker: Breaker, now: Instant): Admission {
  if (breaker.kind === "closed") return { kind: "go", breaker };
  const { opened, reason } = breaker;
  const retryInMs = breaker.kind === "open" ? breaker.until - now : breaker.since + probeMs - now;
  if (retryInMs > 0) return { kind: "refused", retryInMs, reason };
  return { kind: "go", breaker: { kind: "probing", since: now, opened, reason } };
}

export function afterSuccess(): Breaker {
  return closedBreaker;
}

/** One failure more. A failed probe opens the breaker again, for twice as long. */
export function afterCallFailure(breaker: Breaker, now: Instant, reason: string): Breaker {
  if (breaker.kind === "open") return breaker;
  if (breaker.kind === "closed" && breaker.failures + 1 < failuresMax)
    return { kind: "closed", failures: breaker.failures + 1 };
  const opened = breaker.kind === "closed" ? 1 : breaker.opened + 1;
  return { kind: "open", until: now + Math.min(openMsMax, openMsMin * 2 ** (opened - 1)), opened, reason };
}
