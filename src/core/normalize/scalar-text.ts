import { quote, type Refused, refused, type Scalar } from "./normalized.ts";

/** What makes a string unfit for every system, or `null`. */
export function brokenText(text: string): string | null {
  if (!text.isWellFormed()) return "contains half of a character (a lone surrogate); send it as valid Unicode";
  if (text.includes("\0")) return "contains a NUL character, which databases can't store; remove it at the source";
  return null;
}

/**
 * A scalar as text. Numbers and booleans are taken as they are written in JSON, as long as that loses nothing: a whole number
 * above 2^53 has been rounded on its way here.
 */
export function scalarText(raw: Scalar): string | Refused {
  if (typeof raw === "string") return raw;
  if (typeof raw === "boolean") return String(raw);
  if (!Number.isFinite(raw)) return refused(`${String(raw)} is not a value`);
  if (Number.isInteger(raw) && !Number.isSafeInteger(raw)) return refused(tooLarge(raw));
  return Object.is(raw, -0) ? "0" : String(raw);
}

function tooLarge(raw: number): string {
  return `${quote(raw)} came as a number above 2^53, whose last digits are lost; have the system send it as a string`;
}
