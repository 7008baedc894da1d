import type { FieldName, GoldenId, GoldenRecord, Source } from "../model/golden.ts";
import type { Decision, Hold } from "../model/hold.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { EntityPolicy, Policy } from "../model/policy.ts";
import type { RecordRef } from "../model/record.ts";
import type { Instant } from "../model/time.ts";
import { type FieldValue, isBlank, sameValue } from "../model/value.ts";
import { released } from "./block-create.ts";
import { type Context, catchUp, type Draft, draftOf, goldenOf, newLink, putHold, setField, write } from "./draft.ts";
import { livingOf, mergeGoldens } from "./merge-goldens.ts";
import { normalizeValue } from "./normalize/normalize-value.ts";

/** What a person's decision on a hold comes to. */
export type Judged =
  | {
      readonly kind: "done";
      /** The golden records after it, the hold's own first; none for holds on unlinked records, which are read again under a pin. */
      readonly goldens: readonly GoldenRecord[];
      readonly journal: readonly JournalEntry[];
      readonly hold: Hold;
      /** Other holds that end or change with it. */
      readonly also: readonly Hold[];
      readonly pin: { readonly ref: RecordRef; readonly goldenId: string } | null;
      readonly reread: readonly RecordRef[];
    }
  /** The hold has changed since it was shown, or was decided by someone else. */
  | { readonly kind: "stale"; readonly hold: Hold }
  /** The choice does not fit the hold; `reason` says what would. */
  | { readonly kind: "invalid"; readonly reason: string };

/**
 * Applies a person's decision. It names the revision it was shown: any change since makes it stale. The decided value is a new field version
 * that every system is then behind of. `goldenById`: the golden records that a duplicate may be the same as.
 */
export function judge(
  golden: GoldenRecord | null,
  goldenById: (id: GoldenId) => GoldenRecord | undefined,
  hold: Hold,
  decision: Decision,
  policy: Policy,
  now: Instant,
): Judged {
  if (hold.status !== "open" || hold.revision !== decision.revision) return { kind: "stale", hold };
  const entity = policy.entities[hold.entity];
  if (entity === undefined) return { kind: "invalid", reason: `The config has no entity ${hold.entity} any more.` };
  const cause = `${hold.id}#${hold.revision}`;
  const context: Context = { policy, entity, now, cause };
  const closed = close(hold, decision, now);
  if (golden === null) return judgeRecord(hold, closed, decision);
  if (hold.kind === "duplicate" && decision.choice.kind === "link")
    return judgeMerge(golden, livingOf(decision.choice.goldenId, goldenById), closed, decision, context);
  const draft = draftOf(golden, entity);
  const problem = judgeGolden(draft, hold, decision, context);
  if (problem !== null) return { kind: "invalid", reason: problem };
  putHold(draft, closed);
  const goldens = [goldenOf(draft), ...freedBy(hold, decision, goldenById)];
  return { kind: "done", goldens, journal: draft.journal, hold: closed, also: [], pin: null, reread: [] };
}

/** Golden records that made no record of their own while the question was open, and may now. */
function freedBy(
  hold: Hold,
  { choice }: Decision,
  goldenById: (id: GoldenId) => GoldenRecord | undefined,
): GoldenRecord[] {
  if (hold.kind !== "duplicate" || choice.kind !== "new") return [];
  const matches = hold.matches.flatMap((id) => goldenById(id) ?? []);
  return matches
    .filter(({ links }) => links.some(({ waitsFor }) => waitsFor === hold.id))
    .map((one) => released(one, hold.id));
}

/** The golden record that the hold is on becomes one with another: that one, which the person named, lives on. */
function judgeMerge(
  golden: GoldenRecord,
  into: GoldenRecord | undefined,
  closed: Hold,
  { choice, by }: Decision,
  context: Context,
): Judged {
  if (into === undefined || choice.kind !== "link")
    return { kind: "invalid", reason: "There is no such golden record to merge it into." };
  const merged = mergeGoldens(into, golden, { kind: "person", name: by }, context);
  if (merged.kind === "invalid") return merged;
  const { survivor, loser } = merged;
  putHold(loser, closed);
  const also = [...survivor.changedHolds.values(), ...loser.changedHolds.values()].filter(({ id }) => id !== closed.id);
  const goldens = [goldenOf(loser), goldenOf(survivor)];
  const journal = [...loser.journal, ...survivor.journal];
  return { kind: "done", goldens, journal, hold: closed, also, pin: null, reread: [] };
}

function close(hold: Hold, decision: Decision, now: Instant): Hold {
  return {
    ...hold,
    status: "closed",
    revision: hold.revision + 1,
    updatedAt: now,
    closed: { at: now, by: decision.by, choice: choiceText(decision) },
  };
}

function choiceText({ choice }: Decision): string {
  switch (choice.kind) {
    case "take":
      return `took candidate ${choice.candidate}`;
    case "link":
      return `same as ${choice.goldenId}`;
    case "set":
      return `set ${Object.keys(choice.values).join(", ")}`;
    default:
      return choice.kind;
  }
}

/** Holds on unlinked records: the person's word is kept as a pin, and the record is read again under it. */
function judgeRecord(hold: Hold, closed: Hold, { choice }: Decision): Judged {
  if (hold.ref === null) return { kind: "invalid", reason: "This hold names no record." };
  const done = { kind: "done" as const, goldens: [], journal: [], hold: closed, also: [] };
  if (choice.kind === "link") return { ...done, pin: { ref: hold.ref, goldenId: choice.goldenId }, reread: [hold.ref] };
  if (choice.kind === "new") return { ...done, pin: { ref: hold.ref, goldenId: "new" }, reread: [hold.ref] };
  if (choice.kind === "leave") return { ...done, pin: null, reread: [] };
  return { kind: "invalid", reason: `A ${hold.kind} is decided by link, new or leave.` };
}

