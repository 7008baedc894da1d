import { accepted, type Normalized, quote, refused, type Scalar } from "./normalized.ts";

/** A boolean, as JSON, databases and CRMs write it: true/false, yes/no, t/f, y/n, 1/0, in any case. */
export function normalizeBoolean(raw: Scalar): Normalized {
  if (typeof raw === "boolean") return accepted(raw);
  const word = String(raw).toLowerCase();
  if (yes.has(word)) return accepted(true);
  if (no.has(word)) return accepted(false);
  return refused(`${quote(raw)} is neither true nor false; write true or false`);
}

const yes = new Set(["true", "yes", "t", "y", "1"]);
const no = new Set(["false", "no", "f", "n", "0"]);
