import type { ObjectType } from "./object-type.ts";
import { isMultiple, type Property } from "./property.ts";
import type { ValueProblem } from "./refusal.ts";

/** Longest text that a property takes, in UTF-16 units. */
const textLengthMax = 65_536;

export type ParsedValue =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly problem: ValueProblem };

/**
 * What HubSpot stores for a value that was sent: everything becomes a string, "" clears. `current` is what the record holds, needed
 * where values are appended or only move forward.
 */
export function parseValue(type: ObjectType, property: Property, sent: unknown, current: string): ParsedValue {
  if (typeof sent === "object" || sent === undefined) {
    return refused(property, "INVALID_TYPE", `${JSON.stringify(sent)} is not a valid value; a string was expected`);
  }
  const raw = String(sent);
  if (raw.length > textLengthMax) return refused(property, "PROPERTY_VALUE_TOO_LONG", `longer than ${textLengthMax}`);
  if (raw === "") return taken("");
  switch (property.type) {
    case "string":
    case "phone_number":
      return parseText(type, property, raw);
    case "number":
      return parseNumber(property, raw.trim());
    case "bool":
      return parseBoolean(property, raw.trim().toLowerCase());
    case "enumeration":
      return parseEnumeration(property, raw, current);
    case "date":
      return parseDate(property, raw.trim());
    case "datetime":
      return parseDatetime(property, raw.trim());
  }
}

function taken(value: string): ParsedValue {
  return { ok: true, value };
}

function refused(property: Property, code: string, message: string): ParsedValue {
  return { ok: false, problem: { name: property.name, code, message } };
}

function parseText(type: ObjectType, property: Property, raw: string): ParsedValue {
  if (type.name === "contacts" && property.name === "email") {
    const email = raw.trim().toLowerCase();
    if (isEmail(email)) return taken(email);
    return refused(property, "INVALID_EMAIL", `Email address ${raw} is invalid`);
  }
  if (type.name === "companies" && property.name === "domain") return taken(bareDomain(raw));
  return taken(raw);
}

function isEmail(text: string): boolean {
  return /^[^\s@<>",;]+@[^\s@.]+(\.[^\s@.]+)+$/.test(text);
}

function bareDomain(raw: string): string {
  return raw
    .trim()
    .toLowerCase()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//, "")
    .replace(/[/?#].*$/, "")
    .replace(/^www\./, "");
}

function parseNumber(property: Property, raw: string): ParsedValue {
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(raw)) return taken(raw);
  return refused(property, "INVALID_NUMBER", `${raw} was not a valid number.`);
}

function parseBoolean(property: Property, raw: string): ParsedValue {
  if (raw === "true" || raw === "false") return taken(raw);
  return refused(property, "INVALID_OPTION", `${raw} was not one of the allowed options: [true, false]`);
}

function parseEnumeration(property: Property, raw: string, current: string): ParsedValue {
  if (!isMultiple(property)) {
    if (isOption(property, raw))
      return property.name === "lifecyclestage" ? stageOnward(property, raw, current) : taken(raw);
    return notAnOption(property, raw);
  }
  const named = raw.split(";").filter((value) => value !== "");
  const wrong = named.find((value) => !isOption(property, value));
  if (wrong !== undefined) return notAnOption(property, wrong);
  const before = raw.startsWith(";") ? current.split(";").filter((value) => value !== "") : [];
  return taken([...new Set([...before, ...named])].join(";"));
}

function isOption(property: Property, value: string): boolean {
  return property.externalOptions || property.options.some((option) => option.value === value);
}

function notAnOption(property: Property, raw: string): ParsedValue {
  const allowed = property.options.map(({ value }) => value).join(", ");
  return refused(property, "INVALID_OPTION", `${raw} was not one of the allowed options: [${allowed}]`);
}

/** A lifecycle stage only moves on; an earlier one is passed over in silence. To go back, clear it first. */
function stageOnward(property: Property, raw: string, current: string): ParsedValue {
  const place = (value: string) => property.options.findIndex((option) => option.value === value);
  return taken(current !== "" && place(raw) < place(current) ? current : raw);
}

function parseDate(property: Property, raw: string): ParsedValue {
  const ms = /^-?\d+$/.test(raw) ? Number(raw) : /^\d{4}-\d{2}-\d{2}$/.test(raw) ? Date.parse(raw) : Number.NaN;
  if (isTime(ms) && ms % 86_400_000 === 0) return taken(new Date(ms).toISOString().slice(0, 10));
  return refused(property, "INVALID_DATE", `${raw} is not a valid date: it must be YYYY-MM-DD or midnight UTC`);
}

function parseDatetime(property: Property, raw: string): ParsedValue {
  const iso = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2}))?$/;
  const ms = /^-?\d+$/.test(raw) ? Number(raw) : iso.test(raw) ? Date.parse(raw) : Number.NaN;
  if (isTime(ms)) return taken(new Date(ms).toISOString());
  return refused(property, "INVALID_DATE", `${raw} was not a valid long.`);
}

function isTime(ms: number): boolean {
  return Math.abs(ms) <= 8.64e15;
}
