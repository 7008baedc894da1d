import { badRequest } from "./refusal.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** The JSON object in a request's body. Throws HubSpot's refusal for anything else. */
export function jsonBody(body: Buffer): JsonObject {
  try {
    const parsed: unknown = JSON.parse(body.toString());
    if (isObject(parsed)) return parsed;
  } catch {
    // Refused below like any other body that is no object.
  }
  throw badRequest("Invalid input JSON on line 1, column 1: an object was expected");
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A required list of objects. */
export function objectsIn(body: JsonObject, name: string): readonly JsonObject[] {
  const list = body[name];
  if (!Array.isArray(list) || !list.every(isObject)) {
    throw badRequest(`Invalid input JSON on line 1, column 1: Some required fields were not set: [${name}]`);
  }
  return list;
}

/** An optional list of strings. */
export function stringsIn(body: JsonObject, name: string): readonly string[] {
  const list = body[name] ?? [];
  if (!Array.isArray(list)) throw badRequest(`Invalid input JSON: ${name} must be a list`);
  return list.map(String);
}

/** A required string; numbers are taken too. */
export function stringIn(body: JsonObject, name: string): string {
  const value = body[name];
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw badRequest(`Invalid input JSON on line 1, column 1: Some required fields were not set: [${name}]`);
}

/** The required `properties` object. */
export function propertiesIn(body: JsonObject): JsonObject {
  const { properties } = body;
  if (isObject(properties)) return properties;
  throw badRequest("Invalid input JSON on line 1, column 1: Some required fields were not set: [properties]");
}

/** A whole number from a query or body. */
export function wholeNumber(value: unknown, name: string, fallback: number): number {
  if (value === undefined || value === null || value === "") return fallback;
  const number = Number(value);
  if (Number.isInteger(number) && number >= 0) return number;
  throw badRequest(`${name} must be a whole number, not ${JSON.stringify(value)}`);
}
