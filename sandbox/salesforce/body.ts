import { refuse } from "./refusal.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The JSON of a request's body. */
function jsonBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw refuse("JSON_PARSER_ERROR", "Unexpected character at [line:1, column:1]");
  }
}

export function objectBody(body: Buffer): JsonObject {
  const parsed = jsonBody(body);
  if (!isObject(parsed)) throw refuse("JSON_PARSER_ERROR", "The HTTP entity body is required to be an object");
  return parsed;
}
