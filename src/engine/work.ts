import { conflictDecider } from "../core/conflict-line.ts";
import { type Decided, decide, linkIndexOf, type State } from "../core/decide.ts";
import { cautious } from "../core/mass-change.ts";
import { identitiesOf } from "../core/match/identity.ts";
import type { Asked } from "../core/match/match.ts";
import { observe } from "../core/observe.ts";
import { referredRecords } from "../core/relations/resolve-references.ts";
import type { EntityType, GoldenId, GoldenRecord } from "../model/golden.ts";
import type { Hold, HoldKind } from "../model/hold.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { Observation, RawDelete, RawMerge, RawUpsert } from "../model/observation.ts";
import { mappingOf } from "../model/policy.ts";
import { type RecordRef, recordKey, type SystemId } from "../model/record.ts";
import {
  type CommitResult,
  type CommitUnit,
  type CursorRow,
  type InboxItem,
  type Lane,
  type Loaded,
  laneBackfill,
  type Outcome,
} from "../ports/store.ts";
import { childrenOfMerged, isPointedTo } from "./children-of-merged.ts";
import { emptyUnit, goldenUnit, joinUnits } from "./commit.ts";
import { type ConflictCount, type Deps, leaseMs, waitMsMax, waitMsMin } from "./deps.ts";
import { composeAlong } from "./dispatch.ts";
import { findCandidates } from "./find-candidates.ts";
import { followUp, followUps, overdueTries } from "./follow-up.ts";
import { hintOf } from "./hint.ts";
import { screenAll } from "./mass-guard.ts";
import { createMatcher, type Matcher } from "./matcher.ts";
import { noOutbox, type Outbox } from "./outbox.ts";
import { type HintsRead, letterOf, readHints, type Statement } from "./read-hints.ts";
import { referredFrom } from "./referred-from.ts";
import { StoreFailure } from "./store-failure.ts";
import { messageOf } from "./trigger.ts";
import { withSurvivors } from "./with-survivors.ts";
import { type WorkingSet, workingSet } from "./working-set.ts";

/** After so many lost races in a row the items go back to the inbox and are claimed anew. */
const racesMax = 8;

/** Takes the inbox to decisions. */
export type Worker = {
  /**
   * Decides observations that are not in the inbox, in batches of up to `limit`, and commits the decisions with the cursors: what a feed brings is
   * durable where it came from until then. What must wait, is to be read first, or is about a record of which something is in the inbox already
   * goes there, in the same commit.
   */
  take(items: readonly InboxItem[], cursors: readonly CursorRow[], limit: number): Promise<void>;
  /** Claims and decides one batch. Hints are read in the background, per system, so that a slow system holds up nobody else. Returns the number of items newly claimed. */
  step(limit: number): Promise<number>;
  /** True while hints are being read. */
  isReading(): boolean;
  /** Resolves once no hint is being read. */
  settled(): Promise<void>;
};

/**
 * `onDue` is called after each commit of decisions, with the systems that now have writes due; `onRead` when hints that were read in the
 * background have been decided. Writes that decisions make due go to `outbox` where it has room for them.
 */
