/** Money as every system can hold it: an exact decimal and an ISO 4217 code. `{ amount: "1200.5", currency: "EUR" }`. */
export type Money = { readonly amount: string; readonly currency: string };

/**
 * One field's value in its type's canonical form. `null` is a known blank; a field that a system did not
 * mention is absent from the map that holds it, never `null`. Numbers are exact decimal strings, sets are
 * sorted and without repeats, dates are ISO 8601, so equal things have one form.
 */
export type FieldValue = null | string | boolean | readonly string[] | Money;

/** A value as a connector hands it over or takes it: any JSON, in the system's own form. */
export type RawValue = null | string | number | boolean | readonly RawValue[] | { readonly [key: string]: RawValue };

/** True when both are the same canonical value. */
export function sameValue(a: FieldValue | undefined, b: FieldValue | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || typeof a !== "object" || typeof b !== "object") return false;
  return sameRaw(a, b);
}

/** Deep equality of two raw values; key order does not matter. */
export function sameRaw(a: RawValue | undefined, b: RawValue | undefined): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (isList(a) || isList(b)) {
    return isList(a) && isList(b) && a.length === b.length && a.every((item, i) => sameRaw(item, b[i]));
  }
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameRaw(a[key], b[key]));
}

/** True for a known blank: `null`, the empty set. */
export function isBlank(value: FieldValue | undefined): value is null | undefined {
  return value === null || value === undefined || (isList(value) && value.length === 0);
}

function isList(value: RawValue): value is readonly RawValue[] {
  return Array.isArray(value);
}
