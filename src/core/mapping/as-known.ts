import type { Link } from "../../model/golden.ts";
import type { RefusedCell, Upsert } from "../../model/observation.ts";
import type { ObjectMapping } from "../../model/policy.ts";
import type { FieldValue } from "../../model/value.ts";
import type { Context, Draft } from "../draft.ts";
import { cellsOf } from "./cells-of.ts";
import { knownFields } from "./known-fields.ts";
import { readField } from "./read-field.ts";

/**
 * An observation of a linked record, read with what is known of it: cells that it does not mention are as they were, and what was written
 * from known values means them.
 */
export function asKnown(draft: Draft, link: Link, seen: Upsert, mapping: ObjectMapping, context: Context): Upsert {
  const formed = Object.entries(mapping.fields).filter(([, one]) => {
    return one.form !== undefined && one.direction !== "write" && cellsOf(one).some((cell) => cell in seen.cells);
  });
  if (formed.length === 0) return seen;
  const cells = { ...link.cells, ...seen.cells };
  const known = knownFields(cells, context.entity, mapping, [
    (field) => link.shadow[field],
    (field) => draft.fields[field]?.value,
  ]);
  const fields: Record<string, FieldValue> = { ...seen.fields };
  const refused: Record<string, RefusedCell> = { ...seen.refused };
  for (const [field, one] of formed) {
    const type = context.entity.fields[field]?.type;
    if (type === undefined) continue;
    const read = field in known ? { ok: true as const, value: known[field] ?? null } : readField(type, one, cells);
    if (read === null) continue;
    delete fields[field];
    delete refused[field];
    if (read.ok) fields[field] = read.value;
    else refused[field] = { cell: one.cell, raw: cells[one.cell] ?? null, reason: read.reason };
  }
  return { ...seen, fields, refused };
}