export function createWorker(
  deps: Deps,
  onDue: (systems: ReadonlySet<SystemId>) => void,
  onRead: () => void,
  outbox: Outbox = noOutbox,
): Worker {
  const matcher = createMatcher(deps);
  const queues = new Map<SystemId, Map<string, InboxItem>>();
  const readers = new Map<SystemId, Promise<void>>();
  let failure: unknown = null;

  const readAll = async (system: SystemId, queue: Map<string, InboxItem>): Promise<void> => {
    while (queue.size > 0) {
      const items = [...queue.values()];
      try {
        onDue(await decideRead(deps, matcher, outbox, await readHints(deps, items)));
      } catch (error) {
        // They are claimed anew when their lease is over.
        if (!(error instanceof StoreFailure)) throw error;
        deps.tell({
          kind: "trouble",
          system,
          doing: "deciding",
          code: "STORE",
          message: error.message,
          retryInMs: leaseMs,
        });
      }
      for (const item of items) queue.delete(item.id);
      onRead();
    }
    readers.delete(system);
  };
  const enqueue = (item: InboxItem): boolean => {
    const { system } = item.observation.ref;
    const queue = queues.get(system) ?? new Map<string, InboxItem>();
    queues.set(system, queue);
    // Its lease ran out while it waits here; it was claimed once more.
    if (queue.has(item.id)) return false;
    queue.set(item.id, item);
    if (!readers.has(system)) {
      const reader = readAll(system, queue).catch((error: unknown) => {
        failure = error;
        readers.delete(system);
        onRead();
      });
      readers.set(system, reader);
    }
    return true;
  };

  return {
    async take(items, cursors, limit) {
      for (let first = 0; first === 0 || first < items.length; first += limit) {
        const batch = items.slice(first, first + limit);
        const isLast = first + limit >= items.length;
        // Writes that are under way must not wait for a whole backlog to be decided.
        if (first > 0) await deps.clock.sleep(0);
        onDue(await decideFresh(deps, matcher, outbox, batch, isLast ? cursors : [], onRead));
      }
    },
    async step(limit) {
      if (failure !== null) throw failure;
      const items = await deps.store.claim(limit, deps.clock.now(), leaseMs);
      const direct = items.filter((item) => item.observation.kind !== "hint");
      const fresh = items.filter((item) => item.observation.kind === "hint" && enqueue(item)).length;
      if (direct.length > 0) onDue(await decideRead(deps, matcher, outbox, await readHints(deps, direct)));
      return direct.length + fresh;
    },
    isReading: () => readers.size > 0,
    settled: async () => {
      await Promise.all(readers.values());
    },
  };
}

/**
 * Decides a batch and commits it. A fixed number of round trips to the store, however many observations: load, commit; and again for those that
 * lost a race. Returns the systems that have writes due.
 */
async function decideRead(
  deps: Deps,
  matcher: Matcher,
  outbox: Outbox,
  { statements, postponed, dead }: HintsRead,
): Promise<ReadonlySet<SystemId>> {
  const startedAt = deps.clock.now();
  const outcomes: Outcomes = dead.length === 0 ? {} : { dead: dead.length };
  const tally: Tally = { conflicts: new Map(), opened: {} };
  let setAside: CommitUnit = {
    ...emptyUnit,
    postponed,
    done: dead.map(({ item }) => ({ inboxId: item.id, outcome: "dead" as const })),
    deadLetters: dead.map(({ letter }) => letter),
  };
  const due = new Set<SystemId>();
  let waiting: readonly Prepared[] = prepareAll(deps, statements);
  let alsoKeys: readonly string[] = [];
  for (let race = 0; race < racesMax && (waiting.length > 0 || isFilled(setAside)); race++) {
    const loaded = await loadFor(deps, waiting, [], alsoKeys);
    if (race === 0) {
      const screened = await guard(deps, waiting, loaded);
      waiting = screened.go;
      setAside = { ...setAside, postponed: [...setAside.postponed, ...screened.postponed] };
    }
    const candidates = await findCandidates(
      deps,
      matcher,
      waiting.flatMap((one) => one.observations),
      loaded,
      race === 0,
    );
    const merged = waiting.flatMap((one) => one.observations);
    const children = race === 0 ? await childrenOfMerged(deps, merged, loaded) : [];
    setAside = { ...setAside, inbox: [...setAside.inbox, ...children.map((ref) => hintOf(deps, ref))] };
    const decided = decideAll(deps, waiting, workingSet(loaded, candidates, deps.policy));
    const all = [joinUnits(setAside, decided.loose), ...decided.held, ...decided.units.values()].filter(isFilled);
    const composed = composeAlong(deps, all, outbox);
    const units = composed.map(({ unit }) => unit);
    const results = await deps.store.commit(units);
    outbox.add(composed.flatMap(({ sends }, i) => (results[i]?.kind === "committed" ? sends : [])));
    for (const unit of units) for (const row of unit.due) due.add(row.system);
    setAside = emptyUnit;
    const stale = units.filter((_, i) => results[i]?.kind === "stale");
    noteUnits(tally, units, results);
    const staleGoldens = new Set(stale.map((unit) => unit.golden?.id));
    alsoKeys = stale.flatMap((unit) => unit.keys ?? []);
    waiting = decided.results
      .filter((one) => one.goldens.some((id) => staleGoldens.has(id)))
      .map((one) => one.prepared);
    await learnOutcomes(matcher, decided.results, staleGoldens);
    countOutcomes(outcomes, decided.results, staleGoldens);
  }
  tellDecided(deps, outcomes, tally, startedAt);
  return due;
}

type Outcomes = Partial<Record<Outcome, number>>;

