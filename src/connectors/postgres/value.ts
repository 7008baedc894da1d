import { denormalizeValue } from "../../core/normalize/denormalize-value.ts";
import type { FieldType } from "../../model/field-type.ts";
import type { FieldValue, RawValue } from "../../model/value.ts";
import type { Column } from "./catalog.ts";

/**
 * The text that a cast to text gives, from the text that the change stream sends. They differ for few types: booleans are "true" and "t", a
 * character(n) comes padded in the stream, an inet of one host comes with its mask from the cast.
 */
export function castText(column: Column, text: string): string {
  switch (column.base) {
    case "bool":
      return text === "t" ? "true" : text === "f" ? "false" : text;
    case "bpchar":
      return text.replace(/ +$/u, "");
    case "inet":
      return text.includes("/") ? text : `${text}${text.includes(":") ? "/128" : "/32"}`;
    default:
      return text;
  }
}

/**
 * A value from PostgreSQL's text form, as the connector reports it: booleans and lists as JSON has them, everything else as text, so that no
 * digit and no microsecond is lost and the guard of a write compares exactly.
 */
export function decode(column: Column, text: string | null): RawValue {
  if (text === null) return null;
  if (isArray(column)) return parseArray(text);
  switch (column.base) {
    case "bool":
      return castText(column, text) === "true";
    case "timestamptz":
    case "timestamp":
      return isoInstant(text);
    case "json":
    case "jsonb":
      return listOfTexts(text) ?? text;
    default:
      return castText(column, text);
  }
}

/** "2026-01-31 10:00:00.5+00" becomes "2026-01-31T10:00:00.5Z"; a timestamp without zone is taken as UTC. Infinity stays as it is. */
function isoInstant(text: string): string {
  const match = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(?:\+00)?$/u.exec(text);
  return match === null ? text : `${match[1]}T${match[2]}Z`;
}

/** A JSON list of texts is a set to us; any other JSON stays text, as its numbers may hold more digits than ours. */
function listOfTexts(text: string): readonly string[] | null {
  if (!text.trimStart().startsWith("[")) return null;
  const list = JSON.parse(text) as readonly unknown[];
  return list.every((item) => typeof item === "string") ? (list as readonly string[]) : null;
}

/** A one-dimensional array in PostgreSQL's form: {a,"b, c",NULL}. Arrays of arrays stay text. */
function parseArray(text: string): RawValue {
  if (!/^\{(?!\{)/u.test(text)) return text;
  const items: RawValue[] = [];
  let place = 1;
  while (place < text.length - 1) {
    if (text[place] === '"') {
      let item = "";
      place++;
      while (text[place] !== '"') {
        if (text[place] === "\\") place++;
        item += text[place++];
      }
      items.push(item);
      place += 2;
      continue;
    }
    const comma = text.indexOf(",", place);
    const end = comma === -1 ? text.length - 1 : comma;
    const item = text.slice(place, end);
    items.push(item === "NULL" ? null : item);
    place = end + 1;
  }
  return items;
}

/** A canonical value in the form that `decode` would report it in once stored. */
export function encode(column: Column | undefined, type: FieldType, value: FieldValue): RawValue {
  if (value === null) return null;
  // Its table was not looked at yet: text, which PostgreSQL takes for any type and which keeps every digit.
  if (column === undefined) return typeof value === "boolean" || Array.isArray(value) ? value : textOf(type, value);
  if (isArray(column)) return Array.isArray(value) ? value : [denormalizeValue(type, value, "string")];
  if (column.base === "json" || column.base === "jsonb") return Array.isArray(value) ? value : jsonText(type, value);
  if (column.base === "bool") return typeof value === "boolean" ? value : denormalizeValue(type, value, "string");
  const text = textOf(type, value);
  if (column.base === "timestamptz" || column.base === "timestamp") return storedInstant(text);
  return column.base === "numeric" ? storedDecimal(column, text) : text;
}

function textOf(type: FieldType, value: FieldValue): string {
  return String(denormalizeValue(type, value, "string"));
}

/** A text that is mapped to a JSON column is JSON itself. */
function jsonText(type: FieldType, value: FieldValue): string {
  return typeof value === "string" ? value : JSON.stringify(denormalizeValue(type, value, "json"));
}

/** A day is its midnight; trailing zeros of the fraction are not kept. */
function storedInstant(text: string): string {
  if (/^\d{4,}-\d\d-\d\d$/u.test(text)) return `${text}T00:00:00Z`;
  return text.replace(/\.(\d*?)0*Z$/u, (_, digits: string) => (digits === "" ? "Z" : `.${digits}Z`));
}

/** numeric(10,2) keeps 1.5 as 1.50. */
function storedDecimal(column: Column, text: string): string {
  const scale = Number(/^numeric\(\d+,(\d+)\)$/u.exec(column.stored)?.[1] ?? 0);
  const [whole = "", fraction = ""] = text.split(".");
  if (!/^-?\d+(?:\.\d+)?$/u.test(text) || fraction.length >= scale) return text;
  return `${whole}.${fraction.padEnd(scale, "0")}`;
}

function isArray(column: Column): boolean {
  return column.base.startsWith("_");
}

/** A raw value of this column as text for PostgreSQL to cast. */
export function sqlText(column: Column, raw: RawValue): string | null {
  if (raw === null) return null;
  if (Array.isArray(raw) && isArray(column)) return `{${raw.map(arrayItem).join(",")}}`;
  if (typeof raw !== "object") return String(raw);
  const isJson = column.base === "json" || column.base === "jsonb";
  return Array.isArray(raw) && !isJson ? raw.map(String).join(";") : JSON.stringify(raw);
}

function arrayItem(item: RawValue): string {
  return item === null ? "NULL" : `"${String(item).replaceAll(/["\\]/gu, "\\$&")}"`;
}
