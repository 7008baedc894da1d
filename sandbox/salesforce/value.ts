import type { Field } from "./field.ts";
import { fullId } from "./id.ts";
import { findTable, type Org, type Value } from "./org.ts";
import { refuse } from "./refusal.ts";

/** A value as a write gives it, checked and in the form that is stored. Throws a Refusal that names the field. */
export function storedValue(org: Org, field: Field, raw: unknown): Value {
  if (raw === null) {
    if (field.type === "boolean") throw mismatch(field, "boolean", raw);
    return null;
  }
  switch (field.type) {
    case "boolean":
      if (typeof raw !== "boolean") throw mismatch(field, "boolean", raw);
      return raw;
    case "int":
    case "double":
    case "currency":
    case "percent":
      return numberValue(field, raw);
    case "date":
      return dateValue(field, raw);
    case "datetime":
      return momentValue(field, raw);
    case "reference":
      return referenceValue(org, field, raw);
    case "address":
    case "id":
      throw refuse("INVALID_FIELD_FOR_INSERT_UPDATE", unwritable(field.name), [field.name]);
    default:
      return textValue(field, raw);
  }
}

export function unwritable(names: string): string {
  return `Unable to create/update fields: ${names}. Please check the security settings of this field and verify that it is read/write for your profile or permission set.`;
}

function mismatch(field: Field, wanted: string, raw: unknown) {
  const token = typeof raw === "string" ? "VALUE_STRING" : raw === null ? "VALUE_NULL" : "VALUE_NUMBER_INT";
  const message = `Cannot deserialize instance of ${wanted} from ${token} value ${String(raw)} or request may be missing a required field at [line:1, column:2]`;
  return refuse("JSON_PARSER_ERROR", message, [field.name]);
}

function numberValue(field: Field, raw: unknown): number {
  if (typeof raw !== "number") throw mismatch(field, field.type, raw);
  const factor = 10 ** field.scale;
  const rounded = Math.round(raw * factor) / factor;
  if (Math.abs(rounded) >= 10 ** (field.precision - field.scale)) {
    const message = `${field.label}: value outside of valid range on numeric field: ${raw}`;
    throw refuse("NUMBER_OUTSIDE_VALID_RANGE", message, [field.name]);
  }
  return rounded;
}

function dateValue(field: Field, raw: unknown): string {
  if (typeof raw !== "string" || !/^\d{4}-\d{2}-\d{2}/u.test(raw) || Number.isNaN(Date.parse(raw.slice(0, 10)))) {
    throw mismatch(field, "date", raw);
  }
  return raw.slice(0, 10);
}

function momentValue(field: Field, raw: unknown): number {
  const at = typeof raw === "string" ? Date.parse(raw.replace(/([+-]\d{2})(\d{2})$/u, "$1:$2")) : Number.NaN;
  if (Number.isNaN(at)) throw mismatch(field, "datetime", raw);
  return Math.floor(at / 1000) * 1000;
}

function referenceValue(org: Org, field: Field, raw: unknown): string | null {
  if (raw === "") return null;
  const id = typeof raw === "string" ? fullId(raw) : null;
  if (id === null)
    throw refuse("MALFORMED_ID", `${field.label}: id value of incorrect type: ${String(raw)}`, [field.name]);
  const targets = field.referenceTo.flatMap((name) => findTable(org, name) ?? []);
  const target = targets.find(({ type }) => id.startsWith(type.keyPrefix));
  if (target === undefined) {
    throw refuse("FIELD_INTEGRITY_EXCEPTION", `${field.label}: id value of incorrect type: ${id}`, [field.name]);
  }
  const record = target.records.get(id);
  if (record?.isDeleted === true) throw refuse("ENTITY_IS_DELETED", "entity is deleted", []);
  if (record === undefined) {
    throw refuse(
      "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
      "insufficient access rights on cross-reference id",
      [],
    );
  }
  return id;
}

function textValue(field: Field, raw: unknown): string | null {
  if (typeof raw !== "string") throw mismatch(field, "string", raw);
  const text = raw.trim();
  if (text === "") return null;
  if (text.length > field.length) {
    const message = `${field.label}: data value too large: ${text.slice(0, 30)} (max length=${field.length})`;
    throw refuse("STRING_TOO_LONG", message, [field.name]);
  }
  if (field.type === "email" && !/^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+$/u.test(text)) {
    throw refuse("INVALID_EMAIL_ADDRESS", `${field.label}: invalid email address: ${text}`, [field.name]);
  }
  if (field.type === "picklist") return choice(field, text);
  if (field.type === "multipicklist") return choices(field, text);
  return text;
}

function choice(field: Field, text: string): string {
  // Values in another case are taken for the one that is listed.
  const known = field.picklistValues.find(({ value, active }) => active && value.toLowerCase() === text.toLowerCase());
  if (known !== undefined) return known.value;
  if (!field.restrictedPicklist) return text;
  const message = `${field.label}: bad value for restricted picklist field: ${text}`;
  throw refuse("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name]);
}

/** Kept in the order in which the field lists its values. */
function choices(field: Field, text: string): string {
  const chosen = new Set(
    text
      .split(";")
      .filter((part) => part !== "")
      .map((part) => choice(field, part)),
  );
  const listed = field.picklistValues.map(({ value }) => value);
  const order = (value: string) => (listed.includes(value) ? listed.indexOf(value) : listed.length);
  return [...chosen].sort((a, b) => order(a) - order(b)).join(";");
}
