import { denormalizeValue } from "../../core/normalize/denormalize-value.ts";
import type { FieldValue, RawValue } from "../../model/value.ts";
import type { MappedCell } from "../../ports/connector.ts";
import { associationOf, encodeIds } from "./associations.ts";

/** HubSpot's form: a string, or `null` for a blank, as it reads back. */
export function encodeValue(cell: MappedCell, value: FieldValue): RawValue {
  const association = associationOf(cell);
  if (association !== null) return encodeIds(association, value);
  return cellOf(denormalizeValue(cell.type, value, "string"));
}

/** A property value as a cell: "" and `null` are both a blank there. */
export function cellOf(value: unknown): RawValue {
  if (value === null || value === undefined || value === "") return null;
  return typeof value === "string" ? value : (value as RawValue);
}

/** A cell as the API takes it: a blank clears by "", whatever is no text becomes one. */
export function wireOf(raw: RawValue): string {
  if (raw === null) return "";
  return typeof raw === "object" ? JSON.stringify(raw) : String(raw);
}
