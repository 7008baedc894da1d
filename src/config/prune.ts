import type { z } from "zod";
import { configSchema, type ParsedConfig } from "./config-schema.ts";
import { type Path, valueAt } from "./problem.ts";

/** What is left of a faulty config once all that breaks the schema is taken out, and the paths that were. */
export type Pruned = { readonly config: ParsedConfig; readonly removed: readonly Path[] };

/** Rounds after which a config counts as too broken to look at what it means; each takes out at least one thing. */
const roundsMax = 100;

/**
 * Takes faulty parts out until the rest fits the schema, so that what the rest means can be checked in the same go. `null` when nothing
 * is left.
 */
export function prune(data: unknown): Pruned | null {
  const rest = copyOf(data);
  const removed: Path[] = [];
  for (let round = 0; round < roundsMax; round++) {
    const parsed = configSchema.safeParse(rest);
    if (parsed.success) return { config: parsed.data, removed };
    const faulty = parsed.error.issues.flatMap((issue) => pathsOf(issue, [])).map((path) => inWhole(rest, path));
    if (faulty.some((path) => path.length === 0)) return null;
    for (const path of faulty) {
      remove(rest, path);
      removed.push(path);
    }
  }
  return null;
}

/** Functions stay what they are: `structuredClone` would refuse them. */
function copyOf(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(copyOf);
  if (typeof data !== "object" || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, copyOf(value)]));
}

function pathsOf(issue: z.core.$ZodIssue, before: Path): Path[] {
  const path: Path = [...before, ...issue.path.map((part) => (typeof part === "symbol" ? String(part) : part))];
  return issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...path, key]) : [path];
}

/** The nearest part that can be taken out: what is missing spoils what it is missing from, a list's item the list. */
function inWhole(data: unknown, path: Path): Path {
  let end = path.length;
  while (end > 0 && valueAt(data, path.slice(0, end)) === undefined) end--;
  if (end < path.length) return end === 0 ? [] : listOf(path.slice(0, end));
  return listOf(path);
}

function listOf(path: Path): Path {
  const item = path.findIndex((part) => typeof part === "number");
  return item === -1 ? path : path.slice(0, item);
}

function remove(data: unknown, path: Path): void {
  const parent = valueAt(data, path.slice(0, -1));
  const key = path.at(-1);
  if (typeof parent === "object" && parent !== null && key !== undefined)
    delete (parent as Record<string, unknown>)[key];
}
