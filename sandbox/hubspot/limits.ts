import { createRollingLimit, type RollingLimit } from "../core/limit.ts";
import type { SandboxAnswer } from "../core/serve.ts";

export type LimitOptions = {
  /** Calls in any ten seconds, of a private app. Default 100, as for a free account. */
  readonly burst?: number;
  /** Calls in a day, of a private app. Default 250,000. */
  readonly daily?: number;
  /** Searches in any second. Default 5. */
  readonly searches?: number;
};

export type Limits = {
  /** Counts one call: the 429 if there is no room for it, else the headers that tell how much room is left. */
  take(kind: "call" | "search", app: "private" | "oauth"): SandboxAnswer | Readonly<Record<string, string>>;
};

const oauthBurst = 110;

/** HubSpot's limits; `speed` 10 makes them ten times looser. Searches count apart and carry no headers. */
export function createLimits(options: LimitOptions, speed: number, now: () => number): Limits {
  const burst: Record<"private" | "oauth", RollingLimit> = {
    private: createRollingLimit(options.burst ?? 100, 10_000 / speed, now),
    oauth: createRollingLimit(oauthBurst, 10_000 / speed, now),
  };
  const searches = createRollingLimit(options.searches ?? 5, 1000 / speed, now);
  const dailyMax = (options.daily ?? 250_000) * speed;
  let day = 0;
  let used = 0;
  return {
    take: (kind, app) => {
      const today = Math.floor(now() / 86_400_000);
      if (today !== day) [day, used] = [today, 0];
      if (app === "private" && used >= dailyMax) return tooMany("DAILY", "You have reached your daily limit.");
      if (kind === "search") {
        used++;
        return searches.take().allowed ? {} : tooMany("SECONDLY", "You have reached your secondly limit.");
      }
      const { allowed, remaining } = burst[app].take();
      const headers = headersOf(
        burst[app].max,
        remaining,
        10_000 / speed,
        app === "private" ? { max: dailyMax, used: used + 1 } : null,
      );
      if (!allowed)
        return tooMany("TEN_SECONDLY_ROLLING", "You have reached your ten_secondly_rolling limit.", headers);
      used++;
      return headers;
    },
  };
}

type Daily = { readonly max: number; readonly used: number };

function headersOf(max: number, remaining: number, windowMs: number, daily: Daily | null) {
  return {
    "x-hubspot-ratelimit-max": String(max),
    "x-hubspot-ratelimit-remaining": String(remaining),
    "x-hubspot-ratelimit-interval-milliseconds": String(Math.ceil(windowMs)),
    "x-hubspot-ratelimit-secondly": String(Math.ceil(max / 10)),
    "x-hubspot-ratelimit-secondly-remaining": String(Math.min(remaining, Math.ceil(max / 10) - 1)),
    ...(daily === null
      ? {}
      : {
          "x-hubspot-ratelimit-daily": String(daily.max),
          "x-hubspot-ratelimit-daily-remaining": String(daily.max - daily.used),
        }),
  };
}

/** The vendor documents no Retry-After; only fault switches add one. */
export function tooMany(
  policyName: "TEN_SECONDLY_ROLLING" | "SECONDLY" | "DAILY",
  message: string,
  headers: Readonly<Record<string, string>> = {},
): SandboxAnswer {
  const id = "00000000-0000-0000-0000-000000000429";
  return {
    status: 429,
    headers,
    body: { status: "error", message, errorType: "RATE_LIMIT", policyName, correlationId: id, requestId: id },
  };
}
