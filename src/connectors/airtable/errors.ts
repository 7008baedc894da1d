import type { SyncError } from "../../model/sync-error.ts";
import { type Effect, lostError } from "../../ports/lost-answer.ts";

/** A refusal as Airtable words it: `{"error":"NOT_FOUND"}`, `{"error":{type,message}}` or `{"errors":[{error,message}]}`. */
export type Refusal = { readonly type: string; readonly message: string };

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

function objectOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
