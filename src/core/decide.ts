import type { GoldenId, GoldenRecord } from "../model/golden.ts";
import type { Hold } from "../model/hold.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { Observation, RawDelete, RawMerge, Upsert } from "../model/observation.ts";
import { mappingOf, type ObjectMapping, type Policy } from "../model/policy.ts";
import { type RecordRef, recordKey } from "../model/record.ts";
import type { Instant } from "../model/time.ts";
import { isBlank, sameRaw, sameValue } from "../model/value.ts";
import { applyDelete } from "./apply-delete.ts";
import { applyMerge } from "./apply-merge.ts";
import { applyOlder, applyUpsert, type UpsertOutcome } from "./apply-upsert.ts";
import { blockCreate, released } from "./block-create.ts";
import {
  archived,
  type Context,
  type Draft,
  draftOf,
  emptyGolden,
  goldenOf,
  madeLink,
  newLink,
  type Parked,
  recordSource,
  setLink,
  unarchive,
  write,
} from "./draft.ts";
import { cellsOfField } from "./mapping/cells-of.ts";
import { takesPart } from "./mapping/takes-part.ts";
import { identitiesOf } from "./match/identity.ts";
import { type Asked, liveLinkIn, type Match, match, type Scoring } from "./match/match.ts";
import { noteSharedKeys } from "./match/shared-keys.ts";
import { livingOf } from "./merge-goldens.ts";
import { pausesIdentity } from "./pause-fields.ts";
import { resolveReferences } from "./relations/resolve-references.ts";

/** Everything a decision may look at, loaded before it. */
export type State = {
  /** The golden record that the observed record is linked to. */
  readonly golden: GoldenRecord | null;
  /** Golden record that has this identity key, if one does. */
  readonly goldenByKey: (key: string) => GoldenRecord | undefined;
  /** Golden record by id (a pin's, a merged loser's). */
  readonly goldenById: (id: GoldenId) => GoldenRecord | undefined;
  /** Golden record that another record of the same object is linked to. */
  readonly goldenByRecord: (ref: RecordRef) => GoldenRecord | undefined;
  /** The open hold on the record, while it is unlinked; or the one by which a person left it as it is. */
  readonly hold: Hold | null;
  /** A person's word on what the record is. */
  readonly pin: GoldenId | "new" | null;
  /** What it takes to match the record by how much it agrees; `null`: by exact keys alone. */
  readonly scoring: Scoring | null;
  /** The id that a new golden record gets. */
  readonly freshId: GoldenId;
};

export type Decided = {
  /** Golden records after the decision; versions are still those that were read. Empty: none is touched. */
  readonly goldens: readonly GoldenRecord[];
  readonly journal: readonly JournalEntry[];
  readonly holds: readonly Hold[];
  readonly outcome: UpsertOutcome;
  /** Records to read (again). */
  readonly reread: readonly RecordRef[];
  /** What comparing with candidates showed, where they were scored. */
  readonly asked?: Asked;
  /** Records whose references wait for others to be known, newly so. */
  readonly parked: readonly Parked[];
};

/**
 * Decides what one observation means for the golden record it belongs to. Pure: the same arguments give the same answer, in service,
 * dry run, replay and simulation. `cause` identifies the observation.
 */
export function decide(state: State, seen: Observation, policy: Policy, now: Instant, cause: string): Decided {
  const found = mappingOf(policy, seen.ref.system, seen.ref.object);
  if (found === null) return nothing("no-op");
  const context: Context = { policy, entity: found.entity, now, cause };
  switch (seen.kind) {
    case "upsert":
      return decideUpsert(state, withGoldens(state, seen, found.mapping, context), found.mapping, context);
    case "delete":
      return decideDelete(state, seen, context);
    case "merge":
      return decideMerge(state, seen, found.mapping, context);
  }
}

function nothing(outcome: UpsertOutcome, holds: readonly Hold[] = [], reread: readonly RecordRef[] = []): Decided {
  return { goldens: [], journal: [], holds, outcome, reread, parked: [] };
}

/** The observation with golden records in place of the records that it points to. */
function withGoldens(state: State, seen: Upsert, mapping: ObjectMapping, { entity, policy }: Context): Upsert {
  const link = state.golden?.links[linkIndexOf(state.golden, seen.ref)] ?? null;
  return resolveReferences(seen, link, entity, mapping, policy, (ref) => state.goldenByRecord(ref)?.id);
}

