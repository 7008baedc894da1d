import type { FieldName, FieldVersion, Link } from "../model/golden.ts";
import type { Candidate, Hold } from "../model/hold.ts";
import type { Upsert } from "../model/observation.ts";
import type { EntityPolicy, FieldPolicy, ObjectMapping, Rule } from "../model/policy.ts";
import { recordKey, type SystemId } from "../model/record.ts";
import type { Instant, Interval } from "../model/time.ts";
import { type FieldValue, isBlank, type RawValue, sameRaw, sameValue } from "../model/value.ts";
import { contestDelete } from "./apply-delete.ts";
import { compareField, type Verdict } from "./compare.ts";
import { type Context, type Draft, freezes, linkAt, putHold, recordSource, setField, setLink, write } from "./draft.ts";
import { asKnown } from "./mapping/as-known.ts";
import { cellsOf, cellsOfField } from "./mapping/cells-of.ts";
import { readField } from "./mapping/read-field.ts";
import { isOutside } from "./mapping/takes-part.ts";
import { addDelta } from "./normalize/decimal.ts";
import { parkUnknown } from "./relations/park.ts";
import { type Claim, joinClaims, type Resolution, resolve, systemOf } from "./resolve/resolve.ts";

/**
 * How an observation of a linked record ended. waiting: a write of ours is in flight; look again after its receipt. reread: it is
 * older than what is known but says something else, and the system has no order of its own to tell whether that matters.
 */
export type UpsertOutcome = "applied" | "no-op" | "held" | "superseded" | "waiting" | "reread";

/**
 * Compares an observation with a link field by field, and resolves what differs. Order: is it older than what is known? then per
 * field (or group of fields): same, echo, first value, fast-forward, conflict.
 */
export function applyUpsert(
  draft: Draft,
  index: number,
  told: Upsert,
  mapping: ObjectMapping,
  context: Context,
): UpsertOutcome {
  const link = linkAt(draft, index);
  if (link.inFlight !== null) return "waiting";
  const seen = asKnown(draft, link, told, mapping, context);
  const age = ageAgainst(link, seen);
  const journaled = draft.journal.length;
  const holdsBefore = draft.changedHolds.size;
  const ended = (): UpsertOutcome => {
    if (draft.journal.length > journaled) contestDelete(draft, context);
    if (draft.changedHolds.size > holdsBefore) return "held";
    return draft.journal.length > journaled ? "applied" : "no-op";
  };
  if (age !== "newer") {
    if (Object.keys(seen.covered).length === 0) return applyOlder(draft, link, seen, age, context);
    // Its other values are known better by now; that a write of ours covered an edit stays true.
    applyCoveredEdits(draft, index, { ...seen, fields: {} }, mapping, context);
    return ended();
  }
  const step: Step = { draft, index, seen: withCoveredUnsure(link, seen), mapping, context };
  if (staysOutside(step)) return ended();
  noteLanded(step);
  for (const unit of unitsOf(step)) applyUnit(step, unit);
  for (const field of Object.keys(step.seen.covered)) applyCovered(step, field, link.shadow[field]);
  parkUnknown(draft, index, step.seen, mapping, link.cells, context);
  forgetRefusals(step, link);
  noteRefused(step, link);
  noteDrift(step, link);
  const after = linkAt(draft, index);
  setLink(draft, index, {
    cells: { ...after.cells, ...seen.cells },
    unsure: stillUnsure(after, seen),
    revision: seen.revision ?? after.revision,
    observedAt: Math.max(after.observedAt, seen.observedAt),
    // Half a record says nothing about the other half.
    knownAt: seen.complete ? Math.max(after.knownAt, asOf(step)) : after.knownAt,
  });
  return ended();
}

function stillUnsure({ unsure }: Link, seen: Upsert): Link["unsure"] {
  const all = Object.entries(unsure);
  if (all.length === 0) return unsure;
  return Object.fromEntries(all.filter(([cell, { until }]) => !(cell in seen.cells) || seen.observedAt < until));
}

/**
 * The record does not pass its object's filter: nothing of what it says is taken, and what it was before stays the base. Once it passes again,
 * what was changed meanwhile is an edit like any other.
 */
function staysOutside({ draft, index, seen, mapping, context }: Step): boolean {
  const link = linkAt(draft, index);
  const values = { ...link.shadow, ...seen.fields };
  const outside = isOutside(context.entity, mapping, draft.fields, values);
  if (outside !== link.outside) {
    setLink(draft, index, { outside });
    const why = outside ? "it no longer passes the filter" : "it passes the filter again";
    write(draft, context, { kind: outside ? "paused" : "resumed", why, source: recordSource(seen.ref, seen.author) });
  }
  if (!outside) return false;
  setLink(draft, index, {
    revision: seen.revision ?? link.revision,
    observedAt: Math.max(link.observedAt, seen.observedAt),
  });
  return true;
}

/**
 * A write of ours whose outcome we never heard is there, and the vendor's history says that it replaced something else than what we last knew
 * there: that was an edit, seen only now.
 */
function withCoveredUnsure(link: Link, seen: Upsert): Upsert {
  const found = Object.entries(seen.previous).filter(([, { cell, raw }]) => {
    const wrote = link.unsure[cell]?.wrote ?? [];
    const known = link.cells[cell] ?? null;
    const now = seen.cells[cell];
    const hasLanded = wrote.some((one) => isFormOf(now, one)) && !wrote.some((one) => sameRaw(raw, one));
    return hasLanded && ![raw, now].some((one) => sameRaw(one, known));
  });
  if (found.length === 0) return seen;
  const covered = Object.fromEntries(
    found.map(([field, { value }]) => [field, [...(seen.covered[field] ?? []), { value, at: null, author: null }]]),
  );
  return { ...seen, covered: { ...seen.covered, ...covered } };
}

