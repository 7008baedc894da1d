import type { FieldName, FieldVersion, GoldenId, GoldenRecord, Link, Source } from "../model/golden.ts";
import type { Candidate, Hold } from "../model/hold.ts";
import type { EntityPolicy, FieldPolicy } from "../model/policy.ts";
import { isBlank, sameValue } from "../model/value.ts";
import {
  type Context,
  catchUp,
  type Draft,
  draftOf,
  freezes,
  putHold,
  recordSource,
  setField,
  write,
} from "./draft.ts";
import { type Resolution, resolve, systemOf } from "./resolve/resolve.ts";

/** Two golden records made one, or why that can't be now. */
export type MergedGoldens =
  | { readonly kind: "merged"; readonly survivor: Draft; readonly loser: Draft }
  | { readonly kind: "invalid"; readonly reason: string };

/**
 * A person said that two golden records are one thing. The survivor gets the loser's links; fields on which they differ are decided by their rules, as at a first
 * meeting, and what the loser said is in the survivor's journal. Values that wait in a hold of the loser wait in one of the survivor's. Of the loser
 * remain its history and the name of the survivor.
 */
export function mergeGoldens(into: GoldenRecord, from: GoldenRecord, source: Source, context: Context): MergedGoldens {
  const problem = problemOf(into, from);
  if (problem !== null) return { kind: "invalid", reason: problem };
  const survivor = draftOf(into, context.entity);
  const loser = draftOf(from, context.entity);
  write(survivor, context, { kind: "merged", why: `${from.id} was merged into it`, source });
  for (const unit of unitsOf(context.entity)) mergeUnit(survivor, loser, unit, context);
  moveLinks(survivor, loser, context);
  survivor.distinctFrom = [...new Set([...survivor.distinctFrom, ...loser.distinctFrom])].filter(
    (id) => id !== from.id,
  );
  endLoser(loser, survivor, source, context);
  return { kind: "merged", survivor, loser };
}

/** The golden record that this one lives on in, should it have been merged into another. */
export function livingOf(
  id: GoldenId,
  goldenById: (id: GoldenId) => GoldenRecord | undefined,
): GoldenRecord | undefined {
  const golden = goldenById(id);
  return golden?.mergedInto === undefined ? golden : livingOf(golden.mergedInto, goldenById);
}

function problemOf(into: GoldenRecord, from: GoldenRecord): string | null {
  if (into.id === from.id) return "A golden record can't be merged into itself.";
  if (into.entity !== from.entity) return `${into.id} is a ${into.entity}, ${from.id} a ${from.entity}.`;
  if (into.deletedAt !== null || from.deletedAt !== null) return "One of them is deleted.";
  const busy = [...into.links, ...from.links].find((link) => link.inFlight !== null || link.createUnknown);
  return busy === undefined ? null : `A write to ${busy.system} is under way; decide again in a moment.`;
}

/** Fields that are decided together: one, or those of a group. */
function unitsOf({ fields }: EntityPolicy): readonly (readonly [FieldPolicy, ...FieldPolicy[]])[] {
  const units = new Map<string, [FieldPolicy, ...FieldPolicy[]]>();
  for (const field of Object.values(fields)) {
    const name = field.group === null ? `field ${field.name}` : `group ${field.group}`;
    const unit = units.get(name);
    if (unit === undefined) units.set(name, [field]);
    else unit.push(field);
  }
  return [...units.values()];
}

function mergeUnit(survivor: Draft, loser: Draft, unit: readonly [FieldPolicy, ...FieldPolicy[]], context: Context) {
  const names = unit.map(({ name }) => name);
  const waiting = names.map((name) => freezes(loser.holds, name)).find((hold) => hold !== undefined);
  if (waiting !== undefined) return holdUnit(survivor, loser, names, waiting, context);
  const differing = names.filter((name) => !sameValue(valueIn(survivor, name), valueIn(loser, name)));
  const [first] = differing;
  if (first === undefined || names.every((name) => isBlank(valueIn(loser, name)))) return;
  if (names.some((name) => freezes(survivor.holds, name) !== undefined))
    return holdUnit(survivor, loser, names, null, context);
  if (names.every((name) => isBlank(valueIn(survivor, name))))
    return take(survivor, loser, names, "first value", context);
  settleUnit(survivor, loser, names, resolutionOf(survivor, loser, unit, first), context);
}

function resolutionOf(
  survivor: Draft,
  loser: Draft,
  [head, ...rest]: readonly [FieldPolicy, ...FieldPolicy[]],
  first: FieldName,
): Resolution {
  const [golden, other] = [survivor.fields[first], loser.fields[first]];
  if (isBlank(other?.value) || other === undefined) return { kind: "golden", by: "a blank never beats a value" };
  if (isBlank(golden?.value) || golden === undefined) return { kind: "other", by: "a blank never beats a value" };
  const { type } = [head, ...rest].find(({ name }) => name === first) ?? head;
  const claim = { value: other.value, at: other.changedAt, system: systemOf(other) ?? "" };
  const resolution = resolve(head.rule, { field: first, type, base: undefined, golden, other: claim });
  // A product of both values makes no sense for one field of a group alone.
  return rest.length > 0 && resolution.kind === "value" ? { kind: "undecided", by: resolution.by } : resolution;
}

