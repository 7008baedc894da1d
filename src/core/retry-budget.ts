import type { Instant } from "../model/time.ts";

/**
 * How many second tries a system may be sent: those that fail again are at most a tenth of its writes, beyond the few that are always allowed.
 * One that goes well costs nothing, so that what an outage left is not held up. Changed by the functions here alone.
 */
export type RetryBudget = { tokens: number; at: Instant };

const shareMax = 0.1;
const tokensMax = 200;
/** Always allowed, so that little traffic does not mean that nothing is ever tried again. */
const tokensPerMinute = 10;
/** For each that goes well: the more do, the more may follow. */
const tokensBack = 1.5;

export function newRetryBudget(now: Instant): RetryBudget {
  return { tokens: tokensPerMinute, at: now };
}

/** So many first tries were sent, and so many second ones went well. */
export function earn(budget: RetryBudget, first: number, second: number): void {
  budget.tokens = Math.min(tokensMax, budget.tokens + first * shareMax + second * tokensBack);
}

/** Takes room for one second try; false: there is none now. */
export function spend(budget: RetryBudget, now: Instant): boolean {
  const minutes = Math.max(0, now - budget.at) / 60_000;
  budget.tokens = Math.min(tokensMax, budget.tokens + minutes * tokensPerMinute);
  budget.at = now;
  if (budget.tokens < 1) return false;
  budget.tokens--;
  return true;
}