/**
 * A write of ours whose outcome we never heard is there, or was until somebody edited it: its value is no edit of anyone's, even if another one
 * has been agreed on since, and what was edited on top of it was edited by someone who had it.
 */
function noteLanded(step: Step): void {
  const { draft, index, seen, context } = step;
  for (const [field, value] of Object.entries(seen.fields)) {
    const { shadow } = linkAt(draft, index);
    const golden = draft.fields[field];
    if (!isUnsure(step, field) || sameValue(value, golden?.value) || sameValue(value, shadow[field])) continue;
    if (hasLanded(step, field, isFormOf)) {
      holdsNow(step, field, value, 0);
      if (hasLanded(step, field, isSameForm)) continue;
      const why = `${seen.ref.system} seems to keep less than was written`;
      write(draft, context, { kind: "lossy", field, other: value, why, source: recordSource(seen.ref, null) });
      continue;
    }
    const before = seen.previous[field];
    const wrote = linkAt(draft, index).unsure[before?.cell ?? ""]?.wrote ?? [];
    if (before === undefined || !wrote.some((one) => sameRaw(before.raw, one))) continue;
    holdsNow(step, field, before.value, sameValue(before.value, golden?.value) ? (golden?.version ?? 0) : 0);
  }
}

/** A write of ours to one of the field's cells was never answered. */
function isUnsure({ draft, index, mapping }: Step, field: FieldName): boolean {
  const { unsure } = linkAt(draft, index);
  return cellsOfField(mapping, field).some((cell) => unsure[cell] !== undefined);
}

/** Every cell of the field whose write was never answered holds what was written there. */
function hasLanded(
  { draft, index, seen, mapping }: Step,
  field: FieldName,
  isSame: (now: RawValue | undefined, wrote: RawValue) => boolean,
): boolean {
  const { unsure } = linkAt(draft, index);
  const wrote = cellsOfField(mapping, field).flatMap((cell) => {
    const one = unsure[cell];
    return one === undefined ? [] : [{ now: seen.cells[cell], values: one.wrote }];
  });
  return wrote.length > 0 && wrote.every(({ now, values }) => values.some((one) => isSame(now, one)));
}

function holdsNow({ draft, index }: Step, field: FieldName, value: FieldValue, version: number): void {
  const { shadow, seen } = linkAt(draft, index);
  setLink(draft, index, { shadow: { ...shadow, [field]: value }, seen: { ...seen, [field]: version } });
}

/** Some systems take an empty text for a blank and give none back, or the other way round. */
function isSameForm(now: RawValue | undefined, wrote: RawValue): boolean {
  const isEmpty = (raw: RawValue | undefined) => raw === null || (typeof raw === "string" && raw.trim() === "");
  return sameRaw(now, wrote) || (isEmpty(now) && isEmpty(wrote));
}

/** The same value, or as much of a text as the system keeps. */
function isFormOf(now: RawValue | undefined, wrote: RawValue): boolean {
  if (isSameForm(now, wrote)) return true;
  const kept = typeof now === "string" ? now.trim() : "";
  return kept !== "" && typeof wrote === "string" && wrote.trimStart().startsWith(kept);
}

type Step = {
  readonly draft: Draft;
  readonly index: number;
  readonly seen: Upsert;
  readonly mapping: ObjectMapping;
  readonly context: Context;
};

/** Fields that are decided together: one, or those of a group that this system has. */
type Unit = readonly FieldName[];

/** newer: process it. superseded: surely older. unclear: read earlier than what is known, without an order of the system's own. */
function ageAgainst(link: Link, seen: Upsert): "newer" | "superseded" | "unclear" {
  if (seen.revision !== null && link.revision !== null && seen.revision !== link.revision) {
    return seen.revision < link.revision ? "superseded" : "newer";
  }
  return seen.observedAt < link.observedAt ? "unclear" : "newer";
}

/** What is older than what is known changes nothing; where it says something else, that is journaled. */
export function applyOlder(
  draft: Draft,
  link: Link,
  seen: Upsert,
  age: "superseded" | "unclear",
  context: Context,
): UpsertOutcome {
  const differing = Object.keys(seen.fields).filter((field) => !sameValue(seen.fields[field], link.shadow[field]));
  if (differing.length === 0) return age === "superseded" ? "superseded" : "no-op";
  for (const field of differing) {
    write(draft, context, {
      kind: "superseded",
      field,
      other: seen.fields[field] ?? null,
      base: link.shadow[field] ?? null,
      why: "older than what is known of this record",
      source: recordSource(seen.ref, seen.author),
    });
  }
  // Half a record that comes late may be all that tells of what it says.
  return age === "unclear" || !seen.complete ? "reread" : "superseded";
}

/** Units of which something is said that is not what the system was last known to hold. */
function unitsOf({ draft, index, seen, mapping, context }: Step): Unit[] {
  const { shadow } = linkAt(draft, index);
  const isNews = (field: FieldName) => {
    const value = seen.fields[field];
    return value !== undefined && (shadow[field] === undefined || !sameValue(value, shadow[field]));
  };
  return allUnitsOf(mapping, context.entity).filter((unit) => unit.some(isNews));
}