function settleUnit(
  survivor: Draft,
  loser: Draft,
  names: readonly FieldName[],
  resolution: Resolution,
  context: Context,
): void {
  switch (resolution.kind) {
    case "golden":
      for (const name of names) keep(survivor, loser, name, resolution.by, context);
      return;
    case "other":
      return take(survivor, loser, names, resolution.by, context);
    case "value": {
      const [name = ""] = names;
      const { value, by } = resolution;
      if (sameValue(value, valueIn(survivor, name))) return keep(survivor, loser, name, by, context);
      const at = versionIn(loser, name).changedAt;
      const next = { value, at, source: { kind: "rule", rule: by } as const, why: by };
      setField(survivor, context, name, next, { other: valueIn(loser, name) });
      return;
    }
    case "undecided":
      return holdUnit(survivor, loser, names, null, context);
  }
}

function keep(survivor: Draft, loser: Draft, name: FieldName, why: string, context: Context): void {
  const other = valueIn(loser, name);
  if (sameValue(other, valueIn(survivor, name))) return;
  write(survivor, context, { kind: "kept", field: name, other, why, source: versionIn(loser, name).source });
}

function take(survivor: Draft, loser: Draft, names: readonly FieldName[], why: string, context: Context): void {
  for (const name of names) {
    const before = valueIn(survivor, name);
    const { value, changedAt: at, source } = versionIn(loser, name);
    if (sameValue(value, before)) continue;
    setField(survivor, context, name, { value, at, source, why }, { other: before });
  }
}

/** Both sides' values wait for a person; those that wait in a hold of the loser's come along. */
function holdUnit(
  survivor: Draft,
  loser: Draft,
  names: readonly FieldName[],
  waiting: Hold | null,
  context: Context,
): void {
  const open = names.map((name) => freezes(survivor.holds, name)).find((hold) => hold !== undefined);
  const mine = open?.candidates ?? [candidateOf(survivor, names)];
  const theirs = waiting?.candidates ?? [candidateOf(loser, names)];
  const reason = "two golden records were merged, and no rule decides";
  for (const name of names) {
    const other = valueIn(loser, name);
    if (sameValue(other, valueIn(survivor, name))) continue;
    write(survivor, context, { kind: "held", field: name, other, why: reason, source: versionIn(loser, name).source });
  }
  putHold(survivor, {
    id: open?.id ?? `${survivor.id}.${names[0] ?? ""}.merged.${context.cause}`,
    kind: "conflict",
    entity: survivor.entity.name,
    goldenId: survivor.id,
    ref: null,
    fields: [...new Set([...(open?.fields ?? []), ...names])],
    base: open?.base ?? {},
    candidates: [...mine, ...theirs],
    matches: [],
    reason,
    openedAt: open?.openedAt ?? context.now,
    updatedAt: context.now,
    revision: (open?.revision ?? 0) + 1,
    status: "open",
    closed: null,
  });
}

function candidateOf(draft: Draft, names: readonly FieldName[]): Candidate {
  const { source, changedAt, version } = versionIn(draft, names[0] ?? "");
  const values = Object.fromEntries(names.map((name) => [name, valueIn(draft, name)]));
  return { values, source, at: changedAt, cause: `version ${version} of ${draft.id}` };
}

/** Records move with what is known of them; they are behind wherever the survivor has another value. Where the loser only wanted a record, it gets none. */
function moveLinks(survivor: Draft, loser: Draft, context: Context): void {
  const isAt = (a: Link) => (b: Link) => a.system === b.system && a.object === b.object;
  const there = survivor.links.filter(({ status }) => status === "linked");
  const isLeftOver = (link: Link) =>
    there.some(isAt(link)) && context.entity.mappings.find(isAtMapping(link))?.merged !== undefined;
  for (const link of loser.links) {
    if (link.id === null) continue;
    survivor.links = survivor.links.filter((other) => other.id !== null || !isAt(link)(other));
    const moved = {
      ...link,
      seen: seenIn(survivor, loser, link),
      refused: {},
      waitsFor: null,
      behindSince: null,
      ...(isLeftOver(link) ? { leftOver: true } : {}),
    };
    survivor.links.push(moved);
    if (link.status !== "linked") continue;
    const ref = { system: link.system, object: link.object, id: link.id };
    write(survivor, context, {
      kind: "linked",
      why: `was of ${loser.id}`,
      source: recordSource(ref, null),
      said: link.shadow,
    });
  }
  loser.links = [];
  for (const [field, { value }] of Object.entries(survivor.fields)) catchUp(survivor, field, value);
}

function isAtMapping({ system, object }: Link) {
  return (mapping: EntityPolicy["mappings"][number]) => mapping.system === system && mapping.object === object;
}

/** What the link had seen of the loser it has seen of the survivor where that has the same value, even in a form of its own that keeps less. */
function seenIn(survivor: Draft, loser: Draft, link: Link): Link["seen"] {
  const same = Object.entries(survivor.fields).filter(([name, { value }]) => {
    const { version, value: was } = versionIn(loser, name);
    return version > 0 && link.seen[name] === version && sameValue(was, value);
  });
  return Object.fromEntries(same.map(([name, { version }]) => [name, version]));
}

function endLoser(loser: Draft, survivor: Draft, source: Source, context: Context): void {
  for (const hold of loser.holds) {
    putHold(loser, {
      ...hold,
      status: "closed",
      revision: hold.revision + 1,
      updatedAt: context.now,
      closed: { at: context.now, by: "truce", choice: `merged into ${survivor.id}` },
    });
  }
  loser.deletedAt = context.now;
  loser.mergedInto = survivor.id;
  write(loser, context, { kind: "merged", why: `merged into ${survivor.id}`, source });
}

function versionIn(draft: Draft, name: FieldName): FieldVersion {
  const nobody: Source = { kind: "rule", rule: "blank" };
  return draft.fields[name] ?? { value: null, version: 0, changedAt: { from: 0, until: 0 }, source: nobody };
}

function valueIn(draft: Draft, name: FieldName) {
  return versionIn(draft, name).value;
}
