/** A formula as a tree. */
export type Expression =
  | { readonly kind: "literal"; readonly value: string | number }
  | { readonly kind: "field"; readonly key: string }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: "operator"; readonly operator: string; readonly left: Expression; readonly right: Expression };

/** Thrown for text that is not a formula. */
export class FormulaError extends Error {}

type Token =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "string" | "field" | "name" | "sign"; readonly value: string };

/** Loosest first; all of one row bind alike, to the left. */
const precedence = [["=", "!=", "<", "<=", ">", ">="], ["&"], ["+", "-"], ["*", "/"]];

/** Parses Airtable's formula language. Throws `FormulaError`. */
export function parseFormula(text: string): Expression {
  const tokens = tokenize(text);
  let position = 0;

  const peekSign = (...signs: string[]): string | undefined => {
    const token = tokens[position];
    return token?.kind === "sign" && signs.includes(token.value) ? token.value : undefined;
  };
  const expectSign = (sign: string): void => {
    if (!peekSign(sign)) throw new FormulaError(`expected ${sign}`);
    position++;
  };

  const parseRow = (row: number): Expression => {
    const operators = precedence[row];
    if (!operators) return parseUnary();
    let left = parseRow(row + 1);
    for (let sign = peekSign(...operators); sign; sign = peekSign(...operators)) {
      position++;
      left = { kind: "operator", operator: sign, left, right: parseRow(row + 1) };
    }
    return left;
  };

  const parseUnary = (): Expression => {
    if (!peekSign("-")) return parsePrimary();
    position++;
    return { kind: "operator", operator: "-", left: { kind: "literal", value: 0 }, right: parseUnary() };
  };

  const parsePrimary = (): Expression => {
    const token = tokens[position++];
    if (!token) throw new FormulaError("unexpected end");
    if (token.kind === "number" || token.kind === "string") return { kind: "literal", value: token.value };
    if (token.kind === "field") return { kind: "field", key: token.value };
    if (token.kind === "name") {
      return peekSign("(") ? parseCall(token.value) : { kind: "field", key: token.value };
    }
    if (token.value !== "(") throw new FormulaError(`unexpected ${token.value}`);
    const inner = parseRow(0);
    expectSign(")");
    return inner;
  };

  const parseCall = (name: string): Expression => {
    expectSign("(");
    const args: Expression[] = [];
    if (!peekSign(")")) {
      args.push(parseRow(0));
      while (peekSign(",")) {
        position++;
        args.push(parseRow(0));
      }
    }
    expectSign(")");
    return { kind: "call", name: name.toUpperCase(), args };
  };

  const expression = parseRow(0);
  if (position < tokens.length) throw new FormulaError("unexpected text after the end");
  return expression;
}

const patterns: readonly (readonly [Token["kind"] | "space", RegExp])[] = [
  ["space", /\s+/y],
  ["number", /\d+(\.\d+)?|\.\d+/y],
  ["string", /"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'/sy],
  ["field", /\{((?:[^}\\]|\\.)*)\}/sy],
  ["name", /[\p{L}_][\p{L}\p{N}_]*/uy],
  ["sign", /!=|<=|>=|[=<>&+\-*/(),]/y],
];

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let position = 0;
  while (position < text.length) {
    const found = matchAt(text, position);
    if (!found) throw new FormulaError(`unexpected ${text.charAt(position)}`);
    position += found.length;
    if (found.token) tokens.push(found.token);
  }
  return tokens;
}

function matchAt(text: string, position: number): { length: number; token?: Token } | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = position;
    const match = pattern.exec(text);
    if (!match) continue;
    const length = match[0].length;
    if (kind === "space") return { length };
    if (kind === "number") return { length, token: { kind, value: Number(match[0]) } };
    const quoted = match[1] ?? match[2];
    return { length, token: { kind, value: quoted === undefined ? match[0] : withoutEscapes(quoted) } };
  }
  return undefined;
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

function withoutEscapes(text: string): string {
  return text.replace(/\\(.)/gs, (_, char: string) => escapes[char] ?? char);
}
