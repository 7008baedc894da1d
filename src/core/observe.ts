import type { FieldName } from "../model/golden.ts";
import type { CellChange, CoveredCell, CoveredValue, RawUpsert, RefusedCell, Upsert } from "../model/observation.ts";
import type { EntityPolicy, ObjectMapping } from "../model/policy.ts";
import type { FieldValue } from "../model/value.ts";
import { normalizeValue } from "./normalize/normalize-value.ts";

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
  for (const [field, { cell, direction }] of Object.entries(mapping.fields)) {
    const policy = entity.fields[field];
    if (policy === undefined) continue;
    const under = (raw.covered?.[cell] ?? []).flatMap((one) => coveredValue(policy.type, one));
    if (under.length > 0) covered[field] = under;
    if (!Object.hasOwn(raw.cells, cell)) continue;
    const value = raw.cells[cell] ?? null;
    cells[cell] = value;
    if (direction === "write") continue;
    const normalized = normalizeValue(policy.type, value);
    if (normalized.ok) fields[field] = normalized.value;
    else refused[field] = { cell, raw: value, reason: normalized.reason };
    const change = raw.cellChanges?.[cell];
    if (change !== undefined) fieldChanges[field] = change;
    if (raw.previous !== undefined && Object.hasOwn(raw.previous, cell)) {
      const before = raw.previous[cell] ?? null;
      const was = normalizeValue(policy.type, before);
      if (was.ok) previous[field] = { cell, raw: before, value: was.value };
    }
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
    fieldChanges,
    covered,
    previous,
  };
}

function coveredValue(type: Parameters<typeof normalizeValue>[0], cell: CoveredCell): CoveredValue[] {
  const normalized = normalizeValue(type, cell.value);
  return normalized.ok ? [{ value: normalized.value, at: cell.at, author: cell.author }] : [];
}