function decided(draft: Draft, outcome: UpsertOutcome, ref: RecordRef): Decided {
  if (outcome === "waiting") return nothing("waiting");
  const holds = [...draft.changedHolds.values()];
  const done = { goldens: [goldenOf(draft)], journal: draft.journal, holds, outcome, reread: [], parked: draft.parked };
  if (outcome !== "reread") return done;
  // What it says is kept in the journal, should the reading show something else.
  return draft.journal.length === 0 ? nothing("reread", [], [ref]) : { ...done, outcome: "superseded", reread: [ref] };
}

export function linkIndexOf(golden: Pick<GoldenRecord, "links">, ref: RecordRef): number {
  return golden.links.findIndex(
    (link) =>
      link.system === ref.system && link.object === ref.object && (link.id === ref.id || link.aliases.includes(ref.id)),
  );
}

function decideUpsert(state: State, seen: Upsert, mapping: ObjectMapping, context: Context): Decided {
  if (state.golden === null) return admit(state, seen, mapping, context);
  const draft = draftOf(state.golden, context.entity);
  const index = linkIndexOf(state.golden, seen.ref);
  const link = state.golden.links[index];
  if (link === undefined) throw new Error(`Golden record ${state.golden.id} is not linked to ${recordKey(seen.ref)}.`);
  if (link.dead === archived) return nothing("no-op");
  // A late word of a record that was merged away: whoever merged has chosen between what the two said.
  if (link.id !== null && link.id !== seen.ref.id) {
    return decided(draft, applyOlder(draft, link, seen, "unclear", context), { ...seen.ref, id: link.id });
  }
  if (link.status === "deleted") {
    const older =
      seen.revision !== null && link.revision !== null
        ? seen.revision <= link.revision
        : seen.observedAt <= link.observedAt;
    if (older || seen.observedAt <= link.knownAt) return nothing("superseded");
    revive(draft, index, seen, mapping, context);
  }
  const outcome = applyUpsert(draft, index, seen, mapping, context);
  if (outcome !== "applied" && outcome !== "held") return decided(draft, outcome, seen.ref);
  noteSharedKeys(draft, state.golden, seen.ref, state.goldenByKey, context);
  return decided(draft, outcome === "applied" && draft.changedHolds.size > 0 ? "held" : outcome, seen.ref);
}

/** A deleted record is back: a new generation. What it still says as before is no news; what it says otherwise is met as for the first time. */
function revive(draft: Draft, index: number, seen: Upsert, mapping: ObjectMapping, context: Context): void {
  const link = draft.links[index];
  if (link === undefined) return;
  const isAsBefore = (field: string) =>
    mapping.fields[field]?.direction === "write" &&
    cellsOfField(mapping, field).every((cell) => cell in seen.cells && sameRaw(seen.cells[cell], link.cells[cell]));
  const unchanged = Object.entries(link.shadow).filter(
    ([field, value]) => sameValue(seen.fields[field], value) || isAsBefore(field),
  );
  setLink(draft, index, {
    status: "linked",
    generation: link.generation + 1,
    shadow: Object.fromEntries(unchanged),
    seen: Object.fromEntries(unchanged.map(([field]) => [field, link.seen[field] ?? 0])),
    refused: {},
    unsure: {},
  });
  unarchive(draft);
  for (const hold of draft.holds.filter((one) => one.kind === "delete" && one.ref?.system === link.system)) {
    const closed = {
      ...hold,
      status: "closed" as const,
      revision: hold.revision + 1,
      updatedAt: context.now,
      closed: { at: context.now, by: "truce", choice: "the record is back" },
    };
    draft.holds = draft.holds.filter((one) => one.id !== hold.id);
    draft.changedHolds.set(hold.id, closed);
  }
}

const createKey = "create key";
const madeBefore = "made before it was deleted";

/** Matches an unlinked record: it joins a golden record, becomes one, or waits for a person. */
function admit(state: State, seen: Upsert, mapping: ObjectMapping, context: Context): Decided {
  const own = seen.createKey === undefined ? undefined : livingOf(seen.createKey, state.goldenById);
  // A copy of a record carries its key too; only the first one is what we made.
  if (own !== undefined && liveLinkIn(own, mapping) === undefined)
    return join(state, own, seen, mapping, context, createKey);
  const pinned = state.pin === null || state.pin === "new" ? undefined : livingOf(state.pin, state.goldenById);
  if (pinned !== undefined) return join(state, pinned, seen, mapping, context, "decided by a person");
  const maker = makerOf(state, seen, mapping, context);
  if (maker !== undefined) return join(state, maker, seen, mapping, context, madeBefore);
  if (mapping.filter !== undefined) {
    if (!seen.complete) return nothing("reread", [], [seen.ref]);
    if (!takesPart(context.entity, mapping, {}, seen.fields))
      return closingHold(state, context, nothing("no-op"), "it does not pass the filter");
  }
  const { match: met, asked } = match(
    seen.fields,
    seen.ref,
    context.entity,
    mapping,
    state.goldenByKey,
    // Half a record would be judged by half of what it says.
    seen.complete ? state.scoring : null,
  );
  return { ...admitMatched(state, seen, mapping, context, met), ...(asked === null ? {} : { asked }) };
}

