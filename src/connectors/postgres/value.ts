import { denormalizeValue } from "../../core/normalize/denormalize-value.ts";
import type { FieldType } from "../../model/field-type.ts";
import type { FieldValue, RawValue } from "../../model/value.ts";
import type { Column } from "./catalog.ts";

/**
 * A value from PostgreSQL's text form, as the connector reports it: booleans and lists of text as JSON has them, everything else as text, so
 * that no digit and no microsecond is lost and the guard of a write compares exactly.
 */
export function decode(column: Column, text: string | null): RawValue {
  if (text === null) return null;
  switch (column.base) {
    case "bool":
      return text === "t" || text === "true";
    case "timestamptz":
    case "timestamp":
      return isoInstant(text);
    case "_text":
    case "_varchar":
      return parseArray(text);
    case "json":
    case "jsonb":
      return text;
    default:
      return text;
  }
}

/** "2026-01-31 10:00:00.5+00" becomes "2026-01-31T10:00:00.5Z"; a timestamp without zone is taken as UTC. Infinity stays as it is. */
function isoInstant(text: string): string {
  const match = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?)(?:\+00)?$/u.exec(text);
  return match === null ? text : `${match[1]}T${match[2]}Z`;
}

/** A one-dimensional array of text in PostgreSQL's form: {a,"b, c",NULL}. */
export function parseArray(text: string): RawValue[] {
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
  const raw = denormalizeValue(type, value, "json");
  if (raw === null || column === undefined) return raw;
  switch (column.base) {
    case "bool":
      return typeof raw === "string" ? raw === "true" : raw;
    case "timestamptz":
    case "timestamp":
      // PostgreSQL leaves trailing zeros of the fraction out.
      return typeof raw === "string"
        ? raw.replace(/\.?0+Z$/u, (zeros) => (zeros.startsWith(".") ? "Z" : zeros)).replace(/(\.\d*?)0+Z$/u, "$1Z")
        : raw;
    case "_text":
    case "_varchar":
      return Array.isArray(raw) ? raw : [raw];
    case "json":
    case "jsonb":
      return JSON.stringify(raw);
    default:
      return Array.isArray(raw) ? raw.join(";") : typeof raw === "object" ? JSON.stringify(raw) : String(raw);
  }
}
