import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/**
 * Text that only the holder of the token can read: the feed's cursor is kept in the store, and holds a webhook's secret, which Airtable
 * tells once only. AES-256-GCM; the key comes from the token by HKDF-SHA-256.
 */
export function seal(token: string, text: string): string {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv("aes-256-gcm", keyOf(token), iv);
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString("base64");
}

/** The text, or `null` where it was sealed with another token or damaged. */
export function unseal(token: string, sealed: string): string | null {
  const bytes = Buffer.from(sealed, "base64");
  if (bytes.length < ivBytes + tagBytes) return null;
  const decipher = createDecipheriv("aes-256-gcm", keyOf(token), bytes.subarray(0, ivBytes));
  decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
  try {
    return decipher.update(bytes.subarray(ivBytes + tagBytes), undefined, "utf8") + decipher.final("utf8");
  } catch {
    return null;
  }
}

const ivBytes = 12;
const tagBytes = 16;

function keyOf(token: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", token, "truce", "airtable webhook secret", 32));
}
