import { accepted, type Normalized, type Scalar } from "./normalized.ts";
import { scalarText } from "./scalar-text.ts";

/** Text: Unicode NFC, lines ended by LF, no white space at the ends. Everything inside stays. */
export function normalizeText(raw: Scalar): Normalized {
  const text = scalarText(raw);
  if (typeof text !== "string") return text;
  return accepted(cleanText(text));
}

/** The canonical form of text; trimmed, as composing must not see what trimming removes. */
export function cleanText(text: string): string {
  const lines = text.includes("\r") ? text.replace(lineEnd, "\n") : text;
  return isAscii(lines) ? lines.trim() : lines.trim().normalize("NFC");
}

const lineEnd = /\r\n?/g;

/** True when no character is above U+007F: the common case, which needs no Unicode work. */
export function isAscii(text: string): boolean {
  return !beyondAscii.test(text);
}

const beyondAscii = /[^\0-\x7f]/;
