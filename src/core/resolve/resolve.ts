import type { FieldType } from "../../model/field-type.ts";
import type { FieldName, FieldVersion } from "../../model/golden.ts";
import type { Rule } from "../../model/policy.ts";
import type { SystemId } from "../../model/record.ts";
import { compareIntervals, type Interval } from "../../model/time.ts";
import { type FieldValue, isBlank } from "../../model/value.ts";
import { compareValues } from "../normalize/compare-value.ts";
import { addDelta } from "../normalize/decimal.ts";
import { mergeText } from "./merge-text.ts";
import { union } from "./union.ts";

/** A true conflict on one field: two values, neither of which had seen the other. */
export type Conflict = {
  readonly field: FieldName;
  readonly type: FieldType;
  /** What both started from; `undefined` at a first meeting. */
  readonly base: FieldValue | undefined;
  readonly golden: FieldVersion;
  readonly other: { readonly value: FieldValue; readonly at: Interval; readonly system: SystemId };
};

/** `by` is the rule that decided, for the journal. */
export type Resolution =
  | { readonly kind: "golden" | "other"; readonly by: string }
  | { readonly kind: "value"; readonly value: FieldValue; readonly by: string }
  | { readonly kind: "undecided"; readonly by: string };

/**
 * Applies a rule to a conflict. Pure, and symmetric: swapping golden and other swaps the answer, `keep` and `custom` apart.
 * A rule that can't speak about the values at hand leaves them undecided, never guesses.
 */
export function resolve(rule: Rule, conflict: Conflict): Resolution {
  const { golden, other } = conflict;
  switch (rule.kind) {
    case "owner":
      return pick(rank([rule.system], systemOf(golden)) - rank([rule.system], other.system), "owner");
    case "prefer": {
      const order = rank(rule.systems, systemOf(golden)) - rank(rule.systems, other.system);
      return order === 0 ? resolve(rule.otherwise, conflict) : pick(order, "prefer");
    }
    case "newest": {
      const order = compareIntervals(golden.changedAt, other.at);
      return order === 0 ? resolve(rule.tie, conflict) : pick(-order, "newest");
    }
    case "keep":
      return { kind: "golden", by: "keep" };
    case "longest":
      return valueOr(conflict, "longest", (a, b) => textLength(a) - textLength(b));
    case "max":
      return valueOr(conflict, "max", (a, b) => compareValues(conflict.type, a, b));
    case "min":
      return valueOr(conflict, "min", (a, b) => negate(compareValues(conflict.type, a, b)));
    case "union":
      return { kind: "value", value: union(conflict.base, golden.value, other.value), by: "union" };
    case "any-true":
      return { kind: "value", value: golden.value === true || other.value === true, by: "any-true" };
    case "all-true":
      return { kind: "value", value: golden.value === true && other.value === true, by: "all-true" };
    case "counter":
      return resolveCounter(conflict);
    case "forward-only":
      return valueOr(conflict, "forward-only", (a, b) => stage(rule.stages, a) - stage(rule.stages, b));
    case "merge-text":
      return resolveText(rule.otherwise, conflict);
    case "review":
      return { kind: "undecided", by: "review" };
    case "custom":
      return resolveCustom(rule, conflict);
  }
}

/** A function that throws has not decided; a person will, and is told what it threw. */
function resolveCustom(rule: Rule & { kind: "custom" }, { field, base, golden, other }: Conflict): Resolution {
  try {
    const value = rule.decide({
      field,
      base,
      golden: golden.value,
      other: other.value,
      goldenSystem: systemOf(golden),
      otherSystem: other.system,
    });
    return value === undefined ? { kind: "undecided", by: rule.name } : { kind: "value", value, by: rule.name };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: "undecided", by: `${rule.name} failed (${message}), so it` };
  }
}

/** Who said a value, and when. */
export type Claim = Pick<FieldVersion, "changedAt" | "source">;