function admitMatched(state: State, seen: Upsert, mapping: ObjectMapping, context: Context, met: Match): Decided {
  const found = state.pin === "new" ? ({ kind: "new" } as const) : met;
  if (found.kind === "link") return join(state, found.golden, seen, mapping, context, found.by);
  if (!seen.complete) return nothing("reread", [], [seen.ref]);
  if (found.kind === "hold") return holdRecord(state, seen, context, mapping, "duplicate", found);
  if (pausesIdentity(context.entity, mapping)) return nothing("no-op");
  const needed = [...context.entity.required, ...context.entity.identity.flatMap((key) => key.fields)];
  const parents = needed.flatMap((field) => seen.unknown[field] ?? []);
  // What it is can't be told before what it points to is known.
  if (parents.length > 0 && seen.overdue !== true && state.pin !== "new")
    return { ...nothing("no-op"), parked: [{ child: seen.ref, parents }] };
  const missing = context.entity.required.filter((field) => isBlank(seen.fields[field]));
  if (missing.length > 0 && state.pin !== "new") {
    const reason = `without ${missing.join(", ")}`;
    return holdRecord(state, seen, context, mapping, "incomplete", { matches: [], reason, scores: [] });
  }
  const draft = draftOf(emptyGolden(state.freshId, context.entity), context.entity);
  draft.links.push(newLink(mapping, seen.ref.id, 0));
  draft.distinctFrom = toldApart(state, met);
  write(draft, context, { kind: "created", why: "first seen here", source: recordSource(seen.ref, seen.author) });
  applyUpsert(draft, 0, seen, mapping, context);
  return closingHold(state, context, decided(draft, "applied", seen.ref), "became a golden record of its own");
}

/** A person looked at what the record resembles, and said that it is none of them: for ever, and for all that joins it later. */
function toldApart({ pin, hold }: State, met: Match): readonly GoldenId[] {
  if (pin !== "new") return [];
  return [
    ...new Set([
      ...(met.kind === "hold" ? met.matches : met.kind === "link" ? [met.golden.id] : []),
      ...(hold?.matches ?? []),
    ]),
  ];
}

/** The deleted golden record for which a create of unknown outcome carried this record's identity. */
function makerOf(state: State, seen: Upsert, mapping: ObjectMapping, context: Context): GoldenRecord | undefined {
  return identitiesOf(context.entity, (field) => seen.fields[field])
    .map((identity) => state.goldenByKey(identity.text))
    .find((golden) => golden != null && golden.deletedAt !== null && pendingLinkIn(golden, mapping) !== undefined);
}

function pendingLinkIn(golden: GoldenRecord, { system, object }: ObjectMapping) {
  return golden.links.find(
    (link) =>
      link.system === system && link.object === object && (link.createUnknown || link.inFlight?.kind === "create"),
  );
}

function join(
  state: State,
  golden: GoldenRecord,
  seen: Upsert,
  mapping: ObjectMapping,
  context: Context,
  why: string,
): Decided {
  // It was linked between the look for the record and the look for the golden record.
  if (linkIndexOf(golden, seen.ref) !== -1) return decideUpsert({ ...state, golden }, seen, mapping, context);
  const draft = draftOf(golden, context.entity);
  const wanted = draft.links.findIndex(
    (link) => link.system === seen.ref.system && link.object === seen.ref.object && link.status === "wanted",
  );
  if (wanted !== -1 && draft.links[wanted]?.inFlight !== null) return nothing("waiting");
  const index = wanted === -1 ? draft.links.length : wanted;
  const link = draft.links[index] ?? newLink(mapping, null, 0);
  // Recognized by what it says alone, it may have been there before a create of ours that had no answer: nothing is known of its values.
  draft.links[index] =
    why === createKey
      ? madeLink(draft, link, seen.ref.id, mapping)
      : { ...newLink(mapping, seen.ref.id, link.generation), unsure: link.unsure };
  write(draft, context, { kind: "linked", why, source: recordSource(seen.ref, seen.author), said: seen.fields });
  const outcome = applyUpsert(draft, index, seen, mapping, context);
  return closingHold(state, context, decided(draft, outcome === "held" ? "held" : "applied", seen.ref), "linked");
}

