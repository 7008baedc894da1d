import type { FieldName, FieldVersion } from "../../model/golden.ts";
import type { EntityPolicy, ObjectMapping } from "../../model/policy.ts";
import type { FieldValue } from "../../model/value.ts";
import { passes } from "./expression.ts";

/**
 * Whether a record takes part: its own values pass the filter of its object, and for fields that are not read there the agreed ones do.
 * `values` is empty for a record that is not there yet.
 */
export function takesPart(
  entity: EntityPolicy,
  mapping: ObjectMapping,
  golden: Readonly<Record<FieldName, Pick<FieldVersion, "value">>>,
  values: Readonly<Record<FieldName, FieldValue>>,
): boolean {
  if (mapping.filter === undefined) return true;
  const isRead = (field: FieldName) => (mapping.fields[field]?.direction ?? "write") !== "write";
  return passes(mapping.filter.expression, entity, (field) =>
    isRead(field) && field in values ? values[field] : golden[field]?.value,
  );
}

/** True for a linked record that is left alone, since it does not take part any more. */
export function isOutside(...[entity, mapping, golden, values]: Parameters<typeof takesPart>): boolean {
  return mapping.filter?.leaves === "pause" && !takesPart(entity, mapping, golden, values);
}
