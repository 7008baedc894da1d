import { accepted, blank, type Normalized, type Scalar } from "./normalized.ts";
import { scalarText } from "./scalar-text.ts";
import { cleanText } from "./text.ts";

/** A postal address on one line: its lines and parts joined by ", ", one space between words, no empty parts. */
export function normalizeAddress(raw: Scalar): Normalized {
  const text = scalarText(raw);
  if (typeof text !== "string") return text;
  const parts = cleanText(text)
    .split(partEnd)
    .map((part) => part.trim().replace(whiteSpace, " "))
    .filter((part) => part !== "");
  return parts.length === 0 ? blank : accepted(parts.join(", "));
}

const partEnd = /[,\n]/;
const whiteSpace = /\s+/g;
