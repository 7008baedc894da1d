import { archived } from "../../src/core/draft.ts";
import { writeLeaseMs } from "../../src/engine/deps.ts";
import type { JournalEntry } from "../../src/model/journal.ts";
import type { RawValue } from "../../src/model/value.ts";
import { isJunk } from "../canonical.ts";
import type { Change, SimRecord, SimSystem } from "../simulated-system.ts";
import { systemOf } from "../world.ts";
import { isByPeople, type Truth } from "./truth.ts";

/** Kinds of fields whose edits carry a value that nobody else writes. */
const uniqueKinds = new Set(["text", "email"]);

/** I2 and I3: no edit is lost, nothing is overwritten unseen, and nothing is a fast-forward that was none. */
export function checkEdits(truth: Truth): string[] {
  const { systems, ledger, scenario } = truth.world;
  const broken: string[] = [];
  for (const system of systems) {
    for (const record of system.records.values()) {
      for (const field of scenario.fields) {
        const direction = system.name in field.directions ? field.directions[system.name] : "both";
        if (field.type.kind === "reference") broken.push(...checkReference(truth, system, record, field.name));
        if (direction == null || direction === "write" || !uniqueKinds.has(field.type.kind)) continue;
        broken.push(...checkCell(truth, system, record, field.name));
      }
    }
  }
  for (const line of ledger.journal) {
    // What a golden record points to is another golden record, which no system's log names.
    if (truth.typeOf(line.field ?? "").kind === "reference") continue;
    broken.push(...checkForward(truth, line), ...checkOrigin(truth, line));
  }
  return broken;
}

/** Each edit of one cell, with what followed it there. */
function checkCell(truth: Truth, system: SimSystem, record: SimRecord, field: string): string[] {
  const broken: string[] = [];
  const changes = record.history.filter((one) => field in one.after || one.kind === "delete");
  changes.forEach((edit, i) => {
    const value = truth.canon(field, edit.after[field]);
    const next = changes[i + 1];
    if (!isByPeople(edit) || value === null || next === undefined || next.by !== "truce") return;
    // What was covered, won, and was written back is there again: what became of it then had seen it.
    if (changes.slice(i + 2).some((one) => truth.canon(field, one.after[field]) === value)) return;
    // Only what replaces it, not what puts it there again.
    if (next.kind !== "delete" && truth.canon(field, next.after[field]) === value) return;
    if (isJunk(truth.typeOf(field), value) && next.unseen.includes(field)) return;
    if (truth.isKept(field, value) || isHandedOn(truth, system, record, field, value)) return;
    if (
      isRace(truth, system, next, field) ||
      (next.kind === "delete" && isDecidedAway(truth, system, record, field, value))
    )
      return;
    if (isArchived(truth, system, record) || endedWithIt(truth, system, record, field, value)) return;
    broken.push(`I2: ${record.id}.${field} = ${value} is lost: ${describe(next, field)} came over it`);
  });
  return broken;
}

/** Whom an edit named is known as the agreed one, or kept beside it; and while nobody knows who it is, nothing is written over it. */
function checkReference(truth: Truth, system: SimSystem, record: SimRecord, field: string): string[] {
  const changes = record.history.filter((one) => field in one.after);
  return changes.flatMap((edit, i) => {
    const [value, next] = [edit.after[field], changes[i + 1]];
    if (!isByPeople(edit) || typeof value !== "string" || next?.by !== "truce") return [];
    if (next.after[field] === value || isRace(truth, system, next, field) || isArchived(truth, system, record))
      return [];
    const family = truth.familyOf(system, value).flatMap(({ id }) => [...truth.goldensOf(system.name, id)]);
    const isTold = (id: string) =>
      truth.isKept(field, id) || truth.world.ledger.journal.some((line) => line.field === field && line.to === id);
    truth.world.marks.add("check/reference");
    return family.some(isTold)
      ? []
      : [`I2: ${record.id}.${field} = ${value} is lost: ${describe(next, field)} came over it`];
  });
}

/** Its golden record has ended: nobody looks at its records any more. */
function isArchived({ world }: Truth, system: SimSystem, record: SimRecord): boolean {
  return [...world.ledger.goldens.values()].some((golden) =>
    golden.links.some((link) => link.system === system.name && link.id === record.id && link.dead === archived),
  );
}

/** It is what its golden record had agreed on when that ended, before it could be written back. */
function endedWithIt(truth: Truth, system: SimSystem, record: SimRecord, field: string, value: string): boolean {
  return [...truth.goldensOf(system.name, record.id)].some((id) => {
    const golden = truth.world.ledger.goldens.get(id);
    return golden?.deletedAt != null && truth.canon(field, golden.fields[field]?.value as RawValue) === value;
  });
}

function describe({ kind, after, at }: Change, field: string): string {
  return kind === "delete" ? `a delete at ${at}` : `${JSON.stringify(after[field])} at ${at}`;
}

/** Without a condition and without history, what falls between reading and writing can't be recovered; the connectors' pages say so. */
function isRace(truth: Truth, system: SimSystem, next: Change, field: string): boolean {
  const history = system.records.get(next.id)?.history ?? [];
  const isUnanswered = truth.world.ledger.attempts.get(next.attempt ?? "")?.result !== "written";
  // The history that can be had is one step deep: an edit on top of ours hides what ours covered.
  const isHidden = history.some((one) => one.order > next.order && isByPeople(one) && field in one.after);
  if (next.unseen.includes(field) && isUnanswered && isHidden) return true;
  const isUnseen = next.unseen.includes(field);
  if (isUnseen) truth.world.marks.add(system.profile.history ? "race/recoverable" : "race/unrecoverable");
  return isUnseen && (!system.profile.history || next.kind === "delete");
}

