import type { RawValue } from "../../model/value.ts";
import { accepted, blank, type Normalized, quote, refused, type Scalar } from "./normalized.ts";
import { scalarText } from "./scalar-text.ts";

/** A record's id in its system: a string, never re-cased or composed. Numbers must be whole and exact. */
export function normalizeReference(raw: Scalar): Normalized {
  if (typeof raw === "boolean" || (typeof raw === "number" && !Number.isInteger(raw))) {
    return refused(`${quote(raw)} is not a record id; a string or a whole number would be`);
  }
  const id = scalarText(raw);
  return typeof id === "string" ? accepted(id) : id;
}

/** Ids of any number of records, from a list or a text joined by ";": sorted, without repeats. */
export function normalizeReferences(raw: RawValue): Normalized {
  const ids = new Set<string>();
  for (const item of itemsOf(raw)) {
    if (item === null) continue;
    if (typeof item === "object") return refused("has a list or structure among its members; each is one record id");
    const id = normalizeReference(typeof item === "string" ? item.trim() : item);
    if (!id.ok) return id;
    if (id.value !== null && id.value !== "") ids.add(String(id.value));
  }
  return ids.size === 0 ? blank : accepted([...ids].sort());
}

function itemsOf(raw: RawValue): readonly RawValue[] {
  if (typeof raw === "string") return raw.split(";");
  return Array.isArray(raw) ? raw : [raw];
}