/** What two who say the same can bring forward for it under a rule, together: the better of their names, the later of their times. */
export function joinClaims(rule: Rule, one: Claim, two: Claim): Claim {
  const preferred = preferredClaim(rule, one, two) ?? laterClaim(one, two);
  if (!goesByTime(rule)) return preferred;
  const [a, b] = [one.changedAt, two.changedAt];
  const changedAt = { from: Math.max(a.from, b.from), until: Math.max(a.until, b.until) };
  return { source: preferred.source, changedAt };
}

/** The claim of the system that the rule names first; `null` when it names neither before the other. */
function preferredClaim(rule: Rule, one: Claim, two: Claim): Claim | null {
  switch (rule.kind) {
    case "owner":
      return better([rule.system], one, two);
    case "prefer":
      return better(rule.systems, one, two) ?? preferredClaim(rule.otherwise, one, two);
    case "newest":
      return preferredClaim(rule.tie, one, two);
    case "merge-text":
      return preferredClaim(rule.otherwise, one, two);
    default:
      return null;
  }
}

function better(systems: readonly SystemId[], one: Claim, two: Claim): Claim | null {
  const order = rank(systems, systemOf(one)) - rank(systems, systemOf(two));
  return order === 0 ? null : order < 0 ? one : two;
}

/** Neither has a better name: the later one, and the same one whoever was heard first. */
function laterClaim(one: Claim, two: Claim): Claim {
  const [a, b] = [one.changedAt, two.changedAt];
  const order = a.from - b.from || a.until - b.until;
  if (order !== 0) return order > 0 ? one : two;
  return JSON.stringify(one.source) <= JSON.stringify(two.source) ? one : two;
}

/** A rule that may come to ask who was later. */
function goesByTime(rule: Rule): boolean {
  if (rule.kind === "newest") return true;
  return (rule.kind === "prefer" || rule.kind === "merge-text") && goesByTime(rule.otherwise);
}

/** The system that a golden value came from; `null` for a person's decision or a rule's product. */
export function systemOf(version: Pick<FieldVersion, "source">): SystemId | null {
  return version.source.kind === "record" ? version.source.ref.system : null;
}

/** Negative: golden wins. Positive: other wins. */
function pick(order: number, by: string): Resolution {
  if (order === 0) return { kind: "undecided", by };
  return { kind: order < 0 ? "golden" : "other", by };
}

function rank(systems: readonly SystemId[], system: SystemId | null): number {
  const index = system === null ? -1 : systems.indexOf(system);
  return index === -1 ? systems.length : index;
}

/** The side that compares greater; a blank loses against any value. */
function valueOr(
  { golden, other }: Conflict,
  by: string,
  compare: (a: FieldValue, b: FieldValue) => number | null,
): Resolution {
  if (isBlank(golden.value) !== isBlank(other.value)) return { kind: isBlank(golden.value) ? "other" : "golden", by };
  const order = compare(golden.value, other.value);
  return order === null ? { kind: "undecided", by } : pick(-order, by);
}

function negate(order: number | null): number | null {
  return order === null ? null : -order;
}

function textLength(value: FieldValue): number {
  return typeof value === "string" ? [...value].length : Array.isArray(value) ? value.length : 0;
}

function stage(stages: readonly string[], value: FieldValue): number {
  return typeof value === "string" ? stages.indexOf(value) : -1;
}

function resolveCounter({ base, golden, other }: Conflict): Resolution {
  const [b, g, o] = [base ?? null, golden.value, other.value];
  if (typeof b !== "string" || typeof g !== "string" || typeof o !== "string")
    return { kind: "undecided", by: "counter" };
  return { kind: "value", value: addDelta(g, o, b), by: "counter" };
}

function resolveText(otherwise: Rule, conflict: Conflict): Resolution {
  const { base, golden, other } = conflict;
  if (typeof base === "string" && typeof golden.value === "string" && typeof other.value === "string") {
    const merged = mergeText(base, golden.value, other.value);
    if (merged !== null) return { kind: "value", value: merged, by: "merge-text" };
  }
  return resolve(otherwise, conflict);
}
