import type { GoldenId, GoldenRecord } from "../model/golden.ts";
import type { Hold } from "../model/hold.ts";
import { type RecordKey, type RecordRef, recordKey, type SystemId } from "../model/record.ts";
import type { Instant } from "../model/time.ts";
import type { BlockGuard, CommitUnit, Lane } from "./store.ts";

/** A record that a golden record has, by a link or as an alias. `linked`: a live link, which a sweep compares with. */
export type IndexedRecord = { readonly ref: RecordRef; readonly linked: boolean };

/** Every record that belongs to a golden record, once each. */
export function recordsOf(golden: GoldenRecord): ReadonlyMap<RecordKey, IndexedRecord> {
  const records = new Map<RecordKey, IndexedRecord>();
  for (const { system, object, id, aliases, status } of golden.links) {
    if (id === null) continue;
    add({ system, object, id }, status === "linked");
    for (const alias of aliases) add({ system, object, id: alias }, false);
  }
  return records;

  function add(ref: RecordRef, linked: boolean) {
    const key = recordKey(ref);
    records.set(key, { ref, linked: linked || (records.get(key)?.linked ?? false) });
  }
}

/** What the dispatcher and the counts need of a golden record's links to one system. */
export type SystemWork = {
  readonly system: SystemId;
  /** `null`: behind, but not due (refused, dead, waiting for a person). */
  readonly due: { readonly at: Instant; readonly lane: Lane } | null;
  readonly behind: number;
  readonly behindSince: Instant | null;
};

/** One row per system with a link that is due or behind: the earliest time, the most urgent lane. */
export function workOf({ golden, due }: Pick<CommitUnit, "golden" | "due">): readonly SystemWork[] {
  const work = new Map<SystemId, SystemWork>();
  const rowOf = (system: SystemId) => work.get(system) ?? { system, due: null, behind: 0, behindSince: null };
  for (const { system, dueAt, lane } of due) {
    const row = rowOf(system);
    const at = Math.min(row.due?.at ?? dueAt, dueAt);
    work.set(system, { ...row, due: { at, lane: Math.min(row.due?.lane ?? lane, lane) as Lane } });
  }
  for (const { system, behindSince } of golden?.links ?? []) {
    if (behindSince === null) continue;
    const row = rowOf(system);
    const oldest = Math.min(row.behindSince ?? behindSince, behindSince);
    work.set(system, { ...row, behind: row.behind + 1, behindSince: oldest });
  }
  return [...work.values()];
}

/** Longer texts are not found by search. */
const searchTextMax = 200;
/** Parts texts in indexes that hold several in one string; a text that has it inside is not found by search. */
export const searchTextSeparator = "\n";

/** The form in which a text is found by search; `null` when it can't be. */
export function searchTextOf(text: string): string | null {
  if (text === "" || text.length > searchTextMax || text.includes(searchTextSeparator)) return null;
  return text.toLowerCase();
}

/** Everything that `search` finds a golden record by: its id, its records' ids, its texts and the members of its sets. Once each. */
export function searchTextsOf(golden: GoldenRecord): readonly string[] {
  const texts = new Set<string>();
  add(golden.id);
  for (const { ref } of recordsOf(golden).values()) add(ref.id);
  for (const { value } of Object.values(golden.fields)) {
    if (typeof value === "string") add(value);
    else if (Array.isArray(value)) for (const member of value) add(member);
  }
  return [...texts];

  function add(text: string) {
    const found = searchTextOf(text);
    if (found !== null) texts.add(found);
  }
}

/** What a commit is checked against: the state before it. */
export type Before = {
  /** 0: there is none. */
  readonly versionOf: (id: GoldenId) => number;
  readonly ownerOfRecord: (key: RecordKey) => GoldenId | undefined;
  readonly ownerOfKey: (key: string) => GoldenId | undefined;
  /** 0: there is no hold of this id. Asked for holds on unlinked records only. */
  readonly revisionOfHold: (id: string) => number;
  /** True when a golden record was filed under one of the keys after the look. */
  readonly isFiledSince: (guard: BlockGuard) => boolean;
};

/**
 * Which units of a commit may go: checked against the state before the commit, and in order against what the ones before
 * them take. So two that want one record or identity key can't both have it, and what one gives up, another gets by the
 * next commit only, unless the two go together anyway. `records` may remember what it was asked before.
 */
export function fittingUnits(
  units: readonly CommitUnit[],
  before: Before,
  records: typeof recordsOf = recordsOf,
): ReadonlySet<CommitUnit> {
  const fitting = new Set<CommitUnit>();
  const isGivenUp = recordsGivenUp(units);
  const goldens = new Set<GoldenId>();
  const taken = new Set<RecordKey>();
  const keys = new Set<string>();
  const revisions = new Map<string, number>();
  for (const unit of units) {
    const { golden } = unit;
    // Holds on golden records are guarded by their version.
    const held = recordHoldsOf(unit);
    if (held.some(({ id, revision }) => (revisions.get(id) ?? before.revisionOfHold(id)) >= revision)) continue;
    if (golden === null) {
      fitting.add(unit);
      for (const { id, revision } of held) revisions.set(id, revision);
      continue;
    }
    if (goldens.has(golden.id) || before.versionOf(golden.id) !== golden.version - 1) continue;
    const isFree = (owner: GoldenId | undefined) => owner === undefined || owner === golden.id;
    const wanted = [...records(golden).keys()];
    const isMine = (key: RecordKey) => {
      const owner = before.ownerOfRecord(key);
      return isFree(owner) || isGivenUp(unit, owner, key);
    };
    if (!wanted.every((key) => !taken.has(key) && isMine(key))) continue;
    if (unit.guard !== null && before.isFiledSince(unit.guard)) continue;
    const unitKeys = unit.keys ?? [];
    const free = unitKeys.filter((key) => !keys.has(key) && isFree(before.ownerOfKey(key)));
    if (free.length < unitKeys.length && !unitKeys.every((key) => free.includes(key) || unit.sharedKeys.includes(key)))
      continue;
    fitting.add(unit);
    for (const { id, revision } of held) revisions.set(id, revision);
    goldens.add(golden.id);
    for (const key of wanted) taken.add(key);
    for (const key of free) keys.add(key);
  }
  const broken = new Set(units.flatMap((unit) => (fitting.has(unit) ? [] : (unit.group ?? []))));
  if (broken.size === 0) return fitting;
  return new Set([...fitting].filter(({ group }) => group === undefined || !broken.has(group)));
}

/** A unit's holds on unlinked records. */
export function recordHoldsOf({ holds }: Pick<CommitUnit, "holds">): readonly Hold[] {
  return holds.filter((hold) => hold.goldenId === null);
}

/** Tells whether a record's present owner is in the unit's group, and has it no more after the commit. */
function recordsGivenUp(units: readonly CommitUnit[]) {
  const grouped = units.filter((unit) => unit.group !== undefined && unit.golden !== null);
  return ({ group }: CommitUnit, owner: GoldenId | undefined, key: RecordKey): boolean => {
    const other = grouped.find((unit) => unit.group === group && unit.golden?.id === owner);
    return other?.golden != null && !recordsOf(other.golden).has(key);
  };
}

/** The last of each id, where the first one was. */
export function lastById<T>(rows: Iterable<T>, idOf: (row: T) => string): readonly T[] {
  const byId = new Map<string, T>();
  for (const row of rows) byId.set(idOf(row), row);
  return [...byId.values()];
}
