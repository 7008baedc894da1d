import type { FieldValue } from "../../model/value.ts";

/** Three-way union of sets: what either side added stays, what either side took out of the base goes. Symmetric in its sides. */
export function union(base: FieldValue | undefined, left: FieldValue, right: FieldValue): readonly string[] | null {
  const [b, l, r] = [members(base), members(left), members(right)];
  const kept = [...new Set([...l, ...r])].filter((item) => !b.has(item) || (l.has(item) && r.has(item)));
  // The empty set's canonical form is a blank.
  return kept.length === 0 ? null : kept.sort();
}

function members(value: FieldValue | undefined): ReadonlySet<string> {
  return new Set(Array.isArray(value) ? (value as readonly string[]) : []);
}