function countOutcomes(outcomes: Outcomes, results: readonly Result[], stale: ReadonlySet<GoldenId | undefined>): void {
  for (const { outcome, goldens } of results)
    if (outcome !== null && !goldens.some((id) => stale.has(id))) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}

/**
 * Decides a batch that is not in the inbox, and commits it with the cursors, in two round trips to the store. What loses a race goes to the inbox.
 * Returns the systems that have writes due; `onLeft` is called when something went to the inbox.
 */
async function decideFresh(
  deps: Deps,
  matcher: Matcher,
  outbox: Outbox,
  items: readonly InboxItem[],
  cursors: readonly CursorRow[],
  onLeft: () => void,
): Promise<ReadonlySet<SystemId>> {
  const startedAt = deps.clock.now();
  const outcomes: Outcomes = {};
  const tally: Tally = { conflicts: new Map(), opened: {} };
  const all = prepareAll(deps, items.map(statementOf));
  const loaded = await loadFor(deps, all, all);
  const { go: free, inbox } = withoutQueued(all, loaded);
  const { go: batch, postponed } = await guard(deps, free, loaded);
  const merged = batch.flatMap((one) => one.observations);
  const candidates = await findCandidates(deps, matcher, merged, loaded, true);
  const children = await childrenOfMerged(deps, merged, loaded);
  const later = new Map(postponed.map((one) => [one.inboxId, one.dueAt]));
  const aside: CommitUnit = {
    ...emptyUnit,
    inbox: [
      ...inbox,
      ...free.flatMap(({ item }) => (later.has(item.id) ? [postponedTo(item, later.get(item.id) ?? 0)] : [])),
      ...children.map((ref) => hintOf(deps, ref)),
    ],
  };
  const decided = asFresh(decideAll(deps, batch, workingSet(loaded, candidates, deps.policy)), batch);
  const units = [joinUnits(aside, decided.loose), ...decided.held, ...decided.units.values()].filter(isFilled);
  const composed = composeAlong(deps, units, outbox);
  const results = await deps.store.commit(
    composed.map(({ unit }) => unit),
    cursors,
  );
  outbox.add(composed.flatMap(({ sends }, i) => (results[i]?.kind === "committed" ? sends : [])));
  const stale = new Set(units.flatMap((unit, i) => (results[i]?.kind === "stale" ? [unit.golden?.id] : [])));
  await learnOutcomes(matcher, decided.results, stale);
  countOutcomes(outcomes, decided.results, stale);
  noteUnits(tally, units, results);
  tellDecided(deps, outcomes, tally, startedAt);
  if (stale.size > 0 || units.some((unit) => unit.inbox.length > 0)) onLeft();
  return new Set(composed.flatMap(({ unit }) => unit.due.map((row) => row.system)));
}

function statementOf(item: InboxItem): Statement {
  const { observation } = item;
  return { item, observations: observation.kind === "hint" ? [] : [observation] };
}

/** A later observation of a record never overtakes one that is in the inbox; what has to be read first goes there too. */
function withoutQueued(batch: readonly Prepared[], { queued }: Loaded) {
  const taken = new Set(queued);
  const go: Prepared[] = [];
  const inbox: InboxItem[] = [];
  for (const one of batch) {
    const { observation } = one.item;
    const keys = [observation.ref, ...one.records].map(recordKey);
    if (observation.kind !== "hint" && !keys.some((key) => taken.has(key))) {
      go.push(one);
      continue;
    }
    for (const key of keys) taken.add(key);
    inbox.push(one.item);
  }
  return { go, inbox };
}

function postponedTo(item: InboxItem, dueAt: number): InboxItem {
  return { ...item, dueAt, tries: item.tries + 1 };
}

/** What was decided about items that are not in the inbox: each unit brings those that it ends, and what has to wait is put there. */
function asFresh(decided: DecidedBatch, batch: readonly Prepared[]): DecidedBatch {
  const items = new Map(batch.map(({ item }) => [item.id, item]));
  const itemOf = (id: string): InboxItem[] => {
    const item = items.get(id);
    return item === undefined ? [] : [item];
  };
  const bringing = (unit: CommitUnit): CommitUnit => ({
    ...unit,
    fresh: unit.done.flatMap(({ inboxId }) => itemOf(inboxId)),
    postponed: [],
    inbox: [
      ...unit.inbox,
      ...unit.postponed.flatMap(({ inboxId, dueAt }) => itemOf(inboxId).map((item) => postponedTo(item, dueAt))),
    ],
  });
  return {
    ...decided,
    loose: bringing(decided.loose),
    held: decided.held.map(bringing),
    units: new Map([...decided.units].map(([id, unit]) => [id, bringing(unit)])),
  };
}