function judgeGolden(draft: Draft, hold: Hold, decision: Decision, context: Context): string | null {
  const source: Source = { kind: "person", name: decision.by };
  switch (hold.kind) {
    case "conflict":
    case "clear":
      return judgeFields(draft, hold, decision, context, source);
    case "delete":
      return judgeDelete(draft, hold, decision, context, source);
    case "duplicate":
      return judgeDuplicate(draft, hold, decision, context, source);
    default:
      return decision.choice.kind === "leave" ? null : `A ${hold.kind} on a golden record is decided by leave.`;
  }
}

function judgeDuplicate(
  draft: Draft,
  { id, matches, ref }: Hold,
  { choice }: Decision,
  context: Context,
  source: Source,
): string | null {
  if (choice.kind === "leave") return null;
  if (choice.kind !== "new") return "A duplicate on a golden record is decided by link, new or leave.";
  draft.links = draft.links.map((link) => {
    const waitsFor = link.waitsFor === id ? null : link.waitsFor;
    // What this one could not have because the other had it is tried once more.
    const isThere = link.system === ref?.system && link.object === ref.object;
    return { ...link, waitsFor, refused: isThere ? {} : link.refused };
  });
  draft.distinctFrom = [...new Set([...draft.distinctFrom, ...matches])];
  write(draft, context, { kind: "unlinked", why: `not the same as ${matches.join(", ")}`, source });
  return null;
}

function judgeFields(draft: Draft, hold: Hold, { choice }: Decision, context: Context, source: Source): string | null {
  const chosen = chosenValues(hold, choice, context.entity);
  if (typeof chosen === "string") return chosen;
  for (const field of hold.fields) {
    const value = chosen[field];
    const golden = draft.fields[field];
    if (value === undefined || (golden === undefined && isBlankEverywhere(draft, field, value))) continue;
    const at = { from: context.now, until: context.now };
    const losers = hold.candidates
      .map((candidate) => candidate.values[field] ?? null)
      .filter((one) => !sameValue(one, value));
    const sides = { base: hold.base[field], other: losers[0] ?? null };
    if (golden === undefined || !sameValue(value, golden.value))
      setField(draft, context, field, { value, at, source, why: "decided by a person" }, sides);
    else
      write(draft, context, {
        kind: "kept",
        field,
        other: losers[0] ?? null,
        base: hold.base[field] ?? null,
        why: "decided by a person",
        source,
      });
    catchUp(draft, field, value);
  }
  return null;
}

/** Nothing was agreed on, nothing is decided, and no system has anything else. */
function isBlankEverywhere(draft: Draft, field: FieldName, value: FieldValue): boolean {
  return isBlank(value) && draft.links.every((link) => isBlank(link.shadow[field]));
}

function chosenValues(
  hold: Hold,
  choice: Decision["choice"],
  entity: EntityPolicy,
): Readonly<Record<FieldName, FieldValue>> | string {
  if (choice.kind === "take") {
    return (
      hold.candidates[choice.candidate]?.values ??
      `There is no candidate ${choice.candidate}; there are 0 to ${hold.candidates.length - 1}.`
    );
  }
  if (choice.kind !== "set") return `A ${hold.kind} is decided by take or set.`;
  const values: Record<FieldName, FieldValue> = {};
  for (const [field, raw] of Object.entries(choice.values)) {
    const type = entity.fields[field]?.type;
    if (type === undefined || !hold.fields.includes(field))
      return `${field} is not held here; held: ${hold.fields.join(", ")}.`;
    const normalized = normalizeValue(type, raw as Parameters<typeof normalizeValue>[1]);
    if (!normalized.ok) return `${field}: ${normalized.reason}`;
    values[field] = normalized.value;
  }
  return values;
}

function judgeDelete(draft: Draft, hold: Hold, { choice }: Decision, context: Context, source: Source): string | null {
  switch (choice.kind) {
    case "leave":
      write(draft, context, { kind: "unlinked", why: "stays deleted there", source });
      return null;
    case "delete":
      draft.deletedAt = context.now;
      write(draft, context, { kind: "deleted", why: "decided by a person", source });
      return null;
    case "restore":
      if (restore(draft, hold)) write(draft, context, { kind: "linked", why: "to be created again", source });
      else write(draft, context, { kind: "unlinked", why: "another record is there for it", source });
      return null;
    default:
      return "A delete is decided by delete, restore or leave.";
  }
}

/**
 * The deleted record stays known under its old link; a wanted one of the next generation asks for a new record. False where the system has
 * another record of the golden record, or is to get one.
 */
function restore(draft: Draft, hold: Hold): boolean {
  const { ref } = hold;
  const link = draft.links.find((one) => one.system === ref?.system && one.object === ref.object && one.id === ref.id);
  const mapping = draft.entity.mappings.find((m) => m.system === ref?.system && m.object === ref.object);
  const isThere = draft.links.some(
    (one) => one.system === ref?.system && one.object === ref.object && one.status !== "deleted",
  );
  if (link?.status !== "deleted" || mapping === undefined || isThere) return false;
  draft.links.push(newLink(mapping, null, link.generation + 1));
  return true;
}