/** Asked for every observation. */
const unitsKnown = new WeakMap<ObjectMapping, { readonly entity: EntityPolicy; readonly units: readonly Unit[] }>();

function allUnitsOf(mapping: ObjectMapping, entity: EntityPolicy): readonly Unit[] {
  const known = unitsKnown.get(mapping);
  if (known?.entity === entity) return known.units;
  const units = groupFields(mapping, entity);
  unitsKnown.set(mapping, { entity, units });
  return units;
}

function groupFields(mapping: ObjectMapping, entity: EntityPolicy): readonly Unit[] {
  const units: FieldName[][] = [];
  const groups = new Map<string, FieldName[]>();
  for (const [field, { direction }] of Object.entries(mapping.fields)) {
    const policy = entity.fields[field];
    if (policy === undefined || direction === "write") continue;
    const group = policy.group === null ? undefined : groups.get(policy.group);
    if (group !== undefined) {
      group.push(field);
      continue;
    }
    const unit = [field];
    units.push(unit);
    if (policy.group !== null) groups.set(policy.group, unit);
  }
  return units;
}

function applyUnit(step: Step, unit: Unit): void {
  const { draft, index, seen } = step;
  const link = linkAt(draft, index);
  const verdicts = new Map<FieldName, Verdict>();
  for (const field of unit) {
    const value = seen.fields[field];
    if (value === undefined) continue;
    const golden = draft.fields[field];
    const verdict = compareField({ value, shadow: link.shadow[field], seen: seenVersion(step, field), golden });
    if (verdict === "unfilled") noteShadow(step, field, 0);
    else verdicts.set(field, verdict);
  }
  if ([...verdicts.values()].every((verdict) => verdict === "same")) return;
  const hold = unit.map((field) => freezes(draft.holds, field)).find((found) => found !== undefined);
  if (hold !== undefined) {
    const owner = ownerOf(step, unit);
    if (owner !== null && owner !== seen.ref.system && ownerIsHeard(step, unit, hold, owner)) {
      for (const [field, verdict] of verdicts) if (verdict !== "same") keepUnlessSame(step, field, "owner");
      return;
    }
    const why = givesWay(step, hold, verdicts, owner);
    if (why === null) return joinHold(step, unit, hold, verdicts);
    closeByItself(step, hold, why);
  }
  const changed = (wanted: Verdict) =>
    [...verdicts].filter(([, verdict]) => verdict === wanted).map(([field]) => field);
  for (const field of changed("first")) accept(step, field, "first value");
  const [landed, echoes] = parted(changed("echo"), (field) => isOurs(step, field));
  for (const field of landed) agree(step, field);
  const forwards = changed("fast-forward");
  const conflicts = changed("conflict");
  // A group is one value: what was edited beside something unseen is another one, even where a part of it is the same.
  const isSplit = echoes.length + forwards.length > 0 && unit.some((field) => isBehind(draft, link, field));
  // At a first meeting, what is blank on one side is filled from the other, and what was not mentioned is no part of it.
  const known = unit.filter((field) => verdicts.has(field) || link.shadow[field] !== undefined);
  const differs = known.some((field) => !sameAsGolden(step, field));
  if (known.length > 1 && differs && (conflicts.length > 0 || isSplit)) return conflictOf(step, known);
  for (const field of echoes) {
    if (isOwnDelta(step, field)) settleConflict(step, [field], resolveUnit(step, [field], field));
    else {
      affirm(step, unit, field);
      agree(step, field);
    }
  }
  for (const field of forwards) fastForward(step, field);
  for (const field of conflicts) conflictOf(step, [field]);
}

/** The golden version that this system had seen before what it says now, the one included that was emptied there. */
function seenVersion({ draft, index }: Step, field: FieldName): number {
  return Math.abs(linkAt(draft, index).seen[field] ?? 0);
}

function parted(fields: Unit, isOne: (field: FieldName) => boolean): readonly [Unit, Unit] {
  return [fields.filter(isOne), fields.filter((field) => !isOne(field))];
}

/** Nobody's edit, but a landing of ours that we never heard of. */
function isOurs(step: Step, field: FieldName): boolean {
  return hasLanded(step, field, sameRaw);
}

/** A counter that was raised here to what it was raised to elsewhere: both count. */
function isOwnDelta(step: Step, field: FieldName): boolean {
  return policyOf(step, field).rule.kind === "counter" && !isBlank(linkAt(step.draft, step.index).shadow[field]);
}

/** Another system says the same: its claim under the rule counts too, whoever was heard first. */
function affirm(step: Step, unit: Unit, field: FieldName): void {
  const { draft } = step;
  const golden = draft.fields[field];
  if (golden === undefined) return;
  const rule = ruleOf(step, unit[0] ?? field);
  const { changedAt, source } = joinClaims(rule, golden, claimOf(step, field));
  draft.fields[field] = { ...golden, changedAt, source };
}

function claimOf(step: Step, field: FieldName): Claim {
  return { changedAt: changeTime(step, field), source: recordSource(step.seen.ref, authorOf(step, field)) };
}

function isBehind(draft: Draft, link: Link, field: FieldName): boolean {
  return link.shadow[field] !== undefined && (link.seen[field] ?? 0) < (draft.fields[field]?.version ?? 0);
}

function presentValue(step: Step, field: FieldName): FieldValue {
  const link = linkAt(step.draft, step.index);
  return step.seen.fields[field] ?? (field in step.seen.fields ? null : (link.shadow[field] ?? null));
}

