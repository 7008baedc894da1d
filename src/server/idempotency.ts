import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import type { Clock } from "../ports/clock.ts";
import type { Store } from "../ports/store.ts";
import { Problem } from "./problem.ts";

/** What was answered to a change: its status and its document. */
export type Kept = { readonly status: number; readonly body: unknown };

/** `answer`: sealed by the key, of which only the digest is kept: who does not know it can't read what an answer says of anybody. */
type Entry = { readonly request: string; readonly answer: string | null };

/** What is kept of an answer that holds a secret. */
const withheld: Kept = { status: 409, body: null };

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
    return again((await store.document(place.kind, place.key, now))?.value as Entry | undefined, fingerprint, key);
  }
  try {
    const answer = await work();
    const kept: Entry = { request: fingerprint, answer: sealed(keeps ? answer : withheld, key) };
    await store.putDocuments([{ ...place, value: kept, expiresAt: clock.now() + keptMs }], clock.now());
    return answer;
  } catch (error) {
    // It may be tried again: nothing was done, or it is told by its revision.
    await store.putDocuments([{ ...place, value: null, expiresAt: null }], clock.now());
    throw error;
  }
}

function again(entry: Entry | undefined, request: string, key: string): Kept {
  if (entry?.answer == null) throw new Problem(409, "A request with this Idempotency-Key is under way.");
  if (entry.request !== request) throw new Problem(422, "This Idempotency-Key was used for another request.");
  const answer = unsealed(entry.answer, key);
  if (answer.body === null && answer.status === withheld.status)
    throw new Problem(409, "This was done already; its answer held a secret and is not kept.");
  return answer;
}

const cipher = "aes-256-gcm";
const ivBytes = 12;
const tagBytes = 16;

function sealed(answer: Kept, key: string): string {
  const iv = randomBytes(ivBytes);
  const box = createCipheriv(cipher, cipherKey(key), iv);
  const text = Buffer.concat([box.update(JSON.stringify(answer)), box.final()]);
  return Buffer.concat([iv, box.getAuthTag(), text]).toString("base64");
}

function unsealed(text: string, key: string): Kept {
  const bytes = Buffer.from(text, "base64");
  const box = createDecipheriv(cipher, cipherKey(key), bytes.subarray(0, ivBytes));
  box.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
  return JSON.parse(Buffer.concat([box.update(bytes.subarray(ivBytes + tagBytes)), box.final()]).toString());
}

/** Another one than the digest under which the entry is found. */
function cipherKey(key: string): Buffer {
  return createHash("sha256").update(`answer to ${key}`).digest();
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
