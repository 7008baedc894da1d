import { denormalizeValue } from "../../core/normalize/denormalize-value.ts";
import type { FieldValue, RawValue } from "../../model/value.ts";
import type { MappedCell } from "../../ports/connector.ts";
import { at, type Json, objectOf, rawOf, withAt } from "./json.ts";
import type { FieldShape, LinkShape } from "./options.ts";

/**
 * A cell as Truce keeps it: moments that travel as numbers become ISO 8601, and lists whose order means nothing are sorted, so that a tool which
 * answers them in another order each time has not changed them. Anything else stays as it came.
 */
export function readCell(mapped: MappedCell, field: FieldShape | undefined, shown: RawValue): RawValue {
  const { type } = mapped;
  const held = field?.link === undefined ? shown : linkedId(field.link, shown);
  if (Array.isArray(held)) {
    const isUnordered = type.kind === "set" || (type.kind === "reference" && type.many === true);
    return isUnordered ? held.toSorted(byText) : held;
  }
  if (typeof held !== "number" && !(typeof held === "string" && /^\d+$/u.test(held))) return held;
  if (field?.as === "seconds") return isoOf(Number(held) * 1_000) ?? held;
  if (field?.as === "milliseconds") return isoOf(Number(held)) ?? held;
  return held;
}

/** The id within a link, or the ids within a list of them; what is a bare id already stays so. */
function linkedId(link: LinkShape, held: RawValue): RawValue {
  if (Array.isArray(held)) return held.map((one: RawValue) => linkedId(link, one));
  return objectOf(held) === undefined ? held : rawOf(at(held, link.id) ?? null);
}

function linkTo(link: LinkShape, raw: RawValue): RawValue {
  if (Array.isArray(raw)) return raw.map((one: RawValue) => linkTo(link, one));
  if (raw === null || link.sends === "id") return raw;
  const beside = Object.entries(link.also ?? {}).reduce<Json>((whole, [path, value]) => withAt(whole, path, value), {});
  return rawOf(withAt(beside, link.id, raw));
}

/** The value that goes on the wire for a cell. */
export function wireCell(field: FieldShape | undefined, raw: RawValue): RawValue {
  if (field?.link !== undefined) return linkTo(field.link, raw);
  if (typeof raw !== "string") return raw;
  if (field?.as === "seconds") return Math.floor(Date.parse(raw) / 1_000);
  if (field?.as === "milliseconds") return Date.parse(raw);
  return raw;
}

/** The cell for a canonical value, equal to what a reading gives if the tool keeps it as it is. */
export function encodeValue({ type }: MappedCell, field: FieldShape | undefined, value: FieldValue): RawValue {
  if (type.kind === "set" && value === null) return [];
  if (value === null) return null;
  const json = denormalizeValue(type, value, "json");
  if (field?.as === "text" && (typeof json === "number" || typeof json === "boolean")) return String(json);
  if (field?.as !== "number" || type.kind !== "reference") return json;
  return Array.isArray(value) ? value.map(exactNumber).toSorted(byText) : exactNumber(String(value));
}

/** A JSON number where it can hold every digit, else the digits as text. */
function exactNumber(digits: string): RawValue {
  const number = Number(digits);
  const isExact = Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));
  return isExact ? number : digits;
}

function byText(a: RawValue, b: RawValue): number {
  const [left, right] = [JSON.stringify(a), JSON.stringify(b)];
  return left < right ? -1 : Number(left > right);
}

function isoOf(ms: number): string | null {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
