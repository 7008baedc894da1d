import type { Finding } from "./problem.ts";

/** Counted from 1. */
export type Place = { readonly line: number; readonly column: number };

/** A config file that was read: its data, and where in the text each part of it stands. */
export type Source = {
  /** `undefined` when it could not be read. */
  readonly data: unknown;
  readonly errors: readonly { readonly place: Place; readonly message: string; readonly remedy: string | null }[];
  /** The place of a finding's path, or of what is nearest to it. */
  placeOf(finding: Pick<Finding, "path" | "at">): Place;
};

/** The place of an offset in a text. */
export function placeIn(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}
