import type { SyncError } from "../../model/sync-error.ts";
import { type Effect, lostError } from "../../ports/lost-answer.ts";
import { type Json, listOf, objectOf, textOf } from "./json.ts";

/** A refusal in whichever of its forms: `{"errors":[{title,detail,code,source}]}`, `{"message"}`, `{"success":0,"message"}`. */
export type Refusal = {
  readonly message: string;
  readonly codes: readonly string[];
  readonly cells: readonly string[];
};

export function refusalOf(body: unknown): Refusal {
  const answer: Json = objectOf(body) ?? {};
  const errors = listOf(answer["errors"]) ?? [];
  const words = errors.map((one) => [one["title"], one["detail"]].map(textOf).filter(Boolean).join(": "));
  return {
    message: words.filter(Boolean).join("; ") || (textOf(answer["message"]) ?? "no reason given"),
    codes: errors.flatMap((one) => textOf(one["code"]) ?? []),
    cells: errors.flatMap((one) => {
      const pointer = textOf(objectOf(one["source"])?.["pointer"]);
      return pointer === null ? [] : [pointer.slice(pointer.lastIndexOf("/") + 1)];
    }),
  };
}

/** The SyncError for a refused call. 429 is judged by the client, which knows about silence. */
export function refusedError(status: number, refusal: Refusal, effect: Effect, what: string): SyncError {
  const message = `${what}: ActiveCampaign answered ${status} ${refusal.message}`;
  if (status === 401 || status === 403)
    return { code: "UNAUTHORIZED", message: `${message}; the API key is wrong, or its user's group may not do this` };
  if (status === 404) return { code: "SCHEMA", message };
  if (status >= 500 || status === 408) return lostError(effect, message);
  return { code: "REJECTED", message, cells: Object.fromEntries(refusal.cells.map((cell) => [cell, refusal.message])) };
}
