import { SyncFailure } from "../../model/sync-error.ts";
import type { Instant } from "../../model/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Urgency } from "./pace.ts";

/**
 * The org's API calls in any 24 hours, shared by all of its clients. Truce stops by itself before they are used up, so that people's other tools
 * go on working; a scan stops earlier than live work.
 */
export type Allocation = {
  /** Throws RATE_LIMITED while there is no room for a call. */
  refuse(urgency: Urgency): void;
  /** Reads `api-usage=18/15000`. */
  learn(header: string | null): void;
  /** Salesforce refused a call for its limits. Returns the failure to throw. `askedMs`: Retry-After, which it does not send by itself. */
  exceeded(message: string, what: string, askedMs: number | null): SyncFailure;
};

/** Below the share that live work may use. */
const scanReserve = 0.15;
/** How long nothing is sent: the window rolls on all the time, and only an answer tells how far. */
const usedUpWaitMs = 5 * 60_000;
/** Too many calls at once end by themselves. */
const crowdWaitMs = 5_000;

export function createAllocation(clock: Clock, share: number): Allocation {
  let usage: { readonly used: number; readonly max: number } | null = null;
  let silentUntil: Instant = 0;
  let message = "";

  const limited = (waitMs: number): SyncFailure => {
    return new SyncFailure({ code: "RATE_LIMITED", retryAfterMs: waitMs, message });
  };
  return {
    refuse: (urgency) => {
      const now = clock.now();
      if (now < silentUntil) throw limited(silentUntil - now);
      if (usage === null) return;
      const { used, max } = usage;
      const own = urgency === "scan" ? share - scanReserve : share;
      if (used < max * own) return;
      message = `${used} of the org's ${max} API calls in 24 hours are used; Truce keeps to ${Math.round(own * 100)} %`;
      // After the wait one call goes through, and tells how many there are then.
      usage = null;
      silentUntil = now + usedUpWaitMs;
      throw limited(usedUpWaitMs);
    },
    learn: (header) => {
      const { used, max } = /api-usage=(?<used>\d+)\/(?<max>\d+)/u.exec(header ?? "")?.groups ?? {};
      if (used !== undefined && max !== undefined) usage = { used: Number(used), max: Number(max) };
    },
    exceeded: (said, what, askedMs) => {
      const isUsedUp = usage === null ? /TotalRequests/u.test(said) : usage.used >= usage.max;
      const ownMs = isUsedUp ? usedUpWaitMs : crowdWaitMs;
      const waitMs = askedMs !== null && askedMs <= usedUpWaitMs ? askedMs : ownMs;
      // What is used then will be told by the first answer.
      usage = null;
      silentUntil = clock.now() + waitMs;
      message = `${what}: Salesforce's limit was passed (${said}), by us or by another client of this org`;
      return limited(waitMs);
    },
  };
}
