import { Refusal } from "./refusal.ts";

export type LimitOptions = {
  /** API calls in any 24 hours. Default 15,000, as for a Developer Edition. */
  readonly daily?: number;
};

export type Limits = {
  /** Counts one call; throws REQUEST_LIMIT_EXCEEDED when there is no room for it. */
  take(): void;
  usage(): { readonly used: number; readonly max: number };
};

const dayMs = 86_400_000;
/** The window moves on in steps. */
const bucketMs = 3_600_000;

/** The org's rolling allocation; `speed` 10 makes it ten times as large. */
export function createLimits(options: LimitOptions, speed: number, now: () => number): Limits {
  const max = Math.round((options.daily ?? 15_000) * speed);
  const buckets = new Map<number, number>();
  const used = () => {
    const oldest = Math.floor((now() - dayMs) / bucketMs);
    let sum = 0;
    for (const [bucket, count] of buckets) {
      if (bucket <= oldest) buckets.delete(bucket);
      else sum += count;
    }
    return sum;
  };
  return {
    take: () => {
      if (used() >= max) {
        throw new Refusal(403, [{ errorCode: "REQUEST_LIMIT_EXCEEDED", message: "TotalRequests Limit exceeded." }]);
      }
      const bucket = Math.floor(now() / bucketMs);
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
    },
    usage: () => ({ used: used(), max }),
  };
}
