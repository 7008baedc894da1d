import type { FieldName, FieldVersion, GoldenRecord, Source } from "../model/golden.ts";
import type { EntityPolicy } from "../model/policy.ts";
import { type FieldValue, sameValue } from "../model/value.ts";
import { freezes } from "./draft.ts";

/** A change that shall be undone: a `set` line of the journal. */
export type Change = { readonly field: FieldName; readonly version: number; readonly from: FieldValue };

export type UndoStep =
  | { readonly kind: "restore"; readonly field: FieldName; readonly from: FieldValue; readonly to: FieldValue }
  /** Why the field stays as it is, in words. */
  | { readonly kind: "skip"; readonly field: FieldName; readonly reason: string };

/**
 * What undoing these changes of one golden record comes to, field by field. Only what is still there is undone: from a field's present version
 * back through the changes that follow on each other, to the value before the first of them. A value that somebody set since stays.
 */
export function undoSteps(golden: GoldenRecord, entity: EntityPolicy, changes: readonly Change[]): UndoStep[] {
  return [...Map.groupBy(changes, ({ field }) => field)].map(([field, ofField]): UndoStep => {
    const skip = (reason: string): UndoStep => ({ kind: "skip", field, reason });
    const current = golden.fields[field];
    if (golden.deletedAt !== null) return skip("the record was deleted");
    if (current === undefined || entity.fields[field] === undefined)
      return skip("the config has no such field any more");
    const held = freezes(golden.holds, field);
    if (held !== undefined) return skip(`it is held for a person (${held.id})`);
    const first = firstOfRun(current, ofField);
    if (first === null) return skip(`it was changed since, by ${nameOf(current.source)}`);
    if (first.version === 1) return skip("it was the field's first value: there is nothing to go back to");
    if (sameValue(first.from, current.value)) return skip("it holds the earlier value already");
    return { kind: "restore", field, from: current.value, to: first.from };
  });
}

/** The first of the changes that lead without a gap to the present version; `null` when the present one is not among them. */
function firstOfRun(current: FieldVersion, changes: readonly Change[]): Change | null {
  const byVersion = new Map(changes.map((change) => [change.version, change]));
  let first: Change | null = null;
  for (let version = current.version; byVersion.has(version); version--) first = byVersion.get(version) ?? null;
  return first;
}

/** Who set a value, for people. */
function nameOf(source: Source): string {
  if (source.kind === "person") return source.name;
  if (source.kind === "rule") return `rule ${source.rule}`;
  return source.author === null ? source.ref.system : `${source.author} in ${source.ref.system}`;
}