/** Closes the hold on the record, and lets the golden records that waited for it go on. */
function closingHold(state: State, context: Context, done: Decided, choice: string): Decided {
  const { hold } = state;
  if (hold === null) return done;
  const closed =
    hold.closed === null
      ? { at: context.now, by: "truce", choice }
      : { ...hold.closed, choice: `${hold.closed.choice}, until ${choice}` };
  const next: Hold = { ...hold, status: "closed", revision: hold.revision + 1, updatedAt: context.now, closed };
  const touched = new Set(done.goldens.map((golden) => golden.id));
  const freed = hold.matches.flatMap((id) => {
    const golden = touched.has(id) ? undefined : state.goldenById(id);
    return golden === undefined ? [] : [released(golden, hold.id)];
  });
  const goldens = [...done.goldens.map((golden) => released(golden, hold.id)), ...freed];
  return { ...done, goldens, holds: [...done.holds, next] };
}

function holdRecord(
  state: State,
  seen: Upsert,
  context: Context,
  mapping: ObjectMapping,
  kind: "duplicate" | "incomplete",
  { matches, reason, scores }: Omit<Match & { kind: "hold" }, "kind">,
): Decided {
  const before = state.hold;
  const left = before !== null && isLeft(before, kind, matches) ? before : null;
  const at = seen.changedAt ?? { from: 0, until: seen.observedAt };
  const hold: Hold = {
    id: before?.id ?? `${recordKey(seen.ref)}.${context.cause}`,
    kind,
    entity: context.entity.name,
    goldenId: null,
    ref: seen.ref,
    fields: [],
    base: {},
    candidates: [{ values: seen.fields, source: recordSource(seen.ref, seen.author), at, cause: context.cause }],
    matches,
    ...(scores.length === 0 ? {} : { scores }),
    reason,
    openedAt: before?.status === "open" ? before.openedAt : context.now,
    updatedAt: context.now,
    revision: (before?.revision ?? 0) + 1,
    status: left === null ? "open" : "closed",
    closed: left?.closed ?? null,
  };
  // One match: the record may be the one wanted here. Several: they may be one thing themselves, so none makes records anywhere.
  const mappings = matches.length > 1 ? context.entity.mappings : [mapping];
  // What it was like before and no longer is waits for it no longer.
  const concerned = [...new Set([...(before?.matches ?? []), ...matches])];
  const goldens = concerned.flatMap((id) => {
    const golden = state.goldenById(id);
    if (golden === undefined) return [];
    const blocking = matches.includes(id) ? mappings : [];
    return [blocking.reduce((one, where) => blockCreate(one, where, hold.id), released(golden, hold.id))];
  });
  if (left === null && (before === null || !isUnchanged(before, hold))) {
    return { ...nothing("held", [hold]), goldens };
  }
  // Nothing to ask anew. Who had a create on its way when it was held begins to wait; whom a record that was left no longer resembles goes on.
  const changed = goldens.filter((one) => waitsOf(one) !== waitsOf(state.goldenById(one.id)));
  const isFreed = left !== null && left.matches.length > matches.length;
  return { ...nothing("no-op", isFreed ? [hold] : []), goldens: changed };
}

/** A person left the record as it is, whomever it resembles now: of anyone else they are asked anew. */
function isLeft({ status, kind, matches }: Hold, now: Hold["kind"], present: readonly GoldenId[]): boolean {
  return status === "closed" && kind === now && present.every((id) => matches.includes(id));
}

function waitsOf(golden: GoldenRecord | undefined): string | undefined {
  return golden?.links.map((link) => link.waitsFor).join();
}

/** The record says what it said when it was held: a person who looks at it need not look again. */
function isUnchanged(before: Hold, now: Hold): boolean {
  const [then, present] = [before.candidates[0]?.values ?? {}, now.candidates[0]?.values ?? {}];
  return before.kind === now.kind && before.matches.join() === now.matches.join() && sameRaw(then, present);
}

function decideDelete(state: State, seen: RawDelete, context: Context): Decided {
  if (state.golden === null) {
    return closingHold(state, context, nothing(state.hold === null ? "no-op" : "applied"), "the record was deleted");
  }
  const draft = draftOf(state.golden, context.entity);
  const index = linkIndexOf(state.golden, seen.ref);
  // The id of a record that was merged away: its survivor lives on.
  if (draft.links[index]?.id !== seen.ref.id) return nothing("no-op");
  return decided(draft, applyDelete(draft, index, seen, context), seen.ref);
}

function decideMerge(state: State, seen: RawMerge, mapping: ObjectMapping, context: Context): Decided {
  const { goldens, journal, holds, waiting } = applyMerge(state, seen, mapping, context);
  if (waiting) return nothing("waiting");
  const outcome = goldens.length > 0 ? "applied" : "no-op";
  return { goldens, journal, holds, outcome, reread: [seen.ref], parked: [] };
}
