import type { Instant } from "../../model/time.ts";

/** Refuses names and addresses that failed too often for a while. */
export type Throttle = {
  /** How long it still has to wait, in ms; 0: it may try. */
  waitMs(key: string, now: Instant): number;
  failed(key: string, now: Instant): void;
  passed(key: string): void;
};

const waitMsMin = 2_000;
const waitMsMax = 15 * 60_000;
/** Forgotten after so long without a failure. */
const memoryMs = 60 * 60_000;
const keysMax = 10_000;

/** `freeTries` failures cost nothing; each further one doubles the wait. */
export function newThrottle(freeTries: number): Throttle {
  const failures = new Map<string, { count: number; lastAt: Instant }>();
  return {
    waitMs(key, now) {
      const known = failures.get(key);
      if (known === undefined || known.count < freeTries || now - known.lastAt > memoryMs) return 0;
      const waitMs = Math.min(waitMsMax, waitMsMin * 2 ** (known.count - freeTries));
      return Math.max(0, known.lastAt + waitMs - now);
    },
    failed(key, now) {
      const known = failures.get(key);
      const isRecent = known !== undefined && now - known.lastAt <= memoryMs;
      failures.delete(key);
      failures.set(key, { count: isRecent ? known.count + 1 : 1, lastAt: now });
      // The oldest goes: whoever fills this up gains one more try, no more.
      if (failures.size > keysMax) failures.delete(failures.keys().next().value ?? "");
    },
    passed: (key) => void failures.delete(key),
  };
}
