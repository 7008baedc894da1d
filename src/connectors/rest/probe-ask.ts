import type { Answer } from "./client.ts";
import { at, idOf, type Json, objectOf } from "./json.ts";
import type { Query } from "./options.ts";

/** Where a list and its ids are in an answer. */
export type Shape = { readonly items: string; readonly id: string; readonly fieldsAt: string | undefined };

/** Asks a collection with a query, or a whole address that it gave; `null` where it refuses. */
export type Ask = (query: Query, address?: string) => Promise<Answer | null>;

/** Paths and values, the outer ones first. */
export function pathsIn(value: Json, depth: number, before = ""): (readonly [string, Json])[] {
  const here = Object.entries(objectOf(value) ?? {}).map(([key, inner]) => [before + key, inner] as const);
  if (depth <= 1) return here;
  return [...here, ...here.flatMap(([path, inner]) => pathsIn(inner, depth - 1, `${path}.`))];
}

export function idsIn(answer: Answer | null, shape: Shape): readonly (string | undefined)[] {
  const records = at(answer?.body, shape.items);
  return Array.isArray(records) ? records.map((record) => idOf(at(record, shape.id))) : [];
}

export function isEmptyList(answer: Answer | null, shape: Shape): boolean {
  const list = at(answer?.body, shape.items);
  return Array.isArray(list) && list.length === 0;
}
