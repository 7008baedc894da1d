import type { FieldType } from "../../model/field-type.ts";
import type { FieldName } from "../../model/golden.ts";
import type { FieldForm, FieldMapping } from "../../model/policy.ts";
import type { CellName } from "../../model/record.ts";
import type { FieldValue } from "../../model/value.ts";
import { normalizeValue } from "../normalize/normalize-value.ts";
import { quote, type Refused, refused } from "../normalize/normalized.ts";
import { cellsOf } from "./cells-of.ts";
import { type Evaluated, evaluateValue } from "./expression.ts";
import { joinParts, splitParts } from "./parts.ts";
import { translated } from "./read-field.ts";

export type Written = { readonly ok: true; readonly cells: Readonly<Record<CellName, FieldValue>> } | Refused;

/**
 * What the cells of a field hold when the field has a value, each in its cell's canonical form. `valueFor`: the values that the record's
 * other fields have or get, for those that share the cell.
 */
export function writeField(
  field: FieldName,
  type: FieldType,
  mapping: FieldMapping,
  valueFor: (field: FieldName) => FieldValue,
): Written {
  const { form } = mapping;
  const value = valueFor(field);
  if (form === undefined) return { ok: true, cells: { [mapping.cell]: value } };
  const cells: Record<CellName, FieldValue> = {};
  for (const [i, name] of cellsOf(mapping).entries()) {
    const raw = writeForm(form, i, value, valueFor, type);
    const one = raw.ok ? normalizeValue(form.cellType, raw.value) : raw;
    if (!one.ok) return one;
    cells[name] = one.value;
  }
  return { ok: true, cells };
}

function writeForm(
  form: FieldForm,
  index: number,
  value: FieldValue,
  valueFor: (field: FieldName) => FieldValue,
  type: FieldType,
): Evaluated {
  if (form.kind === "part") return { ok: true, value: joinParts(form.fields.map(valueFor), form.by) };
  if (value === null) return { ok: true, value };
  switch (form.kind) {
    case "values":
      return translated(value, form.toCell, form.otherwise.write);
    case "parts": {
      const parts = splitParts(String(value), form.cells.length, form.by);
      if (parts === null)
        return refused(`${quote(String(value))} can't be told apart into ${form.cells.join(" and ")}`);
      return { ok: true, value: parts[index] ?? null };
    }
    case "expression": {
      const expression = form.write?.[index];
      if (expression === undefined) return refused("it is only read there");
      return evaluateValue(expression, type.kind === "number", [value]);
    }
  }
}
