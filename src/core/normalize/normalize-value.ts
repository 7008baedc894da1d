import type { FieldType } from "../../model/field-type.ts";
import type { RawValue } from "../../model/value.ts";
import { normalizeAddress } from "./address.ts";
import { normalizeBoolean } from "./boolean.ts";
import { normalizeChoice } from "./choice.ts";
import { normalizeDate } from "./date.ts";
import { normalizeDatetime } from "./datetime.ts";
import { normalizeDomain } from "./domain.ts";
import { normalizeEmail } from "./email.ts";
import { normalizeMoney } from "./money.ts";
import { normalizeName } from "./name.ts";
import { blank, type Normalized, refused, type Scalar } from "./normalized.ts";
import { normalizeNumber } from "./number.ts";
import { normalizePhone } from "./phone.ts";
import { normalizeReference, normalizeReferences } from "./reference.ts";
import { brokenText } from "./scalar-text.ts";
import { normalizeSet } from "./set.ts";
import { normalizeText } from "./text.ts";
import { normalizeUrl } from "./url.ts";

export type { Normalized } from "./normalized.ts";

/**
 * A system's value in its field type's canonical form. `null`, white space and the empty list are a known blank, `null`; a list of one stands
 * for its item. What can't be brought into form is refused with a reason; nothing is truncated, guessed or dropped. Never throws.
 */
export function normalizeValue(type: FieldType, raw: RawValue): Normalized {
  if (type.kind === "reference" && type.many === true) return normalizeReferences(raw);
  const value = type.kind === "set" ? raw : onlyItem(raw);
  if (value === null || value === undefined) return blank;
  if (typeof value === "string") {
    const trimmed = value.trim();
    if (trimmed === "") return blank;
    const broken = brokenText(trimmed);
    return broken === null ? normalizeScalar(type, trimmed) : refused(`the value ${broken}`);
  }
  if (typeof value !== "object") return normalizeScalar(type, value);
  if (type.kind === "set") return normalizeSet(value, type.options);
  if (Array.isArray(value)) return refused(`a list of ${value.length} values where one belongs; map it to a set`);
  if (type.kind === "money") return normalizeMoney(value, type.currency);
  return refused("a structure where a single value belongs; map one of its parts");
}

function onlyItem(raw: RawValue): RawValue | undefined {
  return Array.isArray(raw) && raw.length <= 1 ? (raw as readonly RawValue[])[0] : raw;
}

function normalizeScalar(type: FieldType, raw: Scalar): Normalized {
  switch (type.kind) {
    case "text":
      return normalizeText(raw);
    case "name":
      return normalizeName(raw);
    case "email":
      return normalizeEmail(raw);
    case "phone":
      return normalizePhone(raw, type.country);
    case "address":
      return normalizeAddress(raw);
    case "url":
      return normalizeUrl(raw);
    case "domain":
      return normalizeDomain(raw);
    case "date":
      return normalizeDate(raw);
    case "datetime":
      return normalizeDatetime(raw);
    case "number":
      return normalizeNumber(raw, type.decimals);
    case "money":
      return normalizeMoney(raw, type.currency);
    case "boolean":
      return normalizeBoolean(raw);
    case "choice":
      return normalizeChoice(raw, type.options);
    case "set":
      return normalizeSet(raw, type.options);
    case "reference":
      return normalizeReference(raw);
  }
}
