import { accepted, type Normalized, quote, refused, type Scalar } from "./normalized.ts";
import { scalarText } from "./scalar-text.ts";

/** A record's id in its system: a string, never re-cased or composed. Numbers must be whole and exact. */
export function normalizeReference(raw: Scalar): Normalized {
  if (typeof raw === "boolean" || (typeof raw === "number" && !Number.isInteger(raw))) {
    return refused(`${quote(raw)} is not a record id; a string or a whole number would be`);
  }
  const id = scalarText(raw);
  return typeof id === "string" ? accepted(id) : id;
}
