import { denormalizeValue } from "../../core/normalize/denormalize-value.ts";
import type { FieldValue, RawValue } from "../../model/value.ts";
import type { MappedCell } from "../../ports/connector.ts";
import { fullId } from "./record-id.ts";
import type { Field } from "./schema.ts";

/**
 * A cell as Truce keeps it, from what REST, Bulk and change events give. An empty text is a blank; a checkbox is never blank; the choices of a
 * multi-select are sorted, as Salesforce orders them by the field's own list; moments are ISO 8601 in UTC; ids have 18 characters.
 */
export function rawOf(field: Pick<Field, "type">, value: unknown): RawValue {
  if (field.type === "boolean") return value === true || value === "true";
  if (value === undefined || value === null || value === "") return null;
  switch (field.type) {
    case "datetime":
      return momentOf(value);
    case "date":
      return typeof value === "number" ? new Date(value).toISOString().slice(0, 10) : (value as RawValue);
    case "multipicklist":
      return typeof value === "string" ? value.split(";").sort().join(";") : (value as RawValue);
    case "reference":
    case "id":
      return typeof value === "string" ? (fullId(value) ?? value) : (value as RawValue);
    default:
      return value as RawValue;
  }
}

/** `2024-07-24T14:05:58.000+0000`, with a Z, or milliseconds, as events have them. */
function momentOf(value: unknown): RawValue {
  const text = typeof value === "string" ? value.replace(/([+-]\d{2})(\d{2})$/u, "$1:$2") : value;
  const at = typeof text === "number" ? text : Date.parse(String(text));
  return Number.isNaN(at) ? (value as RawValue) : new Date(at).toISOString();
}

/** The cell for a canonical value, equal to what `rawOf` gives when Salesforce keeps it as it is. */
export function encodeValue({ type }: MappedCell, value: FieldValue): RawValue {
  if (type.kind === "boolean") return value === true;
  if (value === null || value === "") return null;
  switch (type.kind) {
    case "set":
      return Array.isArray(value) ? [...value].sort().join(";") || null : null;
    case "datetime":
      return new Date(String(value)).toISOString();
    case "money": {
      // In another currency than the field's: spelled out, which a currency field refuses.
      const raw = denormalizeValue(type, value, "json");
      return typeof raw === "object" ? denormalizeValue(type, value, "string") : raw;
    }
    default:
      return denormalizeValue(type, value, "json");
  }
}
