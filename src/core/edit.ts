import type { FieldName, GoldenRecord, Source } from "../model/golden.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { EntityPolicy } from "../model/policy.ts";
import { type FieldValue, type RawValue, sameValue } from "../model/value.ts";
import { type Context, catchUp, draftOf, freezes, goldenOf, setField } from "./draft.ts";
import { normalizeValue } from "./normalize/normalize-value.ts";

/** What a person's word on fields of a golden record comes to; `reason` says why it can't be. */
export type Edited =
  | { readonly kind: "done"; readonly golden: GoldenRecord; readonly journal: readonly JournalEntry[] }
  | { readonly kind: "invalid"; readonly reason: string };

/**
 * Gives fields new (canonical) values outside of any hold: each is a new field version, which every system is then behind of. A field that is
 * held is decided at its hold.
 */
export function editFields(
  golden: GoldenRecord,
  values: Readonly<Record<FieldName, FieldValue>>,
  source: Source,
  why: string,
  context: Context,
): Edited {
  const draft = draftOf(golden, context.entity);
  for (const [field, value] of Object.entries(values)) {
    const held = freezes(golden.holds, field);
    if (held !== undefined) return { kind: "invalid", reason: `${field} is held; decide the hold ${held.id} instead` };
    const before = draft.fields[field]?.value ?? null;
    if (sameValue(before, value)) continue;
    const at = { from: context.now, until: context.now };
    setField(draft, context, field, { value, at, source, why }, { base: before });
    catchUp(draft, field, value);
  }
  return { kind: "done", golden: goldenOf(draft), journal: draft.journal };
}

/** Values as a person gives them, in canonical form; a text says which one can't be brought there, and why. */
export function canonicalValues(
  entity: EntityPolicy,
  given: Readonly<Record<FieldName, RawValue>>,
): Readonly<Record<FieldName, FieldValue>> | string {
  const values: Record<FieldName, FieldValue> = {};
  for (const [field, raw] of Object.entries(given)) {
    const type = entity.fields[field]?.type;
    if (type === undefined)
      return `${entity.name} has no field ${field}; it has ${Object.keys(entity.fields).join(", ")}`;
    const normalized = normalizeValue(type, raw);
    if (!normalized.ok) return `${field}: ${normalized.reason}`;
    values[field] = normalized.value;
  }
  return values;
}
