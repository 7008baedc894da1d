import { accepted, type Normalized, type Scalar } from "./normalized.ts";
import { scalarText } from "./scalar-text.ts";
import { cleanText } from "./text.ts";

/** A name: Unicode NFC on one line, one space between words. Case stays as it was typed: "van", "McKay" and "IBM" can't be guessed. */
export function normalizeName(raw: Scalar): Normalized {
  const text = scalarText(raw);
  if (typeof text !== "string") return text;
  return accepted(cleanText(text).replace(whiteSpace, " "));
}

const whiteSpace = /\s+/g;