function policyOf(step: Step, field: FieldName): FieldPolicy {
  const policy = step.context.entity.fields[field];
  if (policy === undefined) throw new Error(`Entity ${step.context.entity.name} has no field ${field}.`);
  return policy;
}

/** The rule of a field's group is that of its first field. */
function ruleOf(step: Step, field: FieldName): Rule {
  const { group, rule } = policyOf(step, field);
  const leader = group === null ? undefined : groupLeader(step, group);
  return leader === undefined ? rule : policyOf(step, leader).rule;
}

function groupLeader({ mapping, context }: Step, group: string): FieldName | undefined {
  return Object.keys(mapping.fields).find(
    (field) => context.entity.fields[field]?.group === group && mapping.fields[field]?.direction !== "write",
  );
}

/** The system holds `value` now, which is golden version `version` (0: none of them). */
function noteShadow(step: Step, field: FieldName, version: number): void {
  const link = linkAt(step.draft, step.index);
  setLink(step.draft, step.index, {
    shadow: { ...link.shadow, [field]: presentValue(step, field) },
    seen: { ...link.seen, [field]: version },
  });
}

function agree(step: Step, field: FieldName): void {
  noteShadow(step, field, step.draft.fields[field]?.version ?? 0);
}

/** The observed value becomes the golden one. */
function accept(step: Step, field: FieldName, why: string): void {
  const { draft, seen, context, index } = step;
  const base = linkAt(draft, index).shadow[field];
  const source = recordSource(seen.ref, authorOf(step, field));
  setField(
    draft,
    context,
    field,
    { value: presentValue(step, field), at: changeTime(step, field), source, why },
    { base },
  );
  agree(step, field);
}

/** The golden value stays, and goes back to where another one was observed. */
function putBack(step: Step, field: FieldName, kind: "put-back" | "kept", why: string): void {
  const { draft, seen, context, index } = step;
  write(draft, context, {
    kind,
    field,
    other: presentValue(step, field),
    base: linkAt(draft, index).shadow[field] ?? null,
    why,
    source: recordSource(seen.ref, authorOf(step, field)),
  });
  noteShadow(step, field, 0);
}

function fastForward(step: Step, field: FieldName): void {
  const policy = policyOf(step, field);
  const value = presentValue(step, field);
  const golden = step.draft.fields[field];
  if (policy.rule.kind === "owner" && ownerSpeaks(step, field, policy.rule.system)) {
    return putBack(step, field, "put-back", `owner: ${policy.rule.system}`);
  }
  if (policy.rule.kind === "forward-only" && goesBack(policy.rule.stages, golden?.value, value)) {
    return putBack(step, field, "put-back", "forward-only");
  }
  if (isBlank(value) && policy.clears === "restore") {
    putBack(step, field, "put-back", "clears: restore");
    return noteEmptied(step, field);
  }
  if (isBlank(value) && policy.clears === "hold") {
    openHold(step, [field], "clear", `${field} was emptied`);
    return noteEmptied(step, field);
  }
  if (policy.edits === "hold" && !isBlank(golden?.value))
    return openHold(step, [field], "conflict", `${field} was changed in a mass of records`);
  accept(step, field, "fast-forward");
}

/** Whoever emptied the field, and whoever fills it again, had the agreed value before them. */
function noteEmptied(step: Step, field: FieldName): void {
  noteShadow(step, field, -(step.draft.fields[field]?.version ?? 0));
}

/** True when another system is the field's source of truth and has something to say. */
function ownerSpeaks({ draft, seen }: Step, field: FieldName, owner: string): boolean {
  if (seen.ref.system === owner) return false;
  const golden = draft.fields[field];
  if (golden !== undefined && systemOf(golden) === owner) return true;
  return draft.links.some((link) => link.system === owner && link.status === "linked" && !isBlank(link.shadow[field]));
}

function goesBack(stages: readonly string[], from: FieldValue | undefined, to: FieldValue): boolean {
  return typeof from === "string" && (typeof to !== "string" || stages.indexOf(to) < stages.indexOf(from));
}

function conflictOf(step: Step, unit: Unit): void {
  const differing = unit.filter((field) => !sameAsGolden(step, field));
  const first = differing[0];
  if (first === undefined) {
    for (const field of unit) agree(step, field);
    return;
  }
  // In a group, a blank beside other new values is part of what the system says; blanks alone say nothing.
  const said = unit.length === 1 ? differing : differing.filter((field) => isEdited(step, field));
  if (said.length > 0 && said.every((field) => isMereBlank(step, field))) {
    for (const field of said) putBack(step, field, "kept", "a blank never beats a value");
    for (const field of unit.filter((one) => sameAsGolden(step, one))) agree(step, field);
    return;
  }
  const rule = ruleOf(step, unit[0] ?? first);
  const isOwners = rule.kind === "owner" && ownerSpeaks(step, first, rule.system);
  settleConflict(step, unit, isOwners ? { kind: "golden", by: "owner" } : resolveUnit(step, unit, first));
}

/** It says something else than it was last known to hold. */
function isEdited({ draft, index, seen }: Step, field: FieldName): boolean {
  const { shadow } = linkAt(draft, index);
  return field in seen.fields && !sameValue(seen.fields[field], shadow[field] ?? null);
}

/** A blank that the config does not let travel. */
function isMereBlank(step: Step, field: FieldName): boolean {
  return isBlank(presentValue(step, field)) && !mayClear(step, field);
}

function mayClear(step: Step, field: FieldName): boolean {
  return policyOf(step, field).clears === "propagate";
}

