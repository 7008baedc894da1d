import { createHash } from "node:crypto";
import { type RecordRef, recordKey } from "../../model/record.ts";
import { toStored } from "../../ports/store-text.ts";

/** PostgreSQL's indexes take some 2,700 bytes; a code unit may be 3. */
const keyLengthMax = 800;

/**
 * A text by which rows are found. Very long ones are cut, and told apart by their digest: rows that need the text itself keep it elsewhere.
 */
export function storedKey(text: string): string {
  const stored = toStored(text);
  if (stored.length <= keyLengthMax) return stored;
  const digest = createHash("sha256").update(stored).digest("base64");
  // A cut may have halved a pair.
  return `${toStored(stored.slice(0, keyLengthMax - 100))}\u0010#${digest}`;
}

export function storedRecord(ref: RecordRef): string {
  return storedKey(recordKey(ref));
}

export function storedOrNull(text: string | null): string | null {
  return text === null ? null : toStored(text);
}

/**
 * An array as one text, of which `truce.texts` makes an array again. Far cheaper than the driver's array literal, whose every quotation mark is
 * escaped here and read back there; documents are full of them. Texts must be stored ones or JSON.
 */
export function listOf(values: readonly (string | number | boolean | null)[]): string {
  return values.map((value) => `\u001f${value ?? "\u001e"}`).join("");
}
