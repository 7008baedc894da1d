import { refuse } from "../refusal.ts";

export type Token = {
  readonly kind: "name" | "string" | "number" | "date" | "datetime" | "sign" | "end";
  readonly text: string;
  /** Where it begins, from 0. */
  readonly at: number;
};

const patterns: readonly (readonly [Token["kind"] | "space", RegExp])[] = [
  ["space", /\s+/uy],
  ["datetime", /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})/uy],
  ["date", /\d{4}-\d{2}-\d{2}/uy],
  ["number", /[+-]?\d+(?:\.\d+)?/uy],
  ["string", /'(?:[^'\\]|\\.)*'/suy],
  ["name", /[A-Za-z_][\w.]*/uy],
  ["sign", /<=|>=|!=|<>|[=<>(),:]/uy],
];

/** Splits a query. Throws MALFORMED_QUERY where something is no SOQL at all. */
export function tokensOf(query: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < query.length) {
    const start = at;
    for (const [kind, pattern] of patterns) {
      pattern.lastIndex = at;
      const [text] = pattern.exec(query) ?? [];
      if (text === undefined) continue;
      if (kind !== "space") tokens.push({ kind, text, at });
      at += text.length;
      break;
    }
    if (at === start) {
      const character = query[at] ?? "";
      const what = character === "'" ? "expecting a right single quote" : `unexpected char: '${character}'`;
      throw malformed(query, at, what);
    }
  }
  return [...tokens, { kind: "end", text: "<EOF>", at: query.length }];
}

export function malformed(query: string, at: number, what: string) {
  return refuse("MALFORMED_QUERY", pointed(query, at, what));
}

/** Salesforce shows the place in the query, and names it. */
export function pointed(query: string, at: number, what: string): string {
  const from = Math.max(0, at - 30);
  const near = query.slice(from, at + 20).replaceAll("\n", " ");
  return `\n${near}\n${" ".repeat(at - from)}^\nERROR at Row:1:Column:${at + 1}\n${what}`;
}

/** The text of a string literal. */
export function textOf(query: string, token: Token): string {
  const known: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };
  return token.text.slice(1, -1).replaceAll(/\\(u[0-9A-Fa-f]{4}|.)/gsu, (_, escaped: string) => {
    if (escaped.startsWith("u")) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    if (`'"\\_%`.includes(escaped)) return escaped;
    const meant = known[escaped.toLowerCase()];
    if (meant === undefined) throw malformed(query, token.at, `Illegal escape character: \\${escaped}`);
    return meant;
  });
}
