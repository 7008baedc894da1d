/** At most `max` calls within any `windowMs`. `null` for a limit that is not enforced is the caller's choice. */
export type RollingLimit = {
  /** Counts one call if there is room for it. */
  take(): { readonly allowed: boolean; readonly remaining: number; readonly retryAfterMs: number };
  readonly max: number;
};

/**
 * A rolling window by `now` (ms). Give it `windowMs / speed` for a sandbox that runs faster than the real thing: the limit is
 * then looser by that factor.
 */
export function createRollingLimit(max: number, windowMs: number, now: () => number): RollingLimit {
  let taken: number[] = [];
  return {
    max,
    take: () => {
      const at = now();
      taken = taken.filter((then) => then > at - windowMs);
      if (taken.length >= max) return { allowed: false, remaining: 0, retryAfterMs: taken[0]! + windowMs - at };
      taken.push(at);
      return { allowed: true, remaining: max - taken.length, retryAfterMs: 0 };
    },
  };
}
