import type { SyncError } from "../model/sync-error.ts";

/** What a call does: a read can be repeated freely, a write may have taken effect although its answer is lost. */
export type Effect = "read" | "write";

/** The SyncError for a call whose answer did not come or makes no sense. */
export function lostError(effect: Effect, message: string): SyncError {
  return { code: effect === "write" ? "UNKNOWN_OUTCOME" : "UNREACHABLE", message };
}

/** True for failures of `fetch` that come before anything is sent. */
export function isUnsent(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as { code?: unknown };
    if (typeof code === "string" && unsentCodes.has(code)) return true;
  }
  return false;
}

const unsentCodes = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);
