import { admit, afterCallFailure, afterSuccess, type Breaker, closedBreaker } from "../core/breaker.ts";
import type { LimitLane, LimitPolicy } from "../core/limits.ts";
import type { EngineEvent } from "../engine/deps.ts";
import { type SyncError, SyncFailure } from "../model/sync-error.ts";
import type { Clock } from "../ports/clock.ts";
import type { Connector, WriteResult } from "../ports/connector.ts";
import { createLimiter } from "../ports/limiter.ts";
import { laneBackfill, laneLive } from "../ports/store.ts";

/** Of a system whose connector knows no limits: nothing holds its calls up until it says that they are too many. */
const unknownLimits: LimitPolicy = {
  windows: [],
  counts: "answered",
  parallelMax: Number.POSITIVE_INFINITY,
  silenceMsMin: 1_000,
  silenceMsMax: 60_000,
  askedMsMax: 60 * 60_000,
  penaltyMs: 0,
};

/**
 * A connector whose calls go through what all systems have in common: a circuit breaker, and, where it shows no limiters of its own, a limiter
 * that learns from refusals. Scans let everything else pass.
 */
export function governed(connector: Connector, clock: Clock, tell: (event: EngineEvent) => void): Connector {
  const { system, label, feed } = connector;
  const own = connector.limiters === undefined ? createLimiter(clock, "calls", unknownLimits) : null;
  const limiters = connector.limiters ?? (own === null ? [] : [own]);
  let breaker: Breaker = closedBreaker;

  const enter = (): void => {
    const admission = admit(breaker, clock.now());
    if (admission.kind === "go") {
      breaker = admission.breaker;
      return;
    }
    const seconds = Math.ceil(admission.retryInMs / 1_000);
    const message = `${label} is left alone for ${seconds} s, as it keeps failing: ${admission.reason}`;
    throw new SyncFailure({ code: "UNREACHABLE", message });
  };
  const judge = (error: SyncError | null): void => {
    if (error?.code === "RATE_LIMITED") {
      own?.limited(error.retryAfterMs, error.message);
      return;
    }
    const before = breaker;
    const now = clock.now();
    breaker = isOutage(error) ? afterCallFailure(breaker, now, error.message) : afterSuccess();
    if (!isOutage(error)) own?.fine();
    if (breaker.kind === "open" && before.kind !== "open")
      tell({ kind: "breaker", system, forMs: breaker.until - now, reason: breaker.reason });
    if (breaker.kind === "closed" && before.kind !== "closed") tell({ kind: "breaker", system, forMs: 0, reason: "" });
  };
  const call = async <T>(
    lane: LimitLane,
    send: () => Promise<T>,
    errorIn: (result: T) => SyncError | null = () => null,
  ): Promise<T> => {
    enter();
    const answered = await own?.turn(lane);
    try {
      const result = await send();
      judge(errorIn(result));
      return result;
    } catch (error) {
      if (error instanceof SyncFailure) judge(error.error);
      throw error;
    } finally {
      answered?.();
    }
  };

  return {
    ...connector,
    limiters,
    pauseMs() {
      const admission = admit(breaker, clock.now());
      const silentMs = limiters[0]?.usage().silentForMs ?? 0;
      return Math.max(silentMs, admission.kind === "refused" ? admission.retryInMs : 0);
    },
    feed:
      feed === null
        ? null
        : {
            // A feed may find out only later whether it can stream.
            get kind() {
              return feed.kind;
            },
            intervalMs: feed.intervalMs,
            start: (objects) => call(laneLive, () => feed.start(objects)),
            pull: (request) => call(laneLive, () => feed.pull(request)),
          },
    read: (object, ids) => call(laneLive, () => connector.read(object, ids)),
    scan: (object, cursor) => call(laneBackfill, () => connector.scan(object, cursor)),
    write: (object, requests) => call(laneLive, () => connector.write(object, requests), commonError),
  };
}

/** The system does not answer, or lets nobody in. */
function isOutage(error: SyncError | null): error is SyncError {
  return error !== null && ["UNREACHABLE", "UNKNOWN_OUTCOME", "UNAUTHORIZED"].includes(error.code);
}

/** What all writes of a call failed for; `null` when one did not. */
function commonError(results: readonly WriteResult[]): SyncError | null {
  const errors = results.map((result) => (result.kind === "failed" ? result.error : null));
  const limited = errors.find((error) => error?.code === "RATE_LIMITED");
  if (limited != null) return limited;
  return errors.every(isOutage) ? (errors[0] ?? null) : null;
}