async function loadFor(
  deps: Deps,
  batch: readonly Prepared[],
  fresh: readonly Prepared[],
  alsoKeys: readonly string[] = [],
): Promise<Loaded> {
  const loaded = await deps.store.load({
    records: batch.flatMap((one) => [...one.records, ...one.referred]),
    keys: [...new Set([...batch.flatMap((one) => one.keys), ...alsoKeys])],
    ids: batch.flatMap((one) => one.ids),
    queued: fresh.flatMap((one) => [one.item.observation.ref, ...one.records]),
  });
  return withSurvivors(deps.store, loaded);
}

type Tally = {
  readonly conflicts: Map<string, ConflictCount>;
  readonly opened: Partial<Record<HoldKind, number>>;
};

function noteUnits({ conflicts, opened }: Tally, units: readonly CommitUnit[], results: readonly CommitResult[]): void {
  for (const { journal, holds } of units.filter((_, i) => results[i]?.kind === "committed")) {
    for (const line of journal) {
      const decider = conflictDecider(line);
      if (decider === null) continue;
      const { entity } = line;
      const key = `${entity}/${decider}`;
      conflicts.set(key, { entity, decider, count: (conflicts.get(key)?.count ?? 0) + 1 });
    }
    for (const { kind, revision } of holds) if (revision === 1) opened[kind] = (opened[kind] ?? 0) + 1;
  }
}

function tellDecided(deps: Deps, outcomes: Outcomes, { conflicts, opened }: Tally, startedAt: number): void {
  const tookMs = deps.clock.now() - startedAt;
  deps.tell({ kind: "decided", outcomes, conflicts: [...conflicts.values()], opened, tookMs });
}

/** Tells the matcher how records that were compared with candidates were matched. */
async function learnOutcomes(
  matcher: Matcher,
  results: readonly Result[],
  stale: ReadonlySet<GoldenId | undefined>,
): Promise<void> {
  const asked = new Map<EntityType, Asked[]>();
  for (const { goldens, asked: one } of results) {
    if (one === null || goldens.some((id) => stale.has(id))) continue;
    const ofEntity = asked.get(one.entity) ?? [];
    asked.set(one.entity, ofEntity);
    ofEntity.push(one.asked);
  }
  for (const [entity, outcomes] of asked) await matcher.learnOutcomes(entity, outcomes);
}

/** How long what the guard stopped waits before it is looked at again; a decision on it wakes nothing. */
const guardedMs = 60_000;

/** What may be decided now; masses of deletes and blanks wait for a person's word. */
async function guard(deps: Deps, batch: readonly Prepared[], loaded: Loaded) {
  const guarded = batch.map((one) => ({ of: one, seen: one.observations, isNew: one.item.tries === 0 }));
  const goldenOf = (ref: RecordRef) => loaded.goldens.get(loaded.byRecord.get(recordKey(ref)) ?? "") ?? null;
  const { ask, wait } = await screenAll(deps, guarded, goldenOf);
  const dueAt = deps.clock.now() + guardedMs;
  return {
    go: batch.filter((one) => !wait.has(one)).map((one) => (ask.has(one) ? { ...one, isCautious: true } : one)),
    postponed: [...wait].map(({ item }) => ({ inboxId: item.id, dueAt })),
  };
}

/** An inbox item ready to decide: normalized, with the records and keys that its decision may look at. */
type Prepared = {
  readonly item: InboxItem;
  readonly observations: readonly Observation[];
  /** Deletes and blanks in it don't travel, whatever the config says: each is asked about. */
  readonly isCautious: boolean;
  /** What normalizing threw: our bug, and poison to this item alone. */
  readonly poison: string | null;
  readonly records: readonly RecordRef[];
  /** Other records that they point to, or that point to them and wait. */
  readonly referred: readonly RecordRef[];
  readonly keys: readonly string[];
  /** Golden records that the observed records say they were made for. */
  readonly ids: readonly GoldenId[];
};