function resolveUnit(step: Step, unit: Unit, first: FieldName): Resolution {
  return resolveBetween(
    step,
    unit,
    first,
    valuesOf(unit, (field) => step.draft.fields[field]?.value ?? null),
    goldenClaim(step, unit, first),
    valuesOf(unit, (field) => presentValue(step, field)),
  );
}

type Values = Candidate["values"];

/** Resolves a unit by the first field in which both sides differ: what is agreed on, or was said before, by `claim`; and what is said now. */
function resolveBetween(
  step: Step,
  unit: Unit,
  first: FieldName,
  golden: Values,
  claim: Claim,
  other: Values,
): Resolution {
  const edited = unit.find((field) => isEdited(step, field)) ?? first;
  const resolution = resolve(ruleOf(step, first), {
    field: first,
    type: policyOf(step, first).type,
    base: linkAt(step.draft, step.index).shadow[first],
    golden: { value: golden[first] ?? null, version: 0, changedAt: claim.changedAt, source: claim.source },
    other: { value: other[first] ?? null, at: changeTime(step, edited), system: step.seen.ref.system },
  });
  const isEmptied = resolution.kind === "value" && isBlank(resolution.value) && !mayClear(step, first);
  if (unit.length === 1) return isEmptied ? { kind: "undecided", by: resolution.by } : resolution;
  // A product of both values (union, counter ...) makes no sense for one field of a group alone.
  const wins = resolution.kind === "golden" ? golden : other;
  const loses = resolution.kind === "golden" ? other : golden;
  const isProduct = resolution.kind === "value";
  return isProduct || unit.some((field) => wouldBlank(step, field, wins, loses))
    ? { kind: "undecided", by: resolution.by }
    : resolution;
}

/** No rule empties a field of a group, unless clears may travel. */
function wouldBlank(step: Step, field: FieldName, wins: Values, loses: Values): boolean {
  return !mayClear(step, field) && isBlank(wins[field] ?? null) && !isBlank(loses[field] ?? null);
}

/**
 * The claim of the agreed side of a unit: of those who set the fields whose present version this system had not seen. What both had agreed on
 * before is nobody's side.
 */
function goldenClaim(step: Step, unit: Unit, first: FieldName): Claim {
  const { draft, index } = step;
  const { seen } = linkAt(draft, index);
  const rule = ruleOf(step, unit[0] ?? first);
  const [one, ...others] = unit
    .filter((field) => (draft.fields[field]?.version ?? 0) > (seen[field] ?? 0))
    .map((field) => draft.fields[field] ?? blankVersion(step, field));
  const base = one ?? draft.fields[first] ?? blankVersion(step, first);
  return others.reduce((joined: Claim, other) => joinClaims(rule, joined, other), base);
}

function blankVersion(step: Step, field: FieldName): FieldVersion {
  return {
    value: null,
    version: 0,
    changedAt: { from: 0, until: 0 },
    source: recordSource(step.seen.ref, authorOf(step, field)),
  };
}

function settleConflict(step: Step, unit: Unit, resolution: Resolution): void {
  const { journal } = step.draft;
  const first = unit.find((field) => !sameAsGolden(step, field)) ?? unit[0] ?? "";
  const edited = unit.find((field) => isEdited(step, field)) ?? first;
  const { changedAt, source } = goldenClaim(step, unit, first);
  const sides = { golden: { changedAt, source }, other: claimOf(step, edited) };
  const before = journal.length;
  applyResolution(step, unit, resolution);
  for (const [i, line] of journal.entries())
    if (i >= before && (line.kind === "set" || line.kind === "kept")) journal[i] = { ...line, sides };
}

function applyResolution(step: Step, unit: Unit, resolution: Resolution): void {
  switch (resolution.kind) {
    case "golden":
      for (const field of unit) keepUnlessSame(step, field, resolution.by);
      return;
    case "other":
      for (const field of unit) acceptOver(step, field, resolution.by);
      return;
    case "value":
      for (const field of unit) acceptProduct(step, field, resolution.value, resolution.by);
      return;
    case "undecided":
      return openHold(step, unit, "conflict", `${resolution.by} does not decide`);
  }
}

function keepUnlessSame(step: Step, field: FieldName, by: string): void {
  if (sameValue(presentValue(step, field), step.draft.fields[field]?.value ?? null)) agree(step, field);
  else putBack(step, field, "kept", by);
}

function acceptOver(step: Step, field: FieldName, by: string): void {
  const { draft, seen, context, index } = step;
  const golden = draft.fields[field];
  const value = presentValue(step, field);
  if (golden !== undefined && !sameValue(value, golden.value)) {
    const base = linkAt(draft, index).shadow[field];
    const source = recordSource(seen.ref, authorOf(step, field));
    setField(
      draft,
      context,
      field,
      { value, at: changeTime(step, field), source, why: by },
      { base, other: golden.value },
    );
  } else if (golden === undefined && !isBlank(value)) {
    return accept(step, field, by);
  }
  agree(step, field);
}

function acceptProduct(step: Step, field: FieldName, value: FieldValue, by: string): void {
  const { draft, context, index } = step;
  const golden = draft.fields[field];
  const other = presentValue(step, field);
  if (sameValue(value, other)) return acceptOver(step, field, by);
  if (sameValue(value, golden?.value ?? null)) return putBack(step, field, "kept", by);
  const base = linkAt(draft, index).shadow[field];
  const at = changeTime(step, field);
  setField(draft, context, field, { value, at, source: { kind: "rule", rule: by }, why: by }, { base, other });
  noteShadow(step, field, 0);
}

