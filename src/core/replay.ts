import type { FieldName, FieldVersion, Source } from "../model/golden.ts";
import type { Candidate } from "../model/hold.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { EntityPolicy, Rule } from "../model/policy.ts";
import type { SystemId } from "../model/record.ts";
import type { Instant, Interval } from "../model/time.ts";
import { type FieldValue, sameValue } from "../model/value.ts";
import { resolve } from "./resolve/resolve.ts";

/** What a rule would make of a conflict that was decided: the same value, another, or it would leave it to a person. `blind`: it can't be said. */
export type Replayed =
  | { readonly kind: "same" | "undecided" | "blind" }
  | { readonly kind: "other"; readonly value: FieldValue };

/** Two candidates of a hold, by the rule that their field has in this config. `decided`: what a person took. */
export function replayHold(
  entity: EntityPolicy,
  field: FieldName,
  base: FieldValue | undefined,
  [golden, other]: readonly [Candidate, Candidate],
  decided: FieldValue | undefined,
): Replayed {
  const system = systemOf(other.source);
  const policy = entity.fields[field];
  if (policy === undefined || system === null) return { kind: "blind" };
  const version: FieldVersion = {
    value: golden.values[field] ?? null,
    version: 1,
    changedAt: golden.at,
    source: golden.source,
  };
  const theirs = { value: other.values[field] ?? null, at: other.at, system };
  return outcome(
    resolve(policy.rule, { field, type: policy.type, base, golden: version, other: theirs }),
    [version.value, theirs.value],
    decided,
  );
}

/** How a rule spoke once, as far as the journal remembers. */
export type JournaledConflict = {
  readonly golden: FieldValue;
  /** Where the golden value had come from. */
  readonly goldenSource: Source;
  readonly other: FieldValue;
  readonly otherSystem: SystemId;
  readonly base: FieldValue;
  /** When each side was changed; `null`: the line is from before that was journaled. */
  readonly times: { readonly golden: Interval; readonly other: Interval } | null;
  readonly at: Instant;
  readonly decided: FieldValue;
};

/** Reasons in the journal that are no rule's: nothing was in conflict, or no rule was asked. */
export const rulelessReasons: ReadonlySet<string> = new Set([
  "fast-forward",
  "first value",
  "echo",
  "undo",
  "corrected by a person",
  "decided by a person",
]);

/** The conflict that a line tells of; `null` when it tells of none. `known`: the source of the golden value until then, for lines that don't say it. */
export function conflictIn(line: JournalEntry, known: Source | undefined): JournaledConflict | null {
  const { kind, field, from, to, other, base, why, source, ref, at, sides } = line;
  const goldenSource = sides?.golden.source ?? known;
  const times = sides === undefined ? null : { golden: sides.golden.changedAt, other: sides.other.changedAt };
  if (field === null || goldenSource === undefined || rulelessReasons.has(why)) return null;
  if (kind === "kept" && source.kind === "record")
    return { golden: to, goldenSource, other, otherSystem: source.ref.system, base, times, at, decided: to };
  if (kind !== "set" || other === null) return null;
  const otherSystem = source.kind === "record" ? source.ref.system : (ref?.system ?? null);
  if (otherSystem === null || source.kind === "person") return null;
  // A winner's line names who lost; one that a rule made of both names the other side.
  const theirs = source.kind === "record" ? to : other;
  return { golden: from, goldenSource, other: theirs, otherSystem, base, times, at, decided: to };
}

export function replayConflict(entity: EntityPolicy, field: FieldName, conflict: JournaledConflict): Replayed {
  const policy = entity.fields[field];
  const { golden, goldenSource, other, otherSystem, base, times, at, decided } = conflict;
  if (policy === undefined || (times === null && looksAtTime(policy.rule))) return { kind: "blind" };
  const moment = { from: at, until: at };
  const resolution = resolve(policy.rule, {
    field,
    type: policy.type,
    base: base ?? undefined,
    golden: { value: golden, version: 1, changedAt: times?.golden ?? moment, source: goldenSource },
    other: { value: other, at: times?.other ?? moment, system: otherSystem },
  });
  return outcome(resolution, [golden, other], decided);
}

function looksAtTime(rule: Rule): boolean {
  if (rule.kind === "newest") return true;
  return "otherwise" in rule ? looksAtTime(rule.otherwise) : false;
}

function outcome(
  resolution: ReturnType<typeof resolve>,
  [golden, other]: readonly [FieldValue, FieldValue],
  decided: FieldValue | undefined,
): Replayed {
  if (resolution.kind === "undecided") return { kind: "undecided" };
  const value = resolution.kind === "value" ? resolution.value : resolution.kind === "golden" ? golden : other;
  return decided !== undefined && sameValue(value, decided) ? { kind: "same" } : { kind: "other", value };
}

function systemOf(source: Source): SystemId | null {
  return source.kind === "record" ? source.ref.system : null;
}