function prepareAll(deps: Deps, statements: readonly Statement[]): Prepared[] {
  return statements.map(({ item, observations }) => {
    const { normalized, poison } = normalizeAll(deps, observations);
    const records = normalized.flatMap((one) =>
      one.kind === "merge" ? [one.ref, ...one.losers.map((id) => ({ ...one.ref, id }))] : [one.ref],
    );
    return {
      item,
      observations: normalized,
      isCautious: false,
      poison,
      records,
      referred: [...normalized.flatMap((one) => referredBy(deps, one)), ...childOf(item)],
      keys: normalized.flatMap((one) => keysOf(deps, one)),
      ids: normalized.flatMap(createKeyOf),
    };
  });
}

function normalizeAll(deps: Deps, observations: Statement["observations"]) {
  try {
    return { normalized: observations.flatMap((raw) => normalize(deps, raw)), poison: null };
  } catch (error) {
    return { normalized: [], poison: messageOf(error) };
  }
}

function normalize(deps: Deps, raw: RawUpsert | RawDelete | RawMerge): Observation[] {
  const found = mappingOf(deps.policy, raw.ref.system, raw.ref.object);
  if (found === null) return [];
  return [raw.kind === "upsert" ? observe(raw, found.entity, found.mapping) : raw];
}

function referredBy(deps: Deps, seen: Observation): RecordRef[] {
  const found = seen.kind === "upsert" ? mappingOf(deps.policy, seen.ref.system, seen.ref.object) : null;
  return found === null || seen.kind !== "upsert"
    ? []
    : referredRecords(seen, found.entity, found.mapping, deps.policy);
}

function childOf({ observation }: InboxItem): RecordRef[] {
  return observation.kind === "hint" && observation.child !== undefined ? [observation.child] : [];
}

function createKeyOf(seen: Observation): GoldenId[] {
  return seen.kind === "upsert" && seen.createKey !== undefined ? [seen.createKey] : [];
}

function keysOf(deps: Deps, seen: Observation): string[] {
  if (seen.kind !== "upsert") return [];
  const entity = mappingOf(deps.policy, seen.ref.system, seen.ref.object)?.entity;
  return entity === undefined
    ? []
    : identitiesOf(entity, (field) => seen.fields[field]).map((identity) => identity.text);
}

type Result = {
  readonly prepared: Prepared;
  readonly goldens: readonly GoldenId[];
  /** `null`: not ended yet (it waits for a receipt). */
  readonly outcome: Outcome | null;
  /** What comparing with candidates showed, where they were scored. */
  readonly asked: { readonly entity: EntityType; readonly asked: Asked } | null;
};

type DecidedBatch = {
  readonly results: readonly Result[];
  readonly units: ReadonlyMap<GoldenId, CommitUnit>;
  /** What belongs to no golden record. */
  readonly loose: CommitUnit;
  /** Holds on records that belong to none, each with its item: should someone decide one meanwhile, the others go on. */
  readonly held: readonly CommitUnit[];
};