function openHold(step: Step, unit: Unit, kind: "conflict" | "clear", reason: string): void {
  const { draft, seen, context, index } = step;
  const link = linkAt(draft, index);
  const first = unit[0] ?? "";
  const { source, changedAt } = goldenClaim(step, unit, first);
  const version = draft.fields[first]?.version ?? 0;
  const mine: Candidate = {
    values: valuesOf(unit, (field) => draft.fields[field]?.value ?? null),
    source,
    at: changedAt,
    cause: `version ${version}`,
  };
  const base = valuesOf(
    unit.filter((field) => link.shadow[field] !== undefined),
    (field) => link.shadow[field] ?? null,
  );
  putHold(draft, {
    id: `${draft.id}.${first}.${version}.${context.cause}`,
    kind,
    entity: draft.entity.name,
    goldenId: draft.id,
    ref: kind === "clear" ? seen.ref : null,
    fields: unit,
    base,
    candidates: [mine, candidateOf(step, unit)],
    matches: [],
    reason,
    openedAt: context.now,
    updatedAt: context.now,
    revision: 1,
    status: "open",
    closed: null,
  });
  journalHeld(step, unit, reason);
  for (const field of unit)
    noteShadow(step, field, sameAsGolden(step, field) ? (draft.fields[field]?.version ?? 0) : 0);
}

function sameAsGolden(step: Step, field: FieldName): boolean {
  return sameValue(presentValue(step, field), step.draft.fields[field]?.value ?? null);
}

function candidateOf(step: Step, unit: Unit): Candidate {
  return {
    values: valuesOf(unit, (field) => presentValue(step, field)),
    source: recordSource(step.seen.ref, authorOf(step, unit[0] ?? "")),
    at: changeTime(step, unit[0] ?? ""),
    cause: step.context.cause,
  };
}

function valuesOf(unit: Unit, value: (field: FieldName) => FieldValue): Record<FieldName, FieldValue> {
  return Object.fromEntries(unit.map((field) => [field, value(field)]));
}

function journalHeld(step: Step, unit: Unit, why: string): void {
  const { draft, seen, context, index } = step;
  for (const field of unit) {
    if (sameAsGolden(step, field)) continue;
    const base = linkAt(draft, index).shadow[field] ?? null;
    const source = recordSource(seen.ref, authorOf(step, field));
    write(draft, context, { kind: "held", field, other: presentValue(step, field), base, why, source });
  }
}

/**
 * Why a hold need not be decided any more, now that someone says a value: its field had been emptied, and a person was asked whether that should
 * be; or the value is the owner's. `null`: it is still open.
 */
function givesWay(
  { draft, seen }: Step,
  hold: Hold,
  verdicts: ReadonlyMap<FieldName, Verdict>,
  owner: SystemId | null,
): string | null {
  if (![...verdicts].some(([field, verdict]) => verdict !== "same" && !isBlank(seen.fields[field]))) return null;
  if (owner === seen.ref.system) return "owner";
  const isFilled = hold.fields.some((field) => verdicts.has(field) && !isBlank(seen.fields[field]));
  // With another field of its group there may wait more than a blank.
  const isMereClear = hold.candidates.every(({ values }) =>
    Object.entries(values).every(([field, value]) => isBlank(value) || sameValue(value, draft.fields[field]?.value)),
  );
  return hold.kind === "clear" && isFilled && isMereClear ? "a blank never beats a value" : null;
}

function ownerOf(step: Step, unit: Unit): SystemId | null {
  const rule = ruleOf(step, unit[0] ?? "");
  return rule.kind === "owner" ? rule.system : null;
}

/** The owner has a value, or it was the owner who emptied the field. */
function ownerIsHeard(step: Step, unit: Unit, hold: Hold, owner: SystemId): boolean {
  return hold.ref?.system === owner || unit.some((field) => ownerSpeaks(step, field, owner));
}

function closeByItself({ draft, context }: Step, hold: Hold, choice: string): void {
  putHold(draft, {
    ...hold,
    updatedAt: context.now,
    revision: hold.revision + 1,
    status: "closed",
    closed: { at: context.now, by: "truce", choice },
  });
}

/**
 * A later value for a held field waits with the others; the system's earlier one gives way to it. By the rule it is measured against each of
 * them, and only what no other beats goes on waiting, so that it does not matter who was heard first. One value left: the hold closes.
 */
function joinHold(step: Step, unit: Unit, hold: Hold, verdicts: ReadonlyMap<FieldName, Verdict>): void {
  const { draft, context } = step;
  const changed = [...verdicts].filter(([, verdict]) => verdict !== "same").map(([field]) => field);
  const [only, ...more] = changed;
  if (hold.kind === "conflict" && only !== undefined && more.length === 0 && isMereBlank(step, only))
    return putBack(step, only, "kept", "a blank never beats a value");
  // Other fields of its group join too: they are decided as a unit.
  const fields = [...new Set([...hold.fields, ...changed])];
  const { shadow } = linkAt(draft, step.index);
  const base = valuesOf(
    changed.filter((field) => shadow[field] !== undefined),
    (field) => shadow[field] ?? null,
  );
  const agrees = fields.every((field) => sameAsGolden(step, field));
  const candidates = contend(step, unit, hold, fields, changed);
  // What is fought over comes back to each value again and again: that is no agreement.
  const settled =
    hold.fight !== true &&
    candidates.every(({ values }) => fields.every((field) => sameValue(values[field], candidates[0]?.values[field])));
  const choice = agrees ? "the systems agree by themselves" : "the rule decides by now";
  putHold(draft, {
    ...hold,
    fields,
    base: { ...base, ...hold.base },
    candidates,
    updatedAt: context.now,
    revision: hold.revision + 1,
    status: settled ? "closed" : "open",
    closed: settled ? { at: context.now, by: "truce", choice } : null,
  });
}

