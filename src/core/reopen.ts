import type { FieldName, GoldenRecord } from "../model/golden.ts";
import type { Hold } from "../model/hold.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { Policy } from "../model/policy.ts";
import type { Instant } from "../model/time.ts";
import { type Context, type Draft, draftOf, freezes, goldenOf, putHold, setField } from "./draft.ts";

export type Reopened =
  | {
      readonly kind: "done";
      readonly golden: GoldenRecord;
      readonly hold: Hold;
      readonly journal: readonly JournalEntry[];
    }
  /** It is open, or a field has changed since the decision: nothing is undone. */
  | { readonly kind: "stale"; readonly hold: Hold }
  | { readonly kind: "invalid"; readonly reason: string };

/**
 * Takes back a person's decision on a conflict or clear: its fields get the values that they had before, as new versions, and the hold is open
 * again with the candidates it had, so nothing of it is written until it is decided anew. `lines`: the golden record's latest journal lines.
 */
export function reopen(
  golden: GoldenRecord,
  hold: Hold,
  lines: readonly JournalEntry[],
  by: string,
  policy: Policy,
  now: Instant,
): Reopened {
  const entity = policy.entities[hold.entity];
  if (hold.kind !== "conflict" && hold.kind !== "clear")
    return {
      kind: "invalid",
      reason: `A decision on a ${hold.kind} can't be undone${hold.kind === "duplicate" ? "; truce split takes records apart again" : ""}.`,
    };
  if (entity === undefined) return { kind: "invalid", reason: `The config has no entity ${hold.entity} any more.` };
  if (hold.status === "open") return { kind: "stale", hold };
  const draft = draftOf(golden, entity);
  const decision = `${hold.id}#${hold.revision - 1}`;
  const made = lines.filter(({ cause, kind }) => cause === decision && (kind === "set" || kind === "kept"));
  if (hold.fields.some((field) => hasMoved(draft, field, made, hold))) return { kind: "stale", hold };
  const context: Context = { policy, entity, now, cause: `${hold.id}#${hold.revision}` };
  for (const { kind, field, from } of made) {
    if (field === null || kind === "kept") continue;
    const at = { from: now, until: now };
    setField(draft, context, field, { value: from, at, source: { kind: "person", name: by }, why: "decision undone" });
  }
  const open: Hold = { ...hold, status: "open", closed: null, revision: hold.revision + 1, updatedAt: now };
  putHold(draft, open);
  return { kind: "done", golden: goldenOf(draft), hold: open, journal: draft.journal };
}

/** The field is held anew, or is no longer what the decision made it. */
function hasMoved(draft: Draft, field: FieldName, made: readonly JournalEntry[], hold: Hold): boolean {
  if (freezes(draft.holds, field) !== undefined) return true;
  const line = made.find((one) => one.field === field);
  const version = draft.fields[field]?.version ?? 0;
  if (line !== undefined) return version !== line.version;
  // The decision said nothing of this field of a group: whatever was set after it came later.
  const changedAt = draft.fields[field]?.changedAt.until ?? 0;
  return changedAt > (hold.closed?.at ?? 0);
}
