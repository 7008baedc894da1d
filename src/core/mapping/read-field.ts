import type { FieldType } from "../../model/field-type.ts";
import type { FieldForm, FieldMapping } from "../../model/policy.ts";
import type { CellName } from "../../model/record.ts";
import type { FieldValue, RawValue } from "../../model/value.ts";
import { normalizeValue } from "../normalize/normalize-value.ts";
import { blank, type Normalized, quote, refused } from "../normalize/normalized.ts";
import { cellsOf } from "./cells-of.ts";
import { type Evaluated, evaluateValue } from "./expression.ts";
import { joinParts, splitParts } from "./parts.ts";

/** What a record's cells say about a field, in its canonical form. `null`: not all of its cells are mentioned. */
export function readField(
  type: FieldType,
  mapping: FieldMapping,
  cells: Readonly<Record<CellName, RawValue>>,
): Normalized | null {
  const { form, cell } = mapping;
  if (form === undefined) return Object.hasOwn(cells, cell) ? normalizeValue(type, cells[cell] ?? null) : null;
  const names = cellsOf(mapping);
  if (!names.every((name) => Object.hasOwn(cells, name))) return null;
  const values: FieldValue[] = [];
  for (const name of names) {
    const value = normalizeValue(form.cellType, cells[name] ?? null);
    if (!value.ok) return value;
    values.push(value.value);
  }
  if (values.every((value) => value === null)) return blank;
  const read = readForm(form, values);
  return read.ok ? normalizeValue(type, read.value) : read;
}

function readForm(form: FieldForm, values: readonly FieldValue[]): Evaluated {
  const [first = null] = values;
  switch (form.kind) {
    case "values":
      return translated(first, form.toField, form.otherwise.read);
    case "parts":
      return { ok: true, value: joinParts(values, form.by) };
    case "part": {
      const parts = splitParts(String(first), form.fields.length, form.by);
      if (parts === null)
        return refused(`${quote(String(first))} can't be told apart into ${form.fields.join(" and ")}`);
      return { ok: true, value: parts[form.index] ?? null };
    }
    case "expression":
      if (form.read === null) return refused("it is only written there");
      return evaluateValue(form.read, form.cellType.kind === "number", values);
  }
}

/** A picklist's value, or each of several, by another name. */
export function translated(
  value: FieldValue,
  names: Readonly<Record<string, string>>,
  otherwise: string | null,
): Evaluated {
  if (value === null) return { ok: true, value };
  const all = Array.isArray(value) ? (value as readonly string[]) : [String(value)];
  const found = all.map((one) => (Object.hasOwn(names, one) ? (names[one] ?? null) : otherwise));
  const missing = found.indexOf(null);
  if (missing !== -1) return refused(`${quote(all[missing] ?? "")} is not among the values that the config lists`);
  return { ok: true, value: Array.isArray(value) ? found : (found[0] ?? null) };
}