/** The candidates of a hold once another value is there, the golden one's first. */
function contend(step: Step, unit: Unit, hold: Hold, fields: Unit, changed: Unit): Candidate[] {
  const { draft, seen } = step;
  const agreed = valuesOf(fields, (field) => draft.fields[field]?.value ?? null);
  const [only, ...more] = changed;
  const isRuled = hold.kind === "conflict" && hold.fight !== true;
  const counted = only !== undefined && more.length === 0 && hold.fight !== true ? countOn(step, hold, only) : null;
  if (counted !== null) {
    wait(step, changed);
    return [...counted];
  }
  const mine = candidateOf(step, fields);
  const waiting = hold.candidates
    .filter((candidate, i) => i === 0 || !isFrom(candidate, seen))
    .map((candidate) => ({ ...candidate, values: { ...agreed, ...candidate.values } }));
  const measured = waiting.map((one) => (isRuled ? measure(step, unit, one, mine) : undecided));
  const standing = waiting.filter((_, i) => measured[i]?.kind !== "other");
  const [golden] = waiting;
  const isSame = (field: FieldName) => sameAsGolden(step, field) && sameValue(golden?.values[field], agreed[field]);
  if (golden !== undefined && fields.every(isSame)) {
    for (const field of changed) affirm(step, unit, field);
    for (const field of changed) agree(step, field);
    return [joined(step, unit, golden, mine), ...standing.slice(1)];
  }
  const winner = measured.find((one) => one.kind === "golden");
  if (winner !== undefined) {
    for (const field of changed) keepUnlessSame(step, field, winner.by);
    return waiting;
  }
  const [first] = measured;
  if (first?.kind === "other") {
    const same = standing.filter((one) => fields.every((field) => sameValue(one.values[field], mine.values[field])));
    const all = same.reduce((joint, one) => joined(step, unit, joint, one), mine);
    for (const field of fields) {
      acceptOver(step, field, first.by);
      const version = draft.fields[field];
      if (version !== undefined) draft.fields[field] = { ...version, changedAt: all.at, source: all.source };
    }
    return [all, ...standing];
  }
  wait(step, changed);
  return [...standing, mine];
}

function wait(step: Step, changed: Unit): void {
  journalHeld(step, changed, "joins an open hold");
  for (const field of changed)
    noteShadow(step, field, sameAsGolden(step, field) ? (step.draft.fields[field]?.version ?? 0) : 0);
}

const undecided: Resolution = { kind: "undecided", by: "a person" };

/** What the rule says between a waiting candidate and what is said now: `golden` when the candidate wins, `other` when the new one does. */
function measure(step: Step, unit: Unit, candidate: Candidate, mine: Candidate): Resolution {
  const first = unit.find((field) => !sameValue(candidate.values[field] ?? null, mine.values[field] ?? null));
  if (first === undefined) return undecided;
  const claim = { source: candidate.source, changedAt: candidate.at };
  return resolveBetween(step, unit, first, candidate.values, claim, mine.values);
}

/** The candidate, with the claim of another who says the same. */
function joined(step: Step, unit: Unit, candidate: Candidate, same: Candidate): Candidate {
  const rule = ruleOf(step, unit[0] ?? "");
  const one = { source: candidate.source, changedAt: candidate.at };
  const { source, changedAt } = joinClaims(rule, one, { source: same.source, changedAt: same.at });
  return { ...candidate, source, at: changedAt };
}

/**
 * A counter goes on counting while a person is asked about it: what was added here is added to the number that waits. The candidates then;
 * `null` where the value is no addition, or more than one number waits.
 */
function countOn(step: Step, hold: Hold, field: FieldName): readonly Candidate[] | null {
  const { rule } = policyOf(step, field);
  const base = linkAt(step.draft, step.index).shadow[field];
  const value = presentValue(step, field);
  const numbers = hold.candidates.flatMap((one, i) => (isBlank(one.values[field]) ? [] : [i]));
  const [at = -1] = numbers;
  const waiting = hold.candidates[at]?.values[field];
  if (rule.kind !== "counter" || numbers.length !== 1 || isOurs(step, field)) return null;
  if (typeof base !== "string" || typeof value !== "string" || typeof waiting !== "string") return null;
  return hold.candidates.with(at, {
    values: { [field]: addDelta(waiting, value, base) },
    source: { kind: "rule", rule: "counter" },
    at: changeTime(step, field),
    cause: step.context.cause,
  });
}

function isFrom(candidate: Candidate, seen: Upsert): boolean {
  const { source } = candidate;
  return source.kind === "record" && recordKey(source.ref) === recordKey(seen.ref);
}

/** Decides the values that a write of ours replaced, against what the link's shadow says was there before them. */
export function applyCoveredEdits(
  draft: Draft,
  index: number,
  seen: Upsert,
  mapping: ObjectMapping,
  context: Context,
): void {
  const { shadow } = linkAt(draft, index);
  for (const field of Object.keys(seen.covered))
    applyCovered({ draft, index, seen, mapping, context }, field, shadow[field]);
}

/**
 * Values that a write of ours replaced unseen. Each is an edit by someone who had not seen ours: a conflict, decided as if it had been
 * observed in time. `base`: what was there before, and edited.
 */
