/** Any JSON value. */
export type Json = null | string | number | boolean | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/** The value as an object, or undefined where it is something else. */
export function asObject(value: Json | undefined): JsonObject | undefined {
  return typeof value === "object" && value !== null && !isList(value) ? value : undefined;
}

/** The value as a list, or undefined where it is something else. */
export function asList(value: Json | undefined): readonly Json[] | undefined {
  return value !== undefined && isList(value) ? value : undefined;
}

/** Equality by content; key order does not matter. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  const [listA, listB] = [asList(a), asList(b)];
  if (listA || listB) {
    return (
      Boolean(listA && listB) && listA!.length === listB!.length && listA!.every((item, i) => sameJson(item, listB![i]))
    );
  }
  const [objectA, objectB] = [asObject(a), asObject(b)];
  if (!objectA || !objectB) return false;
  const keys = Object.keys(objectA);
  return keys.length === Object.keys(objectB).length && keys.every((key) => sameJson(objectA[key], objectB[key]));
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
