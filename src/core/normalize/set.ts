import type { RawValue } from "../../model/value.ts";
import { accepted, blank, type Normalized, quote, type Refused, refused } from "./normalized.ts";
import { optionOf } from "./options.ts";
import { brokenText, scalarText } from "./scalar-text.ts";
import { cleanText } from "./text.ts";

/**
 * A set of texts, from a list or a string joined by ";": each trimmed and in its option's own spelling, without repeats, sorted by code
 * unit. The empty set is a blank, `null`. No member holds a ";": it could not be told from two members in systems that join by it.
 */
export function normalizeSet(raw: RawValue, options?: readonly string[]): Normalized {
  const members = new Set<string>();
  for (const item of itemsOf(raw)) {
    const member = memberOf(item, options);
    if (member !== null && typeof member === "object") return member;
    if (member !== null) members.add(member);
  }
  return members.size === 0 ? blank : accepted([...members].sort());
}

function itemsOf(raw: RawValue): readonly RawValue[] {
  if (typeof raw === "string") return raw.split(";");
  return Array.isArray(raw) ? raw : [raw];
}

function memberOf(item: RawValue, options: readonly string[] | undefined): string | null | Refused {
  if (item === null) return null;
  if (typeof item === "object") return refused("has a list or structure among its members; each member is one text");
  const raw = scalarText(item);
  if (typeof raw !== "string") return raw;
  const broken = brokenText(raw);
  if (broken !== null) return refused(`has a member that ${broken}`);
  const text = cleanText(raw);
  if (text === "") return null;
  if (text.includes(";")) return refused(`${quote(text)} has a ";" in it, which separates members; rename it without`);
  return optionOf(text, options);
}
