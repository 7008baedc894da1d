import type { Instant } from "../../model/time.ts";

/** A text literal. */
export function soqlText(text: string): string {
  const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f" };
  return `'${text.replaceAll(/[\\'"]/gu, "\\$&").replaceAll(/[\n\r\t\b\f]/gu, (sign) => escapes[sign]!)}'`;
}

/** A moment, to the second: Salesforce keeps no more. */
export function soqlMoment(at: Instant): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

export function soqlList(texts: readonly string[]): string {
  return `(${texts.map(soqlText).join(",")})`;
}
