import type { FieldName } from "../model/golden.ts";
import type { CellChange, CoveredValue, RawUpsert, RefusedCell, Upsert } from "../model/observation.ts";
import type { EntityPolicy, FieldMapping, FieldPolicy, ObjectMapping } from "../model/policy.ts";
import type { CellName } from "../model/record.ts";
import type { FieldValue, RawValue } from "../model/value.ts";
import { cellsOf } from "./mapping/cells-of.ts";
import { readField } from "./mapping/read-field.ts";

/**
 * The normalize stage: a system's cells become the entity's fields, each value in its type's canonical form. A value that can't be is
 * refused by field, with its reason; the rest goes on. Cells that the config does not map are left out.
 */
export function observe(raw: RawUpsert, entity: EntityPolicy, mapping: ObjectMapping): Upsert {
  const fields: Record<FieldName, FieldValue> = {};
  const refused: Record<FieldName, RefusedCell> = {};
  const fieldChanges: Record<FieldName, CellChange> = {};
  const covered: Record<FieldName, CoveredValue[]> = {};
  const previous: Record<FieldName, Upsert["previous"][string]> = {};
  const cells: Record<string, RawUpsert["cells"][string]> = {};
  for (const [field, one] of Object.entries(mapping.fields)) {
    const policy = entity.fields[field];
    if (policy === undefined) continue;
    const names = cellsOf(one);
    if (raw.covered !== undefined) {
      const under = coveredValues(raw, raw.covered, names, policy, one);
      if (under.length > 0) covered[field] = under;
    }
    let isMentioned = false;
    for (const cell of names) {
      if (!Object.hasOwn(raw.cells, cell)) continue;
      isMentioned = true;
      cells[cell] = raw.cells[cell] ?? null;
    }
    if (!isMentioned || one.direction === "write") continue;
    const read = readField(policy.type, one, raw.cells);
    if (read?.ok === true) fields[field] = read.value;
    else if (read !== null) refused[field] = { cell: one.cell, raw: raw.cells[one.cell] ?? null, reason: read.reason };
    const { cellChanges, previous: was } = raw;
    const change = cellChanges === undefined ? undefined : lastOf(names.flatMap((cell) => cellChanges[cell] ?? []));
    if (change !== undefined) fieldChanges[field] = change;
    const cell = was === undefined ? undefined : names.find((name) => name in cells && Object.hasOwn(was, name));
    if (cell === undefined) continue;
    const before = was?.[cell] ?? null;
    const value = valueWith(raw, cell, before, policy, one);
    if (value !== null) previous[field] = { cell, raw: before, value: value.value };
  }
  const { ref, revision, observedAt, complete, changedAt, author } = raw;
  const pushed = raw.pushed === true ? { pushed: true } : {};
  const heldAt = raw.heldAt === undefined ? {} : { heldAt: raw.heldAt };
  const createKey = raw.createKey === undefined ? {} : { createKey: raw.createKey };
  return {
    kind: "upsert",
    ref,
    revision,
    observedAt,
    complete,
    changedAt,
    author,
    ...pushed,
    ...heldAt,
    ...createKey,
    cells,
    fields,
    refused,
    unknown: {},
    fieldChanges,
    covered,
    previous,
  };
}

function coveredValues(
  raw: RawUpsert,
  covered: NonNullable<RawUpsert["covered"]>,
  names: readonly CellName[],
  policy: FieldPolicy,
  mapping: FieldMapping,
): CoveredValue[] {
  return names.flatMap((cell) =>
    (covered[cell] ?? []).flatMap((old) => {
      const value = valueWith(raw, cell, old.value, policy, mapping);
      return value === null ? [] : [{ value: value.value, at: old.at, author: old.author }];
    }),
  );
}

/** What the field was when one of its cells held another value; `null` where that can't be told. */
function valueWith(
  raw: RawUpsert,
  cell: CellName,
  value: RawValue,
  { type }: FieldPolicy,
  mapping: FieldMapping,
): { readonly value: FieldValue } | null {
  const read = readField(type, mapping, { ...raw.cells, [cell]: value });
  return read?.ok === true ? read : null;
}

function lastOf(changes: readonly CellChange[]): CellChange | undefined {
  return changes.toSorted((a, b) => b.at.until - a.at.until)[0];
}
