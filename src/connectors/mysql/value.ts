import { denormalizeValue } from "../../core/normalize/denormalize-value.ts";
import type { FieldType } from "../../model/field-type.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { FieldValue, RawValue } from "../../model/value.ts";
import { type Column, isBinary, isInteger, isNumber, quoted } from "./catalog.ts";
import { textLiteral } from "./session.ts";

/** What is asked for so that a column of a row named `t` arrives as a text that loses nothing. */
export function selected(column: Column): string {
  const own = `t.${quoted(column.name)}`;
  if (isBinary(column)) return `hex(${own})`;
  if (column.isDocument) return `cast(${own} as char)`;
  switch (column.base) {
    case "bit":
      return `${own} + 0`;
    case "float":
      // Six digits are shown of a float, and its value is that of a double.
      return `${own} + 0e0`;
    case "geometry":
    case "point":
    case "linestring":
    case "polygon":
      return `st_astext(${own})`;
    default:
      return own;
  }
}

/**
 * A value from its text, as the connector reports it: sets as lists, bytes as hexadecimal digits, everything else as text, so that no digit and no
 * microsecond is lost. A date of zeros is MySQL's other way to say that there is none.
 */
export function decode(column: Column, text: string | null): RawValue {
  if (text === null) return null;
  if (isBinary(column)) return text.toLowerCase();
  if (isInteger(column) || column.base === "decimal") return text.replace(/^(-?)0+(?=\d)/u, "$1");
  switch (column.base) {
    case "float":
      return shortestFloat(Number(text));
    case "double":
      return String(Number(text));
    case "date":
      return isZeroDate(text) ? null : text;
    case "datetime":
    case "timestamp":
      return isZeroDate(text) ? null : storedInstant(`${text.replace(" ", "T")}Z`);
    case "set":
      return text === "" ? [] : text.split(",");
    case "json":
      return listOfTexts(text) ?? text;
    default:
      return text;
  }
}

function isZeroDate(text: string): boolean {
  return text.startsWith("0000-00-00");
}

/** The fewest digits that name a value of 32 bits, as it was most likely written. */
function shortestFloat(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === Math.fround(value)) return String(Number(text));
  }
  return String(Math.fround(value));
}

/** A JSON list of texts is a set to us; any other JSON stays text, as its numbers may hold more digits than ours. */
function listOfTexts(text: string): readonly string[] | null {
  if (!text.trimStart().startsWith("[")) return null;
  try {
    const list = JSON.parse(text) as readonly unknown[];
    return list.every((item) => typeof item === "string") ? (list as readonly string[]) : null;
  } catch {
    return null;
  }
}

/** A canonical value in the form that `decode` would report it in once stored. */
export function encode(column: Column | undefined, type: FieldType, value: FieldValue): RawValue {
  if (value === null) return null;
  // Its table was not looked at yet: text, which the server takes for any type.
  if (column === undefined) return Array.isArray(value) ? value : textOf(type, value);
  const isFlag = column.base === "bit" || isNumber(column);
  if (typeof value === "boolean") return isFlag ? String(Number(value)) : textOf(type, value);
  if (column.base === "set") return inOrder(column, Array.isArray(value) ? value : [textOf(type, value)]);
  if (column.base === "json") return Array.isArray(value) ? value : jsonText(type, value);
  const text = textOf(type, value);
  switch (column.base) {
    case "datetime":
    case "timestamp":
      return storedInstant(cutToScale(column, /^\d{4,}-\d\d-\d\d$/u.test(text) ? `${text}T00:00:00Z` : text));
    case "decimal":
      return storedDecimal(column, text);
    case "float":
      return Number.isNaN(Number(text)) ? text : shortestFloat(Number(text));
    case "double":
      return Number.isNaN(Number(text)) ? text : String(Number(text));
    case "char":
      return text.replace(/ +$/u, "");
    case "binary":
      return text.toLowerCase().padEnd(2 * (column.length ?? 0), "0");
    default:
      return isBinary(column) ? text.toLowerCase() : text;
  }
}

function textOf(type: FieldType, value: FieldValue): string {
  return String(denormalizeValue(type, value, "string"));
}

/** A text that is mapped to a JSON column is JSON itself. */
function jsonText(type: FieldType, value: FieldValue): string {
  return typeof value === "string" ? value : JSON.stringify(denormalizeValue(type, value, "json"));
}

/** The server keeps a set in the order of its column. */
function inOrder({ options }: Column, members: readonly string[]): readonly string[] {
  const place = (member: string) => {
    const found = options?.indexOf(member) ?? -1;
    return found === -1 ? Number.POSITIVE_INFINITY : found;
  };
  return [...members].sort((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)));
}

/** MySQL would round to the digits that the column keeps, MariaDB cuts off. */
function cutToScale({ scale }: Column, text: string): string {
  return text.replace(/\.(\d+)Z$/u, (_, digits: string) => `.${digits.slice(0, scale)}Z`);
}

/** Trailing zeros of the fraction say nothing. */
function storedInstant(text: string): string {
  return text.replace(/\.(\d*?)0*Z$/u, (_, digits: string) => (digits === "" ? "Z" : `.${digits}Z`));
}

/** decimal(10,2) keeps 1.5 as 1.50. */
function storedDecimal({ scale }: Column, text: string): string {
  const [whole = "", fraction = ""] = text.split(".");
  if (!/^-?\d+(?:\.\d+)?$/u.test(text) || fraction.length >= scale) return text;
  return `${whole}.${fraction.padEnd(scale, "0")}`;
}

/** A raw value of this column as a statement holds it. Throws a refusal where the server would take it for something else. */
export function literal(column: Column, raw: RawValue): string {
  if (raw === null) return "null";
  const text = sqlText(column, raw);
  if (isBinary(column)) {
    if (/^(?:[\da-f]{2})*$/iu.test(text)) return `X'${text}'`;
    const message = `"${text}" is not written in hexadecimal digits, as the bytes of column ${column.name} are`;
    throw new SyncFailure({ code: "REJECTED", message, cells: { [column.name]: message } });
  }
  const isBare = isNumber(column) || column.base === "bit";
  return isBare && /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/iu.test(text) ? text : textLiteral(text);
}

function sqlText({ base }: Column, raw: RawValue): string {
  if (typeof raw === "boolean") return String(Number(raw));
  if (Array.isArray(raw) && base !== "json") return raw.map(String).join(base === "set" ? "," : ";");
  if (typeof raw === "object") return JSON.stringify(raw);
  const text = String(raw);
  return base === "datetime" || base === "timestamp" ? text.replace(/^(\S+)T(\S+)Z$/u, "$1 $2") : text;
}
