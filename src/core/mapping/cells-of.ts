import type { FieldType } from "../../model/field-type.ts";
import type { FieldName } from "../../model/golden.ts";
import type { FieldMapping, ObjectMapping } from "../../model/policy.ts";
import type { CellName } from "../../model/record.ts";

/** The cells that a field is kept in, in order. */
export function cellsOf(mapping: FieldMapping): readonly CellName[] {
  const known = lists.get(mapping);
  if (known !== undefined) return known;
  const { cell, form } = mapping;
  const cells = form?.kind === "parts" || form?.kind === "expression" ? form.cells : [cell];
  lists.set(mapping, cells);
  return cells;
}

/** Asked for every field of every record. */
const lists = new WeakMap<FieldMapping, readonly CellName[]>();

/** Cells of a field that may not be mapped here. */
export function cellsOfField(mapping: ObjectMapping, field: FieldName): readonly CellName[] {
  const one = mapping.fields[field];
  return one === undefined ? [] : cellsOf(one);
}

/** What each of the field's cells holds. */
export function cellTypeOf({ form }: FieldMapping, type: FieldType): FieldType {
  return form?.cellType ?? type;
}