function decideAll(deps: Deps, batch: readonly Prepared[], set: WorkingSet): DecidedBatch {
  const now = deps.clock.now();
  const changed = new Map<GoldenId, Changed>();
  const results: Result[] = [];
  let loose: CommitUnit = emptyUnit;
  const held: CommitUnit[] = [];
  const waitingRecords = new Set<string>();
  for (const prepared of batch) {
    // A later observation of a record never overtakes one that waits.
    const blocked = prepared.records.some((ref) => waitingRecords.has(recordKey(ref)));
    const one = blocked ? waitingAgain : decideOne(deps, prepared, set, now);
    if (one.kind === "poisoned") {
      deps.tell({ kind: "poisoned", ref: prepared.item.observation.ref, message: one.message });
      loose = joinUnits(loose, {
        ...emptyUnit,
        done: [{ inboxId: prepared.item.id, outcome: "dead" }],
        deadLetters: [letterOf(deps, prepared.item, "BUG", one.message)],
      });
      results.push({ prepared, goldens: [], outcome: "dead", asked: null });
      continue;
    }
    const { decided } = one;
    if (decided.outcome === "waiting") {
      for (const ref of prepared.records) waitingRecords.add(recordKey(ref));
      loose = joinUnits(loose, {
        ...emptyUnit,
        postponed: [{ inboxId: prepared.item.id, dueAt: now + waitMs(prepared.item) }],
      });
      results.push({ prepared, goldens: [], outcome: null, asked: null });
      continue;
    }
    const outcome: Outcome = decided.outcome === "reread" ? "no-op" : decided.outcome;
    const unit: CommitUnit = {
      ...emptyUnit,
      done: [{ inboxId: prepared.item.id, outcome }],
      inbox: [
        ...decided.reread.map((ref) => hintOf(deps, ref, prepared.item.lane)),
        ...followUps(deps, decided.parked, prepared.item.lane),
        ...lookAfter(deps, prepared.item, set),
      ],
      wake: one.linked,
    };
    const ids = decided.goldens.map((golden) => golden.id);
    // What points to a golden record that is not stored yet is stored with it, or not at all.
    const parents = decided.goldens.flatMap((golden) => referredFrom(deps.policy, golden).filter(set.isNew));
    const together = [...new Set([...ids, ...parents])];
    results.push({ prepared, goldens: together, outcome, asked: askedOf(deps, prepared, decided) });
    const first = decided.goldens[0];
    if (first === undefined) {
      if (decided.holds.length === 0) loose = joinUnits(loose, unit);
      else held.push({ ...unit, holds: decided.holds });
      continue;
    }
    for (const golden of decided.goldens) noteChange(changed, golden, decided, prepared.item.lane);
    const entry = changed.get(first.id);
    if (entry !== undefined) {
      entry.also = joinUnits(entry.also, { ...unit, holds: decided.holds.filter((hold) => hold.goldenId === null) });
    }
  }
  const groups = groupsOf(results);
  const units = new Map(
    [...changed].map(([id, one]) => {
      const group = groups.get(id);
      return [id, group === undefined ? unitOf(deps, one, set) : { ...unitOf(deps, one, set), group }];
    }),
  );
  return { results, units, loose, held };
}

function askedOf(deps: Deps, { item }: Prepared, { asked }: Decided): Result["asked"] {
  const { system, object } = item.observation.ref;
  const entity = asked === undefined ? undefined : mappingOf(deps.policy, system, object)?.entity;
  return asked === undefined || entity === undefined ? null : { entity: entity.name, asked };
}

/**
 * The end of a look for what a record points to: once that is known the record is read again, else another look is due later. A record that
 * has waited for too long is read again too, so that a person is told.
 */
function lookAfter(deps: Deps, { observation, lane, tries }: InboxItem, set: WorkingSet): InboxItem[] {
  if (observation.kind !== "hint" || observation.child === undefined) return [];
  const { child, ref } = observation;
  const golden = set.goldenOf(child);
  const isParked = Object.keys(golden?.links[linkIndexOf(golden, child)]?.parked ?? {}).length > 0;
  const isUnlinked = golden === undefined && (tries <= overdueTries || set.isHeld(child));
  if (!isParked && !isUnlinked) return [];
  if (set.goldenOf(ref) !== undefined) return [hintOf(deps, child, lane)];
  const again = followUp(deps, child, ref, lane, tries + 1);
  if (tries !== overdueTries) return [again];
  const told = hintOf(deps, child, lane);
  return [
    { ...told, observation: { kind: "hint", ref: child, revision: null, observedAt: told.receivedAt, overdue: true } },
    again,
  ];
}

/** Golden records that were decided on together commit together: half of such a decision would never be completed. */
function groupsOf(results: readonly Result[]): ReadonlyMap<GoldenId, string> {
  const groups = new Map<GoldenId, string>();
  for (const { goldens } of results) {
    const [first] = goldens;
    if (first === undefined || goldens.length < 2) continue;
    const known = new Set(goldens.flatMap((id) => groups.get(id) ?? []));
    const together = [...groups.keys()].filter((id) => known.has(groups.get(id) ?? ""));
    for (const id of [...goldens, ...together]) groups.set(id, first);
  }
  return groups;
}

function waitMs({ tries }: InboxItem): number {
  return Math.min(waitMsMax, waitMsMin * 2 ** Math.min(tries, 10));
}

const waitingAgain = {
  kind: "decided" as const,
  decided: { goldens: [], journal: [], holds: [], outcome: "waiting", reread: [], parked: [] } satisfies Decided,
  linked: [],
};

/** All that a batch decided about one golden record; becomes one unit. */
type Changed = {
  golden: GoldenRecord;
  readonly journal: JournalEntry[];
  readonly holds: Map<string, Hold>;
  lane: Lane;
  also: CommitUnit;
};