/** It became the agreed value, and someone who had it before them replaced it in another system. */
function isHandedOn(truth: Truth, system: SimSystem, record: SimRecord, field: string, value: string): boolean {
  if (!wasAgreed(truth, system, record, field, value)) return false;
  return truth.world.systems.some((other) =>
    [...other.records.values()].some((one) => wasReplacedByPeople(truth, other, one, field, value)),
  );
}

function wasAgreed(truth: Truth, system: SimSystem, record: SimRecord, field: string, value: string): boolean {
  const goldens = truth.goldensOf(system.name, record.id);
  return truth.world.ledger.journal.some(
    (line) =>
      line.kind === "set" &&
      line.field === field &&
      goldens.has(line.goldenId) &&
      truth.canon(field, line.to as RawValue) === value,
  );
}

/** A person had it deleted everywhere with this value in view, or someone did in a system that is never told the field. */
function isDecidedAway(truth: Truth, system: SimSystem, record: SimRecord, field: string, value: string): boolean {
  const goldens = truth.goldensOf(system.name, record.id);
  const isDecided = truth.world.ledger.journal.some(
    (line) => line.kind === "deleted" && line.source.kind === "person" && goldens.has(line.goldenId),
  );
  const directions = truth.world.scenario.fields.find((one) => one.name === field)?.directions ?? {};
  const isUntold =
    truth.world.scenario.deletes === "propagate" && Object.values(directions).some((one) => one !== "write");
  return (isDecided || isUntold) && wasAgreed(truth, system, record, field, value);
}

function wasReplacedByPeople(truth: Truth, system: SimSystem, record: SimRecord, field: string, value: string) {
  const kept = truth.keptCanon(system, field, value);
  const changes = record.history.filter((one) => field in one.after);
  return changes.some((one, i) => {
    if (truth.canon(field, one.after[field]) !== kept) return false;
    // Put there by whom ever; the next one is by people.
    const next = changes[i + 1];
    return next === undefined
      ? system.live(record.id) !== undefined || !record.deleted || isDeletedByPeople(record)
      : isByPeople(next);
  });
}

function isDeletedByPeople(record: SimRecord): boolean {
  const last = record.history.at(-1);
  return last !== undefined && isByPeople(last);
}

/** A fast-forward replaces only what the record had held before: by the system's own log, not by what Truce believes it has seen. */
function checkForward(truth: Truth, line: JournalEntry): string[] {
  if (line.kind !== "set" || line.why !== "fast-forward" || line.field === null || line.source.kind !== "record")
    return [];
  const { field } = line;
  const { ref } = line.source;
  const system = systemOf(truth.world, ref.system);
  const from = truth.keptCanon(system, field, line.from as RawValue);
  const to = truth.canon(field, line.to as RawValue);
  if (from === null) return [];
  const history = truth.familyOf(system, ref.id).flatMap((record) => record.history);
  const held = history.filter((one) => field in one.after && truth.canon(field, one.after[field]) === from);
  const reached = history.filter((one) => field in one.after && truth.canon(field, one.after[field]) === to);
  // Whoever merges records has seen what they hold.
  const isMerged = history.some((one) => one.kind === "merge" && reached.some((later) => later.order <= one.order));
  const isSeen = held.some((one) => reached.some((later) => later.order > one.order));
  return isSeen || isMerged
    ? []
    : [`I2: ${ref.id} moved ${field} from ${line.from} to ${line.to}, but never held ${line.from} before`];
}

/** Someone has merged or restored records since, and so made what they hold their own. */
function isChosen({ order }: Change, history: readonly Change[]): boolean {
  return history.some((one) => (one.kind === "merge" || one.kind === "undelete") && one.order > order);
}

/** Made by Truce with a lost reply, where nothing but its identity tells, which it has not, or which was changed before it was seen. */
function isStranger({ world }: Truth, system: SimSystem, id: string): boolean {
  const history = system.records.get(id)?.history ?? [];
  const [first] = history;
  if (first?.by !== "truce") return false;
  const { identity, duplicates } = world.scenario;
  const attempt = world.ledger.attempts.get(first.attempt ?? "");
  const isChanged = history.some((one) => isByPeople(one) && identity.some((field) => field in one.after));
  // Another record had come to be the one that the key asks for: this one is a duplicate like any other, or someone else by now.
  if (system.profile.createKey) return (duplicates === "link" || isChanged) && attempt?.result !== "written";
  const isLate = first.at - (attempt?.startedAt ?? first.at) >= writeLeaseMs;
  const isKnown = identity.some((field) => (first.after[field] ?? null) !== null);
  return isChanged || !isKnown || isLate || (system.setup.keyless && attempt?.result !== "written");
}

/** Every value that becomes the agreed one was entered by someone where the journal says, or decided by a person or a rule. */
function checkOrigin(truth: Truth, line: JournalEntry): string[] {
  if (line.kind !== "set" || line.field === null || line.source.kind !== "record" || truth.isGrouped(line.field))
    return [];
  const { field } = line;
  const { ref } = line.source;
  const system = systemOf(truth.world, ref.system);
  const to = truth.canon(field, line.to as RawValue);
  const entered = truth
    .familyOf(system, ref.id)
    .flatMap((record) => record.history)
    .filter((one, _, all) => field in one.after && (isByPeople(one) || isChosen(one, all)));
  const found = entered.some((one) => {
    const value = truth.canon(field, one.after[field]);
    return value === to || isJunk(truth.typeOf(field), value);
  });
  return found || (to === null && entered.length === 0) || isStranger(truth, system, ref.id)
    ? []
    : [`I2: ${line.goldenId}.${field} became ${line.to}, which nobody entered in ${ref.id} of ${ref.system}`];
}
