import type { Seam } from "../../model/policy.ts";
import type { FieldValue } from "../../model/value.ts";
import { joinPersonName, splitPersonName } from "../normalize/person-name.ts";

/** The parts together; blank ones leave no trace. `null`: all are blank. */
export function joinParts(parts: readonly FieldValue[], by: Seam): string | null {
  const texts = parts.filter((part): part is string => typeof part === "string" && part !== "");
  return texts.length === 0 ? null : texts.join(by ?? " ");
}

/**
 * A text in `count` parts; the last takes what is left over, and those that it is too short for are blank. `null`: where the
 * family name of a person begins can't be told.
 */
export function splitParts(text: string, count: number, by: Seam): readonly FieldValue[] | null {
  if (by === null) return splitName(text);
  const parts: FieldValue[] = [];
  let rest = text;
  while (parts.length < count - 1) {
    const at = rest.indexOf(by);
    if (at === -1) break;
    parts.push(rest.slice(0, at).trim());
    rest = rest.slice(at + by.length);
  }
  parts.push(rest.trim());
  return Array.from({ length: count }, (_, i) => parts[i] || null);
}

/** Given and family name. Titles stay with the one, "Jr." with the other, so that nothing is lost. */
function splitName(text: string): readonly FieldValue[] | null {
  const name = splitPersonName(text);
  if (name === null) return null;
  const { prefix, given, family, suffix } = name;
  const none = { prefix: null, suffix: null };
  return [
    joinPersonName({ ...none, prefix, given, family: "" }),
    joinPersonName({ ...none, given: "", family, suffix }),
  ];
}

/**
 * A text of two parts of which one was not touched: "Ana Maria Cruz" that becomes "Ana Maria Cruz-Diaz" has a new second
 * part, whatever splitting alone would make of it. `null`: neither part is as it was.
 */
export function splitBeside(text: string, before: readonly FieldValue[], by: Seam): readonly FieldValue[] | null {
  const [first, second] = before;
  const seam = by ?? " ";
  if (before.length !== 2 || typeof first !== "string" || typeof second !== "string") return null;
  // A middle name more leaves both ends as they were: it is the first part's.
  const head = text.slice(0, -(second.length + seam.length)).trim();
  if (text.endsWith(seam + second) && head !== "") return [head, second];
  const rest = text.slice(first.length + seam.length).trim();
  return text.startsWith(first + seam) && rest !== "" ? [first, rest] : null;
}
