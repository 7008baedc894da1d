import { createRollingLimit, type RollingLimit } from "../core/limit.ts";

/** Airtable's request limits: 5 a second for a base, 50 a second for a user; over it, nothing succeeds for 30 s. */
export type Limiter = {
  /** Counts a request; true where it may go on. */
  admit(baseId: string | undefined, userId: string): boolean;
  readonly counts: LimitCounts;
};

export type LimitCounts = {
  requests: number;
  refused: number;
  /** Requests made while a penalty was already running: a client that obeys makes none. */
  probes: number;
};

const perSecond = { base: 5, user: 50 };
const windowMs = 1_000;
const penaltyMs = 30_000;

/** @param speed how many times looser than Airtable the rates are, and shorter the penalty. */
export function makeLimiter(now: () => number, speed: number): Limiter {
  const limits = new Map<string, RollingLimit>();
  const penaltyUntil = new Map<string, number>();
  const counts: LimitCounts = { requests: 0, refused: 0, probes: 0 };

  const takes = (key: string, max: number): boolean => {
    const limit = limits.get(key) ?? createRollingLimit(max * speed, windowMs, now);
    limits.set(key, limit);
    const { allowed } = limit.take();
    if (!allowed) penaltyUntil.set(key, now() + penaltyMs / speed);
    return allowed;
  };

  return {
    admit(baseId, userId) {
      counts.requests++;
      const isPunished = [baseId, userId].some((key) => key !== undefined && (penaltyUntil.get(key) ?? 0) > now());
      if (isPunished) counts.probes++;
      const isAdmitted =
        !isPunished && takes(userId, perSecond.user) && (baseId === undefined || takes(baseId, perSecond.base));
      if (!isAdmitted) counts.refused++;
      return isAdmitted;
    },
    counts,
  };
}
