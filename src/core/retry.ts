import type { RetryPolicy } from "../model/policy.ts";
import type { SyncError } from "../model/sync-error.ts";

export type NextStep = { readonly kind: "retry"; readonly delayMs: number } | { readonly kind: "dead-letter" };

/** Longest wait that a system's Retry-After is believed for; beyond it the figure is taken for a mistake. */
const retryAfterMsMax = 60 * 60 * 1000;

/**
 * What happens after failed try number `tries` (from 1). `jitter` lies in [0, 1). What the system refuses is never retried; being told to
 * wait, having no access or no connection says nothing about the record, so these never use up its tries.
 */
export function afterFailure(error: SyncError, tries: number, policy: RetryPolicy, jitter: number): NextStep {
  if (error.code === "REJECTED") return { kind: "dead-letter" };
  if (error.code === "UNKNOWN_OUTCOME" && tries >= policy.attemptsMax) return { kind: "dead-letter" };
  const backoffMs = Math.min(policy.delayMsMax, policy.delayMsBase * 2 ** Math.min(tries - 1, 30));
  // Half of it fixed: a floor, so that no retry follows its failure at once.
  const jitteredMs = backoffMs / 2 + (backoffMs / 2) * jitter;
  const askedMs = error.code === "RATE_LIMITED" ? Math.min(error.retryAfterMs ?? 0, retryAfterMsMax) : 0;
  return { kind: "retry", delayMs: Math.round(Math.max(askedMs, jitteredMs)) };
}
