import { malformed, type Token, textOf, tokensOf } from "./token.ts";

export type Literal = {
  readonly kind: "string" | "number" | "date" | "datetime" | "boolean" | "null";
  readonly value: string | number | boolean | null;
  readonly at: number;
};

export type Operator = "=" | "!=" | "<" | "<=" | ">" | ">=" | "LIKE" | "IN" | "NOT IN" | "INCLUDES" | "EXCLUDES";

export type Path = { readonly parts: readonly string[]; readonly at: number };

export type Condition =
  | { readonly kind: "and" | "or"; readonly parts: readonly Condition[] }
  | { readonly kind: "not"; readonly part: Condition }
  | { readonly kind: "compare"; readonly path: Path; readonly operator: Operator; readonly values: readonly Literal[] };

export type Query = {
  readonly text: string;
  /** `null`: `count()`. */
  readonly select: readonly Path[] | null;
  readonly from: Path;
  readonly where: Condition | null;
  readonly orderBy: readonly { readonly path: Path; readonly descending: boolean; readonly nullsLast: boolean }[];
  readonly limit: number | null;
  readonly offset: number;
};

const reserved = new Set([
  "select",
  "from",
  "where",
  "and",
  "or",
  "not",
  "order",
  "limit",
  "like",
  "in",
  "asc",
  "desc",
]);

/** Parses the part of SOQL that the sandbox knows: anything else is refused as malformed. */
export function parseSoql(text: string): Query {
  const tokens = tokensOf(text);
  let next = 0;
  const peek = (): Token => tokens[next]!;
  const unexpected = (token: Token = peek()) => malformed(text, token.at, `unexpected token: '${token.text}'`);
  const isWord = (word: string) => peek().kind === "name" && peek().text.toLowerCase() === word;
  const takeWord = (word: string): boolean => {
    if (!isWord(word)) return false;
    next++;
    return true;
  };
  const mustWord = (word: string): void => {
    if (!takeWord(word)) throw unexpected();
  };
  const takeSign = (sign: string): boolean => {
    if (peek().kind !== "sign" || peek().text !== sign) return false;
    next++;
    return true;
  };
  const mustSign = (sign: string): void => {
    if (!takeSign(sign)) throw unexpected();
  };
  const list = <Item>(item: () => Item): Item[] => {
    const items = [item()];
    while (takeSign(",")) items.push(item());
    return items;
  };
  const path = (): Path => {
    const token = peek();
    if (token.kind !== "name" || reserved.has(token.text.toLowerCase())) throw unexpected();
    next++;
    return { parts: token.text.split("."), at: token.at };
  };
  const wholeNumber = (): number => {
    const token = peek();
    if (token.kind !== "number" || !/^\d+$/u.test(token.text)) throw unexpected();
    next++;
    return Number(token.text);
  };
  const literal = (): Literal => {
    const token = peek();
    next++;
    const { kind, at } = token;
    if (kind === "string") return { kind, at, value: textOf(text, token) };
    if (kind === "number") return { kind, at, value: Number(token.text) };
    if (kind === "date") return { kind, at, value: token.text };
    if (kind === "datetime") return { kind, at, value: Date.parse(token.text) };
    const word = token.text.toLowerCase();
    if (kind === "name" && word === "null") return { kind: "null", at, value: null };
    if (kind === "name" && (word === "true" || word === "false")) {
      return { kind: "boolean", at, value: word === "true" };
    }
    next--;
    throw unexpected();
  };
  const literals = (): Literal[] => {
    mustSign("(");
    const values = list(literal);
    mustSign(")");
    return values;
  };
  const comparison = (): Condition => {
    const left = path();
    const token = peek();
    next++;
    const word = token.text.toUpperCase();
    const isNot = token.kind === "name" && word === "NOT";
    if (isNot || (token.kind === "name" && ["IN", "INCLUDES", "EXCLUDES"].includes(word))) {
      if (isNot) mustWord("in");
      return { kind: "compare", path: left, operator: isNot ? "NOT IN" : (word as Operator), values: literals() };
    }
    const isLike = token.kind === "name" && word === "LIKE";
    if (!isLike && (token.kind !== "sign" || !["=", "!=", "<>", "<", "<=", ">", ">="].includes(token.text))) {
      throw unexpected(token);
    }
    const operator = isLike ? "LIKE" : token.text === "<>" ? "!=" : (token.text as Operator);
    return { kind: "compare", path: left, operator, values: [literal()] };
  };
  const term = (): Condition => {
    if (takeWord("not")) return { kind: "not", part: term() };
    if (!takeSign("(")) return comparison();
    const inner = condition();
    mustSign(")");
    return inner;
  };
  const condition = (): Condition => {
    const first = term();
    // AND and OR side by side need parentheses.
    const kind = isWord("and") ? "and" : isWord("or") ? "or" : null;
    if (kind === null) return first;
    const parts = [first];
    while (takeWord(kind)) parts.push(term());
    if (isWord("and") || isWord("or")) throw unexpected();
    return { kind, parts };
  };
  const order = () => {
    const by = path();
    const descending = takeWord("desc") || (takeWord("asc") && false);
    let nullsLast = descending;
    if (takeWord("nulls")) {
      nullsLast = isWord("last");
      if (!takeWord("last")) mustWord("first");
    }
    return { path: by, descending, nullsLast };
  };

  mustWord("select");
  const isCount = isWord("count") && tokens[next + 1]?.text === "(" && tokens[next + 2]?.text === ")";
  if (isCount) next += 3;
  const select = isCount ? null : list(path);
  mustWord("from");
  const from = path();
  const where = takeWord("where") ? condition() : null;
  let orderBy: Query["orderBy"] = [];
  if (takeWord("order")) {
    mustWord("by");
    orderBy = list(order);
  }
  const limit = takeWord("limit") ? wholeNumber() : null;
  const offset = takeWord("offset") ? wholeNumber() : 0;
  if (peek().kind !== "end") throw unexpected();
  return { text, select, from, where, orderBy, limit, offset };
}