function noteChange(changed: Map<GoldenId, Changed>, golden: GoldenRecord, decided: Decided, lane: Lane): void {
  const entry = changed.get(golden.id) ?? {
    golden,
    journal: [],
    holds: new Map<string, Hold>(),
    lane: laneBackfill as Lane,
    also: emptyUnit,
  };
  entry.golden = golden;
  entry.lane = Math.min(entry.lane, lane) as Lane;
  entry.journal.push(...decided.journal.filter((line) => line.goldenId === golden.id));
  for (const hold of decided.holds) if (hold.goldenId === golden.id) entry.holds.set(hold.id, hold);
  changed.set(golden.id, entry);
}

function unitOf(deps: Deps, one: Changed, set: WorkingSet): CommitUnit {
  const unit = goldenUnit(deps, one.golden, one.lane, set.ownerOfKey);
  return {
    ...joinUnits(unit, one.also),
    guard: set.guardOf(one.golden),
    journal: one.journal,
    holds: [...one.holds.values(), ...one.also.holds],
  };
}

type DecidedOne =
  /** `linked`: records that became known, and that others may have waited for. */
  | { readonly kind: "decided"; readonly decided: Decided; readonly linked: readonly RecordRef[] }
  | { readonly kind: "poisoned"; readonly message: string };

/** Decides an item's observations in order. What throws is poison: it becomes a dead letter and blocks only its own record. */
function decideOne(deps: Deps, prepared: Prepared, set: WorkingSet, now: number): DecidedOne {
  if (prepared.poison !== null) return { kind: "poisoned", message: prepared.poison };
  let all: Decided = nothingYet;
  const linked: RecordRef[] = [];
  const putBack = prepared.observations.length > 1 ? set.snapshot() : () => undefined;
  try {
    for (const seen of prepared.observations) {
      const state = set.stateFor(seen.ref, () => deps.random.id());
      const decided = isOutdated(prepared.item, state)
        ? { ...nothingYet, reread: [seen.ref] }
        : decide(
            state,
            seen.kind === "upsert" && isOverdue(prepared.item) ? { ...seen, overdue: true } : seen,
            prepared.isCautious ? cautious(deps.policy) : deps.policy,
            now,
            prepared.item.id,
          );
      if (decided.outcome === "waiting") {
        putBack();
        return waitingAgain;
      }
      set.apply(decided.goldens, decided.holds);
      if (
        state.golden === null &&
        isPointedTo(deps.policy, entityOf(deps, seen.ref)) &&
        set.goldenOf(seen.ref) !== undefined
      )
        linked.push(seen.ref);
      all = joined(all, decided);
    }
  } catch (error) {
    putBack();
    return { kind: "poisoned", message: messageOf(error) };
  }
  return { kind: "decided", decided: all, linked };
}

function isOverdue({ observation }: InboxItem): boolean {
  return observation.kind === "hint" && observation.overdue === true;
}

function entityOf({ policy }: Deps, ref: RecordRef): EntityType {
  return mappingOf(policy, ref.system, ref.object)?.entity.name ?? "";
}

const nothingYet: Decided = { goldens: [], journal: [], holds: [], outcome: "no-op", reread: [], parked: [] };

/** A statement about an unlinked record that had to wait: later ones, its deletion even, may have overtaken it, and nothing remembers them. */
function isOutdated({ tries, observation }: InboxItem, state: State): boolean {
  return tries > 0 && observation.kind === "upsert" && state.golden === null;
}

function joined(a: Decided, b: Decided): Decided {
  const goldens = new Map([...a.goldens, ...b.goldens].map((golden) => [golden.id, golden]));
  return {
    goldens: [...goldens.values()],
    journal: [...a.journal, ...b.journal],
    holds: [...a.holds, ...b.holds],
    outcome: a.outcome === "held" || (a.outcome === "applied" && b.outcome !== "held") ? a.outcome : b.outcome,
    reread: [...a.reread, ...b.reread],
    ...(b.asked === undefined ? (a.asked === undefined ? {} : { asked: a.asked }) : { asked: b.asked }),
    parked: [...a.parked, ...b.parked],
  };
}

function isFilled(unit: CommitUnit): boolean {
  return (
    unit.golden !== null ||
    unit.done.length > 0 ||
    unit.postponed.length > 0 ||
    unit.holds.length > 0 ||
    unit.inbox.length > 0 ||
    unit.deadLetters.length > 0
  );
}
