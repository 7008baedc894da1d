import type { FieldType } from "../../../model/field-type.ts";
import type { FieldValue, RawValue } from "../../../model/value.ts";
import { normalizeValue } from "../normalize-value.ts";

/** The canonical value, or the reason behind "refused: ", so that a table of cases has one column for both. */
export function outcome(type: FieldType, raw: RawValue): FieldValue {
  const normalized = normalizeValue(type, raw);
  return normalized.ok ? normalized.value : `refused: ${normalized.reason}`;
}
