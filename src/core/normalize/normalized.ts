import type { FieldValue } from "../../model/value.ts";

/** A value in its type's canonical form, or why it can't be brought there, in words for an operator. */
export type Normalized = { readonly ok: true; readonly value: FieldValue } | Refused;

export type Refused = { readonly ok: false; readonly reason: string };

/** What a kind's own normalizer is given: a boolean, a number, or a trimmed string that is well-formed and not empty. */
export type Scalar = string | number | boolean;

export const blank: Normalized = { ok: true, value: null };

export function accepted(value: FieldValue): Normalized {
  return { ok: true, value };
}

/** `reason` says what is wrong and what would be right; values in it go through `quote`. */
export function refused(reason: string): Refused {
  return { ok: false, reason };
}

const quoteLengthMax = 80;

/** A value as a reason may show it: at most 80 characters, on one line, nothing invisible in it. */
export function quote(value: Scalar): string {
  const text = typeof value === "string" ? value : String(value);
  const short = text.length <= quoteLengthMax ? text : `${text.slice(0, quoteLengthMax - 1).toWellFormed()}…`;
  return `"${short.replace(unprintable, "\u{FFFD}")}"`;
}

/** Control, format (zero-width, text direction), surrogate and line-separating characters. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
