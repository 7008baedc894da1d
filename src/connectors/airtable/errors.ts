import type { SyncError } from "../../model/sync-error.ts";

/** A refusal as Airtable words it: `{"error":"NOT_FOUND"}`, `{"error":{type,message}}` or `{"errors":[{error,message}]}`. */
export type Refusal = { readonly type: string; readonly message: string };

/** What a call does: a read can be repeated freely, a write may have taken effect although its answer is lost. */
export type Effect = "read" | "write";

/** The refusal in an answer's body, whichever of the shapes it has; empty texts where it has none. */
export function refusalOf(body: unknown): Refusal {
  const answer = objectOf(body);
  const listed = Array.isArray(answer?.["errors"]) ? objectOf(answer["errors"][0]) : undefined;
  const error = listed?.["error"] ?? answer?.["error"];
  if (typeof error === "string") return { type: error, message: textOf(listed?.["message"] ?? answer?.["message"]) };
  const inner = objectOf(error);
  return { type: textOf(inner?.["type"]), message: textOf(inner?.["message"]) };
}

/** The SyncError for a refused call. 429 is judged by the client, which knows about penalties. */
export function refusedError(status: number, refusal: Refusal, effect: Effect, what: string): SyncError {
  const said = [refusal.type, refusal.message].filter((text) => text !== "").join(": ") || "no reason given";
  const message = `${what}: Airtable answered ${status} ${said}`;
  if (status === 401) return { code: "UNAUTHORIZED", message: `${message}; the token is wrong or was revoked` };
  if (status === 403) {
    return {
      code: "UNAUTHORIZED",
      message: `${message}; the token lacks a scope or access to the base, or it is gone`,
    };
  }
  if (status === 404 || goneTypes.has(refusal.type)) return { code: "SCHEMA", message };
  if (status >= 500 || status === 408) return lostError(effect, message);
  return { code: "REJECTED", message, cells: {} };
}

const goneTypes = new Set(["UNKNOWN_FIELD_NAME", "TABLE_NOT_FOUND", "VIEW_NAME_NOT_FOUND"]);

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

function objectOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
