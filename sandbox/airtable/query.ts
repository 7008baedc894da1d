import type { Json, JsonObject } from "./json.ts";

type Tree = { [key: string]: Tree | string | string[] };

/**
 * A query string as the object it stands for: `sort[0][field]=Name&fields[]=A` is
 * `{sort: [{field: "Name"}], fields: ["A"]}`. Values stay strings.
 */
export function parseQuery(params: URLSearchParams): JsonObject {
  const tree: Tree = Object.create(null);
  for (const [key, value] of params) put(tree, pathOf(key), value);
  return toJson(tree) as JsonObject;
}

function pathOf(key: string): string[] {
  const open = key.indexOf("[");
  if (open < 0) return [key];
  return [key.slice(0, open), ...[...key.slice(open).matchAll(/\[([^\]]*)\]/g)].map((match) => match[1] ?? "")];
}

function put(tree: Tree, path: readonly string[], value: string): void {
  const [key = "", ...rest] = path;
  if (rest.length === 0) {
    tree[key] = value;
  } else if (rest.length === 1 && rest[0] === "") {
    const list = tree[key];
    if (Array.isArray(list)) list.push(value);
    else tree[key] = [value];
  } else {
    const inner = tree[key];
    const next: Tree = typeof inner === "object" && !Array.isArray(inner) ? inner : Object.create(null);
    tree[key] = next;
    put(next, rest, value);
  }
}

function toJson(node: Tree | string | string[]): Json {
  if (typeof node === "string" || Array.isArray(node)) return node;
  const keys = Object.keys(node);
  const isList = keys.length > 0 && keys.every((key) => /^\d+$/.test(key));
  if (isList) return keys.sort((a, b) => Number(a) - Number(b)).map((key) => toJson(node[key]!));
  return Object.fromEntries(keys.map((key) => [key, toJson(node[key]!)]));
}
