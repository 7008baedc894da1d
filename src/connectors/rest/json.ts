import type { RawValue } from "../../model/value.ts";

/** JSON from outside; look into it with `at` and `own` alone. */
export type Json = unknown;
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whole numbers too large for a JavaScript number keep their digits, on the way in and out again. */
type ExactNumber = { readonly rawJSON: string };
type JsonWithRaw = typeof JSON & { rawJSON(text: string): ExactNumber; isRawJSON(value: unknown): boolean };

const deepMax = 64;

/** Parsed JSON. Throws what `JSON.parse` throws. */
export function parseJson(text: string): Json {
  const reviver = (_key: string, value: unknown, context?: { readonly source?: string }) =>
    typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value) && context?.source
      ? (JSON as JsonWithRaw).rawJSON(context.source)
      : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}

function isExact(value: unknown): value is ExactNumber {
  return (JSON as JsonWithRaw).isRawJSON(value);
}

export function objectOf(value: Json): JsonObject | undefined {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value) && !isExact(value);
  return isObject ? (value as JsonObject) : undefined;
}

/** A member of its own, so that hostile keys such as `__proto__` mean nothing. */
export function own(object: JsonObject, key: string): Json {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** What stands at a path; "" is the value itself. A key that holds dots is found as it is. `undefined`: nothing there. */
export function at(value: Json, path: string): Json {
  if (path === "") return value;
  if (Array.isArray(value)) {
    const [first = "", ...rest] = path.split(".");
    return /^\d+$/u.test(first) ? at(value[Number(first)], rest.join(".")) : undefined;
  }
  const object = objectOf(value);
  if (object === undefined) return undefined;
  if (Object.hasOwn(object, path)) return object[path];
  const dot = path.indexOf(".");
  return dot === -1 ? undefined : at(own(object, path.slice(0, dot)), path.slice(dot + 1));
}

/**
 * A copy with the value put in at a path; objects on the way are made where they are missing, and a list where its first item is named. `undefined`
 * takes the key out.
 */
export function withAt(value: Json, path: string, inner: Json): Json {
  if (path === "") return inner;
  const [, index = "", beyond = ""] = /^(\d+)(?:\.(.*))?$/u.exec(path) ?? [];
  // Where nothing is yet, a number other than 0 is rather the name of a field.
  if (Array.isArray(value) ? index !== "" : index === "0" && (value === undefined || value === null)) {
    const list: Json[] = [...((value ?? []) as readonly Json[])];
    const next = withAt(list[Number(index)], beyond, inner);
    list.splice(Number(index), 1, ...(next === undefined ? [] : [next]));
    return list;
  }
  const object = objectOf(value) ?? {};
  const dot = Object.hasOwn(object, path) ? -1 : path.indexOf(".");
  const key = dot === -1 ? path : path.slice(0, dot);
  const next = dot === -1 ? inner : withAt(own(object, key), path.slice(dot + 1), inner);
  // Entries instead of a spread with a key: `__proto__` is a name like any other.
  const others = Object.entries(object).filter(([name]) => name !== key);
  return Object.fromEntries(next === undefined ? others : [...others, [key, next]]);
}

/** The value as a cell holds it. What is nested deeper than any field is cut off: no field takes a structure anyway. */
export function rawOf(value: Json, depth = 0): RawValue {
  if (depth > deepMax) return "…";
  if (isExact(value)) return value.rawJSON;
  if (Array.isArray(value)) return value.map((item) => rawOf(item, depth + 1));
  const object = objectOf(value);
  if (object === undefined) return (value ?? null) as RawValue;
  return Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, rawOf(inner, depth + 1)]));
}

/** An id, whether it came as text or number; `undefined` for anything else. */
export function idOf(value: Json): string | undefined {
  if (typeof value === "string" && value !== "") return value;
  if (isExact(value)) return value.rawJSON;
  return typeof value === "number" && Number.isSafeInteger(value) ? String(value) : undefined;
}

/** A scalar as text; "" for anything else. */
export function textOf(value: Json): string {
  if (isExact(value)) return value.rawJSON;
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

/** What a tool means by yes: anything but nothing, false, 0, "" and an empty list. */
export function isYes(value: Json): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== false && value !== 0 && value !== "" && value !== "false";
}
