import type { FieldName, FieldVersion, GoldenId, GoldenRecord, Link, Source } from "../model/golden.ts";
import type { JournalEntry } from "../model/journal.ts";
import { type RecordKey, type RecordRef, recordKey } from "../model/record.ts";
import { type FieldValue, isBlank, sameValue } from "../model/value.ts";
import {
  type Context,
  catchUp,
  type Draft,
  draftOf,
  emptyGolden,
  putHold,
  recordSource,
  setField,
  write,
} from "./draft.ts";

/** A golden record taken apart, or why that can't be. */
export type Split =
  | { readonly kind: "split"; readonly rest: Draft; readonly parted: Draft }
  | { readonly kind: "invalid"; readonly reason: string };

/**
 * Takes records that are something else out of a golden record, into a new one. Each side's fields become what its own records last said, by the journal: their
 * values of before they met, and later edits where they were made. What only the other side said is taken back. A side whose records
 * Truce made itself keeps what was agreed on. Both remember that they are two.
 */
export function splitGolden(
  golden: GoldenRecord,
  refs: readonly RecordRef[],
  journal: readonly JournalEntry[],
  freshId: GoldenId,
  source: Source,
  context: Context,
): Split {
  const leaving = new Set(refs.map(recordKey));
  const isLeaving = (link: Link) => link.id !== null && leaving.has(keyOf(link));
  const problem = problemOf(golden, refs, isLeaving);
  if (problem !== null) return { kind: "invalid", reason: problem };
  const rest = draftOf(golden, context.entity);
  const parted = draftOf(emptyGolden(freshId, context.entity), context.entity);
  parted.links = golden.links.filter(isLeaving).map(fresh);
  rest.links = golden.links.filter((link) => !isLeaving(link)).map(fresh);
  write(rest, context, { kind: "unlinked", why: `${[...leaving].join(", ")} became ${freshId}`, source });
  write(parted, context, { kind: "created", why: `was part of ${golden.id}`, source });
  for (const { system, object, id, shadow } of parted.links) {
    if (id === null) continue;
    const moved = recordSource({ system, object, id }, null);
    write(parted, context, { kind: "linked", why: `was of ${golden.id}`, source: moved, said: shadow });
  }
  const sayings = sayingsOf(journal);
  restore(parted, sayings, golden, context);
  restore(rest, sayings, golden, context);
  closeHolds(rest, leaving, context);
  rest.distinctFrom = [...new Set([...rest.distinctFrom, freshId])];
  parted.distinctFrom = [...new Set([...rest.distinctFrom.filter((id) => id !== freshId), golden.id])];
  return { kind: "split", rest, parted };
}

function keyOf({ system, object, id }: Link): RecordKey {
  return recordKey({ system, object, id: id ?? "" });
}

function problemOf(
  golden: GoldenRecord,
  refs: readonly RecordRef[],
  isLeaving: (link: Link) => boolean,
): string | null {
  const keys = new Set(golden.links.map(keyOf));
  const stranger = refs.find((ref) => !keys.has(recordKey(ref)));
  if (stranger !== undefined) return `${recordKey(stranger)} is no record of ${golden.id}.`;
  const living = golden.links.filter(({ status }) => status === "linked");
  if (!living.some(isLeaving)) return "Name at least one record that is there.";
  if (living.every(isLeaving)) return "At least one record has to stay.";
  const busy = golden.links.find((link) => link.inFlight !== null || link.createUnknown);
  return busy === undefined ? null : `A write to ${busy.system} is under way; try again in a moment.`;
}

/** What the record is known to hold is met anew. */
function fresh(link: Link): Link {
  return { ...link, seen: {}, refused: {}, waitsFor: null, behindSince: null, leftOver: false };
}

/** What a record last said of a field itself, and when in the order of the journal. */
type Saying = { readonly value: FieldValue; readonly place: number; readonly line: JournalEntry };
type Words = {
  readonly byField: Map<FieldName, Saying>;
  /** True where all that it said is known: a field without a word was blank. Not of records that Truce made. */
  readonly isWhole: boolean;
};
type Sayings = ReadonlyMap<RecordKey, Words>;

/** By record, its own words: what it held when it was linked, and what was changed in it later. */
function sayingsOf(journal: readonly JournalEntry[]): Sayings {
  const sayings = new Map<RecordKey, Words>();
  journal.forEach((line, place) => {
    if (line.ref === null || line.source.kind !== "record") return;
    const key = recordKey(line.ref);
    if (line.kind === "created" || (line.kind === "linked" && line.said !== undefined)) {
      const said = Object.entries(line.said ?? {}).map(([field, value]) => [field, { value, place, line }] as const);
      sayings.set(key, { byField: new Map(said), isWhole: true });
    }
    const value = ownWord(line);
    if (line.field === null || value === undefined) return;
    const known = sayings.get(key) ?? { byField: new Map<FieldName, Saying>(), isWhole: false };
    known.byField.set(line.field, { value, place, line });
    sayings.set(key, known);
  });
  return sayings;
}

/** What the line's record says in it; `undefined`: nothing. */
function ownWord({ kind, to, other }: JournalEntry): FieldValue | undefined {
  if (kind === "set") return to;
  return kind === "kept" || kind === "put-back" || kind === "held" ? other : undefined;
}

function restore(draft: Draft, sayings: Sayings, golden: GoldenRecord, context: Context): void {
  const own = draft.links.flatMap((link) => sayings.get(keyOf(link)) ?? []);
  for (const [field, version] of Object.entries(golden.fields)) {
    const next = restored(draft, own, field, version);
    const present = draft.fields[field]?.value ?? null;
    const isHeld = draft.links.some((link) => !isBlank(link.shadow[field]));
    if (sameValue(next.value, present) && (draft.fields[field] !== undefined || !isHeld)) continue;
    const { value, changedAt: at, source } = next;
    setField(draft, context, field, { value, at, source, why: "restored: split" }, { other: version.value });
  }
  for (const [field, { value }] of Object.entries(draft.fields)) catchUp(draft, field, value);
}

/**
 * What is agreed stays where one of the side's records says it, or a person said it and the side is the one that stays; else its records' last word counts. Where
 * none has a word on the field, it was blank, if all that they said is known.
 */
function restored(draft: Draft, own: readonly Words[], field: FieldName, agreed: FieldVersion): FieldVersion {
  const said = own.flatMap(({ byField }) => byField.get(field) ?? []);
  if (said.some(({ value }) => sameValue(value, agreed.value))) return agreed;
  if (agreed.source.kind === "person" && draft.version > 0) return agreed;
  const [last] = said.filter(({ value }) => !isBlank(value)).sort((a, b) => b.place - a.place);
  if (last === undefined) return own.some(({ isWhole }) => isWhole) ? { ...agreed, value: null } : agreed;
  const { at, source } = last.line;
  return { ...agreed, value: last.value, changedAt: { from: at, until: at }, source };
}

/** What waited because the two said different things is decided: each keeps its own. */
function closeHolds(draft: Draft, leaving: ReadonlySet<RecordKey>, context: Context): void {
  for (const hold of draft.holds) {
    const refs = hold.candidates.flatMap(({ source }) => (source.kind === "record" ? [recordKey(source.ref)] : []));
    const isAbout = hold.ref !== null && leaving.has(recordKey(hold.ref));
    if (!isAbout && !refs.some((key) => leaving.has(key))) continue;
    putHold(draft, {
      ...hold,
      status: "closed",
      revision: hold.revision + 1,
      updatedAt: context.now,
      closed: { at: context.now, by: "truce", choice: "split" },
    });
  }
}
