import type { FieldName, GoldenRecord, Link, Source } from "../model/golden.ts";
import type { Hold } from "../model/hold.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { Policy } from "../model/policy.ts";
import type { Instant } from "../model/time.ts";
import { type Context, type Draft, draftOf, freezes, goldenOf, putHold, setField, write } from "./draft.ts";

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
 * Takes back a person's decision on a golden record, and the hold is open again. Of a conflict or clear: its fields get the values that they had before, as new
 * versions, and the hold has the candidates it had, so nothing of it is written until it is decided anew. Of a deletion: as long as
 * nothing has been carried out. `lines`: the golden record's latest journal lines.
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
  if (entity === undefined) return { kind: "invalid", reason: `The config has no entity ${hold.entity} any more.` };
  if (hold.status === "open") return { kind: "stale", hold };
  const draft = draftOf(golden, entity);
  const context: Context = { policy, entity, now, cause: `${hold.id}#${hold.revision}` };
  const isValues = hold.kind === "conflict" || hold.kind === "clear";
  const problem = isValues
    ? reopenFields(draft, hold, lines, by, context)
    : reopenRecord(draft, hold, lines, { kind: "person", name: by }, context);
  if (problem !== null) return problem;
  const open = opened(hold, now);
  putHold(draft, open);
  return { kind: "done", golden: goldenOf(draft), hold: open, journal: draft.journal };
}

/** The hold as it was before it was decided. */
export function opened(hold: Hold, now: Instant): Hold {
  return { ...hold, status: "open", closed: null, revision: hold.revision + 1, updatedAt: now };
}

type Problem = Exclude<Reopened, { readonly kind: "done" }>;

function reopenFields(
  draft: Draft,
  hold: Hold,
  lines: readonly JournalEntry[],
  by: string,
  context: Context,
): Problem | null {
  const decision = `${hold.id}#${hold.revision - 1}`;
  const made = lines.filter(({ cause, kind }) => cause === decision && (kind === "set" || kind === "kept"));
  if (hold.fields.some((field) => hasMoved(draft, field, made, hold))) return { kind: "stale", hold };
  const at = { from: context.now, until: context.now };
  for (const { kind, field, from } of made) {
    if (field === null || kind === "kept") continue;
    setField(draft, context, field, { value: from, at, source: { kind: "person", name: by }, why: "decision undone" });
  }
  return null;
}

function reopenRecord(
  draft: Draft,
  hold: Hold,
  lines: readonly JournalEntry[],
  source: Source,
  context: Context,
): Problem | null {
  const problem =
    hold.kind === "delete"
      ? reopenDelete(draft, hold, lines)
      : hold.kind === "duplicate"
        ? reopenDuplicate(draft, hold)
        : null;
  if (problem !== null) return { kind: "invalid", reason: problem };
  write(draft, context, { kind: "held", why: "decision undone", source });
  return null;
}

/** What it had come to is taken back, if nobody has carried it out yet. */
function reopenDelete(draft: Draft, { ref, closed }: Hold, lines: readonly JournalEntry[]): string | null {
  const isThere = (link: Link) => link.system === ref?.system && link.object === ref.object;
  const link = draft.links.find((one) => isThere(one) && one.id === ref?.id);
  if (link?.status !== "deleted") return "The record is there again.";
  if (closed?.choice === "delete") {
    const isBegun = lines.some(
      ({ kind, at, source }) => kind === "deleted" && at >= closed.at && source.kind === "record",
    );
    if (isBegun || draft.links.some(({ inFlight }) => inFlight !== null))
      return "It is being deleted elsewhere already; what is gone can be created again.";
    draft.deletedAt = null;
    return null;
  }
  if (draft.deletedAt !== null) return "It has been deleted since.";
  if (closed?.choice !== "restore") return null;
  const wanted = draft.links.find((one) => isThere(one) && one.status !== "deleted");
  if (wanted === undefined) return null;
  if (wanted.id !== null || wanted.inFlight !== null || wanted.createUnknown)
    return "It has been created again already, or is just being so.";
  draft.links = draft.links.filter((one) => one !== wanted);
  return null;
}

function reopenDuplicate(draft: Draft, { closed, matches }: Hold): string | null {
  if (draft.mergedInto !== null || (closed?.choice.startsWith("same as") ?? false))
    return "They are one golden record by now; split it to take them apart.";
  draft.distinctFrom = draft.distinctFrom.filter((id) => !matches.includes(id));
  return null;
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
