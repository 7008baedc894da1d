import type { GoldenRecord, Link } from "../../src/model/golden.ts";
import type { FieldValue, RawValue } from "../../src/model/value.ts";
import { isJunk } from "../canonical.ts";
import type { SimSystem } from "../simulated-system.ts";
import { systemOf } from "../world.ts";
import type { Truth } from "./truth.ts";

/** I1: every mapped field without an open hold is the same in all linked systems, and every golden record is everywhere it shall be. */
export function checkConvergence(truth: Truth): string[] {
  const { world } = truth;
  return [...world.ledger.goldens.values()].flatMap((golden) => [
    ...checkFields(truth, golden),
    ...checkPresence(truth, golden),
    ...checkDeleted(truth, golden),
    ...golden.links
      .filter((link) => link.inFlight !== null)
      .map((link) => `I1: ${golden.id} still writes to ${link.system}`),
  ]);
}

function checkFields(truth: Truth, golden: GoldenRecord): string[] {
  if (golden.deletedAt !== null) return [];
  const broken: string[] = [];
  for (const field of truth.world.scenario.fields) {
    if (golden.holds.some((hold) => hold.fields.includes(field.name))) continue;
    const value = golden.fields[field.name]?.value ?? null;
    for (const link of golden.links) {
      const system = systemOf(truth.world, link.system);
      const record = system.live(link.id ?? "");
      const direction = link.system in field.directions ? field.directions[link.system] : "both";
      if (link.status !== "linked" || record === undefined || direction == null || direction === "read") continue;
      if (direction === "write" && golden.fields[field.name] === undefined) continue;
      const there = truth.canon(field.name, record.cells[field.name]);
      if (there === truth.keptCanon(system, field.name, value as RawValue)) continue;
      if (field.type.kind === "reference" && isSameReference(truth, link, field.name, value, there)) continue;
      if (isExcused(truth, golden, link, system, field.name, there)) continue;
      broken.push(
        `I1: ${golden.id}.${field.name} is ${JSON.stringify(value)}, ${link.id} of ${link.system} holds ${there}`,
      );
    }
  }
  return broken;
}

const hourMs = 3_600_000;

/** It names its record there, or one of its that is gone; or it has none there, or the one that is named is nobody's (yet). */
function isSameReference(truth: Truth, link: Link, field: string, value: FieldValue, there: string | null): boolean {
  const { goldens } = truth.world.ledger;
  const isIn = (one: Link) => one.system === link.system && one.status === "linked";
  const owner = [...goldens.values()].find(
    ({ links }) =>
      there !== null && links.some((one) => isIn(one) && (one.id === there || one.aliases.includes(there))),
  );
  let parent = goldens.get(String(value));
  while (parent?.mergedInto !== undefined) parent = goldens.get(parent.mergedInto);
  // What was read once the parent was known is a dead letter, and waits there for its replay.
  const isDead = truth.world.ledger.deadLetters.some(({ kind, ref }) => kind === "observation" && ref?.id === link.id);
  if (field in link.parked) return owner === undefined || isDead;
  if (parent !== undefined && owner?.id === parent.id) return true;
  const isGone = ({ system, id, status }: Link) => system === link.system && id === there && status === "deleted";
  if (parent?.links.some(isGone)) return true;
  // What was missing there is looked for again after as long as it has been missing, an hour at most.
  const waiting = link.waiting[field];
  const now = truth.world.restedAt;
  if (waiting !== undefined && waiting.until > now && waiting.until - now <= Math.min(hourMs, now - waiting.since))
    return true;
  return parent !== undefined && !parent.links.some(isIn);
}

/** The system will not have the value, or holds something that is none. */
function isExcused(
  truth: Truth,
  golden: GoldenRecord,
  link: Link,
  system: SimSystem,
  field: string,
  there: string | null,
) {
  const version = golden.fields[field];
  const raw = system.raw(field, version?.value ?? null);
  if (isJunk(truth.typeOf(field), there)) return true;
  // Refused with another value of the same write, by a system that doesn't say which.
  const isRefused = link.refused[field]?.version === version?.version;
  return isRefused && (system.refuses(field, raw) || (!system.profile.namesRefused && system.setup.refuses !== null));
}

function checkPresence(truth: Truth, golden: GoldenRecord): string[] {
  const { scenario } = truth.world;
  if (golden.deletedAt !== null) return [];
  const broken: string[] = [];
  for (const setup of scenario.systems) {
    const links = golden.links.filter((link) => link.system === setup.name);
    const linked = links.filter((link) => link.status === "linked");
    for (const link of linked) {
      const system = systemOf(truth.world, setup.name);
      if (system.live(link.id ?? "") === undefined)
        broken.push(`I1: ${golden.id} is linked to ${link.id}, which is gone`);
    }
    const wanted = links.find((link) => link.status === "wanted");
    if (linked.length > 0 || !setup.creates) continue;
    if (wanted === undefined && links.some((link) => link.status === "deleted")) continue;
    if (wanted === undefined) broken.push(`I6: ${golden.id} does not want a record in ${setup.name}`);
    else if (!mayBeMissing(truth, golden, wanted)) broken.push(`I6: ${golden.id} has no record in ${setup.name}`);
  }
  return broken;
}

function mayBeMissing(truth: Truth, golden: GoldenRecord, link: Link): boolean {
  const { scenario, ledger } = truth.world;
  if (link.waitsFor !== null) {
    const hold = ledger.holds.findLast((one) => one.id === link.waitsFor);
    // Left as it is, the held record may still be the one that is wanted, as long as it resembles it.
    const stands = hold?.status === "open" || hold?.closed?.choice === "leave";
    return stands && hold.matches.includes(golden.id);
  }
  const isOpen = (field: string) => scenario.identity.includes(field);
  if (golden.holds.some((hold) => hold.fields.some(isOpen) || hold.kind === "duplicate")) return true;
  // Nothing that could be told there is known.
  const isKnown = ({ name, directions }: (typeof scenario.fields)[number]) =>
    (golden.fields[name]?.value ?? null) !== null &&
    (directions[link.system] ?? (link.system in directions ? "read" : "both")) !== "read" &&
    !golden.holds.some((hold) => hold.fields.includes(name));
  if (!scenario.fields.some(isKnown)) return true;
  if (scenario.required.some((field) => (golden.fields[field]?.value ?? null) === null)) return true;
  // Refused outright, or its identity is someone else's there: a dead letter or a hold says so.
  return link.dead !== null;
}

/** A golden record that is deleted everywhere has no live record left where it was linked. */
function checkDeleted(truth: Truth, golden: GoldenRecord): string[] {
  if (golden.deletedAt === null) return [];
  return golden.links
    .filter((link) => link.status === "linked" && link.dead === null)
    .filter((link) => systemOf(truth.world, link.system).live(link.id ?? "") !== undefined)
    .map((link) => `I1: ${golden.id} was deleted, ${link.id} of ${link.system} is still there`);
}
