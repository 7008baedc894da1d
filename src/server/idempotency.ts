import { createHash } from "node:crypto";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import { Problem } from "./problem.ts";

/** What was answered to a change: its status and its document. */
export type Kept = { readonly status: number; readonly body: unknown };

type Entry = { readonly request: string; readonly answer: Kept | null };

const keptMs = 24 * 3_600_000;
/** A process that died while it worked leaves its key taken for so long. */
const workMs = 60_000;

/**
 * Makes a change once per key: the second time its answer is told again. 409 while the first is under way, 422 when the key was used for
 * something else. `keeps: false`: the answer is a secret, and not kept.
 */
export async function once(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  key: string,
  request: string,
  keeps: boolean,
  work: () => Promise<Kept>,
): Promise<Kept> {
  const place = { kind: "idempotency", key: digest(key) };
  const fingerprint = digest(request);
  const begun: Entry = { request: fingerprint, answer: null };
  const now = clock.now();
  if (!(await store.putDocuments([{ ...place, value: begun, expiresAt: now + workMs, expected: 0 }], now))) {
    return again((await store.document(place.kind, place.key, now))?.value as Entry | undefined, fingerprint);
  }
  try {
    const answer = await work();
    const kept: Entry = { request: fingerprint, answer: keeps ? answer : { status: 409, body: null } };
    await store.putDocuments([{ ...place, value: kept, expiresAt: clock.now() + keptMs }], clock.now());
    return answer;
  } catch (error) {
    // It may be tried again: nothing was done, or it is told by its revision.
    await store.putDocuments([{ ...place, value: null, expiresAt: null }], clock.now());
    throw error;
  }
}

function again(entry: Entry | undefined, request: string): Kept {
  if (entry?.answer == null) throw new Problem(409, "A request with this Idempotency-Key is under way.");
  if (entry.request !== request) throw new Problem(422, "This Idempotency-Key was used for another request.");
  if (entry.answer.body === null && entry.answer.status === 409)
    throw new Problem(409, "This was done already; its answer held a secret and is not kept.");
  return entry.answer;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
