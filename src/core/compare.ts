import { type FieldValue, isBlank, sameValue } from "../model/value.ts";

/**
 * What an observation says about one field, given what the system was last known to hold and what it has seen.
 * same: not changed there. echo: changed there to what is agreed anyway. first: there is no agreed value yet.
 * fast-forward: changed there by someone who had the agreed value before them. conflict: changed there by someone who had
 * not, whatever the clocks say. unfilled: blank there since before we met; it only needs to be filled.
 */
export type Verdict = "same" | "echo" | "first" | "fast-forward" | "conflict" | "unfilled";

export type Comparison = {
  readonly value: FieldValue;
  /** The field as last known there; `undefined` at the first meeting. */
  readonly shadow: FieldValue | undefined;
  /** The golden version that the system holds, 0 for none. */
  readonly seen: number;
  readonly golden: { readonly value: FieldValue; readonly version: number } | undefined;
};

/** Three-way comparison of one field: observation, shadow, golden version. Never throws. */
export function compareField({ value, shadow, seen, golden }: Comparison): Verdict {
  if (shadow !== undefined && sameValue(value, shadow)) return "same";
  if (golden === undefined) return isBlank(value) ? "unfilled" : "first";
  if (sameValue(value, golden.value)) return "echo";
  if (shadow === undefined) {
    // First meeting: there is no base, so a blank says nothing and any value beats it.
    if (isBlank(value)) return "unfilled";
    return isBlank(golden.value) ? "first" : "conflict";
  }
  return seen === golden.version ? "fast-forward" : "conflict";
}
