import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** 256 bits that can't be guessed, fit for URLs and headers. */
export function newSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** How a secret of `newSecret` is stored. It can't be guessed, so a fast digest is enough. */
export function digestOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

export function sameDigest(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
