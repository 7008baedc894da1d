import type { FieldValue, RawValue } from "../../model/value.ts";
import type { MappedCell } from "../../ports/connector.ts";
import type { Field } from "./schema.ts";

/**
 * A cell as Truce keeps it, from the form that record calls and webhook payloads give. They differ: payloads show selects as
 * `{id,name,color}` and links as `{id,name}`. Absent and `null` are a blank, and an empty box is `false`. Selects of many and links are
 * sorted, as their order means nothing; a link to one record is its id.
 */
export function rawOf(field: Field, value: RawValue | undefined): RawValue {
  if (field.type === "checkbox") return value === true;
  if (value === undefined || value === null || value === "") return null;
  switch (field.type) {
    case "richText":
      // Airtable ends rich text with a line break of its own.
      return typeof value === "string" ? value.replace(/\n$/, "") || null : value;
    case "singleSelect":
      return partOf(value, "name");
    case "multipleSelects":
      return sortedList(value, "name");
    case "multipleRecordLinks":
      return onlyItem(sortedList(value, "id"));
    case "multipleLookupValues":
      return sortedList(lookedUp(value), "name");
    case "singleCollaborator":
    case "createdBy":
    case "lastModifiedBy":
      return partOf(value, "email");
    case "multipleCollaborators":
      return sortedList(value, "email");
    case "multipleAttachments":
      // Their addresses change every two hours; names and ids do not.
      return sortedList(value, "filename");
    case "barcode":
      return partOf(value, "text");
    case "aiText":
      return partOf(value, "value");
    default:
      return value;
  }
}

/** The value that a record call takes for a cell. Blanks are `null`. */
export function wireOf(field: Field, raw: RawValue): RawValue {
  if (field.type === "multipleRecordLinks" && typeof raw === "string") return [raw];
  return raw;
}

/** The cell for a canonical value, equal to what `rawOf` gives when Airtable keeps it as it is. */
export function encodeValue({ type }: MappedCell, value: FieldValue): RawValue {
  if (type.kind === "boolean") return value === true;
  if (value === null || value === "") return null;
  switch (type.kind) {
    case "number":
      return Number(value);
    case "money":
      return moneyCell(value as { amount: string; currency: string }, type.currency);
    case "set":
      return Array.isArray(value) && value.length > 0 ? [...value].sort() : null;
    case "datetime":
      return new Date(String(value)).toISOString();
    case "reference":
      return Array.isArray(value) ? onlyItem([...value].sort()) : value;
    default:
      return value;
  }
}

/** A bare amount where the config names the cell's currency; another currency is spelled out, and a number field refuses it. */
function moneyCell({ amount, currency }: { amount: string; currency: string }, own: string | undefined): RawValue {
  return currency === own ? Number(amount) : `${amount} ${currency}`;
}

function partOf(value: RawValue, part: string): RawValue {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return (value as { readonly [key: string]: RawValue })[part] ?? null;
}

function sortedList(value: RawValue, part: string): RawValue {
  if (!Array.isArray(value)) return value;
  if (value.length === 0) return null;
  return value.map((item: RawValue) => partOf(item, part)).sort(byText);
}

function byText(a: RawValue, b: RawValue): number {
  const [left, right] = [String(a), String(b)];
  return left < right ? -1 : Number(left > right);
}

function onlyItem(value: RawValue): RawValue {
  return Array.isArray(value) && value.length === 1 ? value[0] : value;
}

/** Payloads give lookups by linked record; record calls give one list. */
function lookedUp(value: RawValue): RawValue {
  const byRecord = partOf(value, "valuesByLinkedRecordId");
  if (byRecord === value || byRecord === null) return value;
  return Object.values(byRecord).flat() as RawValue;
}
