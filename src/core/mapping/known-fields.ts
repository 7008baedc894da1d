import type { FieldName } from "../../model/golden.ts";
import type { EntityPolicy, FieldMapping, ObjectMapping } from "../../model/policy.ts";
import type { CellName } from "../../model/record.ts";
import { type FieldValue, type RawValue, sameValue } from "../../model/value.ts";
import { normalizeValue } from "../normalize/normalize-value.ts";
import { cellsOf } from "./cells-of.ts";
import { splitBeside } from "./parts.ts";
import { writeField } from "./write-field.ts";

/** Values of fields that a record may well hold, the likeliest first: its shadow, what is agreed. */
export type Candidates = readonly ((field: FieldName) => FieldValue | undefined)[];

/**
 * What a record's cells mean that were written from known values: those values. Reading alone can't always tell ("Ana de la Cruz" that is
 * Ana and de la Cruz; two stages that a picklist has one name for). With it, reading back what was written gives it, whatever the mapping.
 */
export function knownFields(
  cells: Readonly<Record<CellName, RawValue>>,
  entity: EntityPolicy,
  mapping: ObjectMapping,
  candidates: Candidates,
): Readonly<Record<FieldName, FieldValue>> {
  const known: Record<FieldName, FieldValue> = {};
  for (const [field, one] of Object.entries(mapping.fields)) {
    if (one.form === undefined || one.direction === "write" || field in known) continue;
    const names = cellsOf(one);
    if (!names.every((name) => Object.hasOwn(cells, name))) continue;
    const together = one.form.kind === "part" ? one.form.fields : [field];
    const found = candidates.find((valueFor) => isWrittenFrom(cells, field, entity, one, together, valueFor));
    if (found !== undefined) for (const each of together) known[each] = found(each) ?? null;
    else Object.assign(known, besideKnown(cells, entity, one, together, candidates[0]));
  }
  return known;
}

function isWrittenFrom(
  cells: Readonly<Record<CellName, RawValue>>,
  field: FieldName,
  entity: EntityPolicy,
  mapping: FieldMapping,
  together: readonly FieldName[],
  valueFor: Candidates[number],
): boolean {
  const policy = entity.fields[field];
  const { form } = mapping;
  if (policy === undefined || form === undefined || together.some((one) => valueFor(one) === undefined)) return false;
  const written = writeField(field, policy.type, mapping, (one) => valueFor(one) ?? null);
  if (!written.ok) return false;
  return Object.entries(written.cells).every(([name, value]) => {
    const seen = normalizeValue(form.cellType, cells[name] ?? null);
    return seen.ok && sameValue(seen.value, value);
  });
}

function besideKnown(
  cells: Readonly<Record<CellName, RawValue>>,
  entity: EntityPolicy,
  { cell, form }: FieldMapping,
  together: readonly FieldName[],
  shadow: Candidates[number] | undefined,
): Readonly<Record<FieldName, FieldValue>> {
  if (form?.kind !== "part" || shadow === undefined) return {};
  const seen = normalizeValue(form.cellType, cells[cell] ?? null);
  if (!seen.ok || typeof seen.value !== "string") return {};
  const before = together.map((one) => shadow(one) ?? null);
  const parts = splitBeside(seen.value, before, form.by) ?? [];
  const fields = parts.flatMap((part, i) => {
    const [field, type] = [together[i] ?? "", entity.fields[together[i] ?? ""]?.type];
    const value = type === undefined ? null : normalizeValue(type, part);
    return value?.ok === true ? [[field, value.value] as const] : [];
  });
  return fields.length === together.length ? Object.fromEntries(fields) : {};
}