function applyCovered(step: Step, field: FieldName, base: FieldValue | undefined): void {
  const { draft, index, seen } = step;
  const golden = draft.fields[field];
  if (golden === undefined) return;
  const link = linkAt(draft, index);
  for (const covered of seen.covered[field] ?? []) {
    if (sameValue(covered.value, golden.value)) continue;
    if (base !== undefined) setLink(draft, index, { shadow: { ...linkAt(draft, index).shadow, [field]: base } });
    const at = covered.at ?? { from: link.knownAt, until: seen.observedAt };
    const late: Step = {
      ...step,
      seen: {
        ...seen,
        fields: { [field]: covered.value },
        fieldChanges: { [field]: { at, author: covered.author } },
        covered: {},
      },
    };
    const hold = freezes(draft.holds, field);
    if (hold !== undefined) joinHold(late, [field], hold, new Map([[field, "conflict"]]));
    else conflictOf(late, [field]);
    // The record itself holds what we wrote, not the covered value.
    const present = seen.fields[field];
    const shadow = { ...linkAt(draft, index).shadow, [field]: present ?? link.shadow[field] ?? null };
    const version = sameValue(shadow[field], draft.fields[field]?.value) ? (draft.fields[field]?.version ?? 0) : 0;
    setLink(draft, index, { shadow, seen: { ...linkAt(draft, index).seen, [field]: version } });
  }
}

/** Another value is there now: what was refused about the one before says nothing about this one. */
function forgetRefusals({ draft, index, seen, mapping }: Step, before: Link): void {
  const all = Object.entries(linkAt(draft, index).refused);
  if (all.length === 0) return;
  const kept = all.filter(([field]) => {
    const cells = cellsOfField(mapping, field);
    return !(field in seen.fields) || cells.every((cell) => sameRaw(seen.cells[cell], before.cells[cell]));
  });
  setLink(draft, index, { refused: Object.fromEntries(kept) });
}

/** A value that can't be normalized stays where it is: it is journaled once, and not written over until the field changes elsewhere. */
function noteRefused(step: Step, before: Link): void {
  const { draft, index, seen, context } = step;
  for (const [field, refusal] of Object.entries(seen.refused)) {
    if (refusal.cell in before.cells && sameRaw(before.cells[refusal.cell], refusal.raw)) continue;
    const version = draft.fields[field]?.version ?? 0;
    setLink(draft, index, {
      refused: { ...linkAt(draft, index).refused, [field]: { version, reason: refusal.reason } },
    });
    write(draft, context, {
      kind: "refused",
      field,
      other: typeof refusal.raw === "string" ? refusal.raw : JSON.stringify(refusal.raw),
      why: refusal.reason,
      source: recordSource(seen.ref, seen.author),
    });
  }
}

/** What a field that is only written here holds. A change of it says nothing about the thing, and is written over. */
function noteDrift({ draft, index, seen, mapping, context }: Step, before: Link): void {
  for (const [field, one] of Object.entries(mapping.fields)) {
    if (one.direction !== "write") continue;
    const type = context.entity.fields[field]?.type;
    const changed = cellsOf(one).find((cell) => cell in seen.cells && !sameRaw(seen.cells[cell], before.cells[cell]));
    if (type === undefined || changed === undefined) continue;
    const read = readField(type, one, seen.cells);
    const now = seen.cells[changed] ?? null;
    const value = read?.ok === true ? read.value : typeof now === "string" ? now : JSON.stringify(now);
    const link = linkAt(draft, index);
    setLink(draft, index, { shadow: { ...link.shadow, [field]: value }, seen: { ...link.seen, [field]: 0 } });
    if (before.cells[changed] === undefined) continue;
    const source = recordSource(seen.ref, seen.author);
    const base = before.shadow[field] ?? null;
    write(draft, context, { kind: "put-back", field, other: value, base, why: "only written there", source });
  }
}

function authorOf({ seen }: Step, field: FieldName): string | null {
  return seen.fieldChanges[field]?.author ?? seen.author;
}

/** Since when, at the latest, the record is known to be as it says: an event may have been long on its way. */
function asOf({ seen, context }: Step): Instant {
  if (seen.heldAt !== undefined) return seen.heldAt;
  if (seen.pushed !== true || seen.changedAt === null) return seen.observedAt;
  return Math.min(seen.observedAt, seen.changedAt.from - (context.policy.clockSkewMs[seen.ref.system] ?? 0));
}

/**
 * When the field was changed, as an interval wide enough for the system's clock: by the vendor's field history, else by the record's
 * modified time (it can't be later), and not before it was last seen unchanged.
 */
function changeTime({ draft, index, seen, context }: Step, field: FieldName): Interval {
  const skewMs = context.policy.clockSkewMs[seen.ref.system] ?? 0;
  // An event with half a record tells of the very change that it mentions.
  const isOwnEvent = seen.pushed === true && !seen.complete;
  const isDated = isOwnEvent || isFirstMeeting(draft, index, field);
  const exact = seen.fieldChanges[field]?.at ?? (isDated ? seen.changedAt : null);
  if (exact !== null) return { from: exact.from - skewMs, until: exact.until + skewMs };
  const until = seen.changedAt === null ? seen.observedAt : seen.changedAt.until + skewMs;
  return { from: Math.min(linkAt(draft, index).knownAt, until), until };
}

function isFirstMeeting(draft: Draft, index: number, field: FieldName): boolean {
  return linkAt(draft, index).shadow[field] === undefined;
}
