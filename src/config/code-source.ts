import type { Finding, Path } from "./problem.ts";
import { type Place, placeIn } from "./source.ts";

/**
 * Where in the text of a truce.config.ts a part of the config stands, as well as that can be told without running it: object and list
 * literals are followed, through calls, spreads and constants of the same file; where they end, the nearest place is given.
 */
export function placeInCode(text: string, { path, at }: Pick<Finding, "path" | "at">): Place {
  const reader = createReader(text);
  const start = /\bexport\s+default\b/u.exec(text);
  let offset = start?.index ?? 0;
  let node = start === null ? null : reader.resolve(reader.valueAt(start.index + start[0].length));
  for (const [i, part] of path.entries()) {
    const step = node === null ? null : reader.step(node, part);
    if (step === null) break;
    offset = i === path.length - 1 && at === "value" ? step.value.start : step.keyStart;
    node = reader.resolve(step.value);
  }
  return placeIn(text, offset);
}

type CodeNode =
  | { readonly kind: "object"; readonly start: number; readonly end: number; readonly entries: readonly Entry[] }
  | { readonly kind: "array"; readonly start: number; readonly end: number; readonly items: readonly CodeNode[] }
  /** `name` of a constant, or the first argument of a call. */
  | {
      readonly kind: "other";
      readonly start: number;
      readonly end: number;
      readonly name: string | null;
      readonly inner: CodeNode | null;
    };

/** `key: null` is a spread. */
type Entry = { readonly key: string | null; readonly keyStart: number; readonly value: CodeNode };

function createReader(text: string) {
  return { valueAt, resolve, step };

  /** The literal that a constant or call stands for, as far as the file shows it. */
  function resolve(node: CodeNode, depth = 0): CodeNode {
    if (node.kind !== "other" || depth > 8) return node;
    if (node.inner !== null) return resolve(node.inner, depth + 1);
    if (node.name === null) return node;
    const declared = new RegExp(`\\b(?:const|let|var)\\s+${node.name}\\b[^=;]*=(?!=|>)`, "u").exec(text);
    return declared === null ? node : resolve(valueAt(declared.index + declared[0].length), depth + 1);
  }

  function step(node: CodeNode, part: Path[number]): { readonly keyStart: number; readonly value: CodeNode } | null {
    if (node.kind === "array") {
      const value = typeof part === "number" ? node.items[part] : undefined;
      return value === undefined ? null : { keyStart: value.start, value };
    }
    if (node.kind !== "object") return null;
    for (const entry of node.entries.toReversed()) {
      if (entry.key === String(part)) return entry;
      const spread = entry.key === null ? step(resolve(entry.value), part) : null;
      if (spread !== null) return spread;
    }
    return null;
  }

  function valueAt(from: number): CodeNode {
    const start = skipSpace(from);
    if (text[start] === "{") return objectAt(start);
    if (text[start] === "[") return arrayAt(start);
    const name = /^[A-Za-z_$][\w$]*/u.exec(text.slice(start))?.[0] ?? null;
    const after = skipSpace(start + (name?.length ?? 0));
    const inner = name !== null && text[after] === "(" ? valueAt(after + 1) : null;
    return { kind: "other", start, end: skipExpression(start), name: inner === null ? name : null, inner };
  }

  function objectAt(start: number): CodeNode {
    const entries: Entry[] = [];
    let at = skipSpace(start + 1);
    while (at < text.length && text[at] !== "}") {
      const before = at;
      const entry = entryAt(at);
      entries.push(entry);
      at = skipSpace(skipExpression(Math.max(entry.value.end, at)));
      if (text[at] === ",") at = skipSpace(at + 1);
      if (at === before) break;
    }
    return { kind: "object", start, end: at + 1, entries };
  }

  function entryAt(at: number): Entry {
    if (text.startsWith("...", at)) return { key: null, keyStart: at, value: valueAt(at + 3) };
    const key = /^(?:(?<name>[A-Za-z_$][\w$]*|\d+)|"(?<double>[^"\n]*)"|'(?<single>[^'\n]*)')/u.exec(text.slice(at));
    const { name, double, single } = key?.groups ?? {};
    const after = skipSpace(at + (key?.[0].length ?? 0));
    if (key !== null && text[after] === ":")
      return { key: name ?? double ?? single ?? "", keyStart: at, value: valueAt(after + 1) };
    // A shorthand stands for the constant of its name; a method or computed key for nothing that can be followed.
    return {
      key: name ?? "",
      keyStart: at,
      value: { kind: "other", start: at, end: skipExpression(at), name: name ?? null, inner: null },
    };
  }

  function arrayAt(start: number): CodeNode {
    const items: CodeNode[] = [];
    let at = skipSpace(start + 1);
    while (at < text.length && text[at] !== "]") {
      const before = at;
      const item = valueAt(at);
      items.push(item);
      at = skipSpace(skipExpression(Math.max(item.end, at)));
      if (text[at] === ",") at = skipSpace(at + 1);
      if (at === before) break;
    }
    return { kind: "array", start, end: at + 1, items };
  }

  /** Past white space and comments. */
  function skipSpace(from: number): number {
    const space = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/uy;
    space.lastIndex = from;
    return from + (space.exec(text)?.[0].length ?? 0);
  }

  /** To the comma, semicolon or closing bracket that ends the expression. */
  function skipExpression(from: number): number {
    let depth = 0;
    let at = from;
    while (at < text.length) {
      const sign = text[at] as string;
      if (sign === '"' || sign === "'" || sign === "`") {
        at = skipText(at);
        continue;
      }
      if (sign === "/" && (text[at + 1] === "/" || text[at + 1] === "*")) {
        at = Math.max(skipSpace(at), at + 2);
        continue;
      }
      if (depth === 0 && /[,;)\]}]/u.test(sign)) return at;
      if (/[([{]/u.test(sign)) depth++;
      if (/[)\]}]/u.test(sign)) depth--;
      at++;
    }
    return at;
  }

  function skipText(from: number): number {
    const quote = text[from];
    let at = from + 1;
    while (at < text.length && text[at] !== quote) at += text[at] === "\\" ? 2 : 1;
    return at + 1;
  }
}
