import { blockSizeMax, type Filing, type Looking, nominate } from "../../core/match/nominate.ts";
import type { EntityType, GoldenId, GoldenRecord } from "../../model/golden.ts";
import { type Hold, heldRecord } from "../../model/hold.ts";
import type { JournalEntry } from "../../model/journal.ts";
import { type RecordKey, recordKey, type SystemId } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import { type BlockClaims, newBlockClaims } from "../../ports/block-claims.ts";
import { oldestWaiting } from "../../ports/oldest-waiting.ts";
import type {
  CommitResult,
  CommitUnit,
  CursorRow,
  DeadLetter,
  DeadLetterFilter,
  Document,
  DocumentChange,
  DocumentFilter,
  Forgotten,
  HoldFilter,
  HoldGroup,
  JournalFilter,
  Loaded,
  Nominations,
  Outcome,
  Store,
  StoreCounts,
} from "../../ports/store.ts";
import { fittingUnits, recordsOf, searchTextOf, searchTextsOf, workOf } from "../../ports/store-index.ts";
import { createMemoryInbox, type MemoryInbox } from "./memory-inbox.ts";

type Line = JournalEntry & { readonly sequence: number };
type Due = {
  readonly goldenId: GoldenId;
  at: Instant;
  readonly lane: number;
  leasedUntil: Instant;
};

type State = {
  readonly inbox: MemoryInbox;
  readonly goldens: Map<GoldenId, GoldenRecord>;
  readonly byRecord: Map<RecordKey, GoldenId>;
  readonly byKey: Map<string, GoldenId>;
  /** The keys that each golden record has. */
  readonly keysOf: Map<GoldenId, readonly string[]>;
  /** Golden ids by blocking key, how each golden record is filed, and when keys were last given. */
  readonly byBlock: Map<number, Set<GoldenId>>;
  readonly filings: Map<GoldenId, Filing>;
  readonly claims: BlockClaims;
  readonly due: Map<SystemId, Map<GoldenId, Due>>;
  /** By id, in order of opening. */
  readonly holds: Map<string, Hold>;
  readonly heldRecords: Map<RecordKey, string>;
  readonly journal: Line[];
  /** The number of the last line that was let go of. */
  forgottenTo: number;
  readonly pins: Map<RecordKey, GoldenId | "new">;
  readonly cursors: Map<string, string>;
  readonly deadLetters: Map<string, DeadLetter>;
  /** By kind, then key. */
  readonly documents: Map<string, Map<string, Document>>;
  readonly outcomes: Record<Outcome, number>;
  /** All golden ids in order; `null` when one came since it was last wanted. */
  sortedIds: readonly GoldenId[] | null;
};

/**
 * A store in memory, for simulation, dry runs and policy replay: the semantics of the durable ones, and nothing is kept
 * after the process. Values are read-only by type, so they are shared, not copied.
 */
export function createMemoryStore(): Store {
  const state = emptyState();
  return {
    exclusive: true,
    migrate: async () => undefined,
    recover: async (dueAt) => recover(state, dueAt),
    async receive(items, cursors) {
      const stored = items.filter(state.inbox.take).length;
      setCursors(state, cursors);
      return { stored, repeated: items.length - stored };
    },
    claim: async (limit, now, leaseMs) => state.inbox.claim(limit, now, leaseMs),
    load: async (query) => load(state, query),
    nominate: async (records) => nominations(state, records),
    async commit(units, cursors = []) {
      setCursors(state, cursors);
      return commit(state, units);
    },
    claimDue: async (system, limit, now, leaseMs) => claimDue(state, system, limit, now, leaseMs),
    nextDueAt: async (systems) => nextDueAt(state, systems),
    cursor: async (name) => state.cursors.get(name) ?? null,
    setCursors: async (cursors) => setCursors(state, cursors),
    hold: async (id) => state.holds.get(id) ?? null,
    holds: async (filter) => holds(state, filter),
    holdGroups: async () => holdGroups(state),
    journal: async (filter) => journal(state, filter),
    async replaceLines(lines) {
      for (const line of lines) if (state.journal[line.sequence - 1]) state.journal[line.sequence - 1] = line;
    },
    forget: async (what, limit) => forget(state, what, limit),
    deadLetter: async (id) => state.deadLetters.get(id) ?? null,
    deadLetters: async (filter) => deadLetters(state, filter),
    goldens: async (entity, after, limit) => goldens(state, entity, after, limit),
    search: async (text, limit, how) => search(state, text, limit, how),
    linkedIds: async (system, object, after, limit) => linkedIds(state, system, object, after, limit),
    behind: async (system, limit, entity) => behind(state, system, limit, entity),
    waiting: async (limit) => oldestWaiting(state.inbox.oldest(limit)),
    counts: async () => counts(state),
    document: async (kind, key, now) => document(state, kind, key, now),
    documents: async (filter, now) => documents(state, filter, now),
    putDocuments: async (changes, now) => putDocuments(state, changes, now),
    close: async () => undefined,
  };
}

const recordsKnown = new WeakMap<GoldenRecord, ReturnType<typeof recordsOf>>();

/** The records of a golden record, worked out once: it is asked for them before and after each commit. */
function recordsIn(golden: GoldenRecord): ReturnType<typeof recordsOf> {
  const known = recordsKnown.get(golden) ?? recordsOf(golden);
  recordsKnown.set(golden, known);
  return known;
}

function emptyState(): State {
  return {
    inbox: createMemoryInbox(),
    goldens: new Map(),
    byRecord: new Map(),
    byKey: new Map(),
    keysOf: new Map(),
    byBlock: new Map(),
    filings: new Map(),
    claims: newBlockClaims(),
    due: new Map(),
    holds: new Map(),
    heldRecords: new Map(),
    journal: [],
    forgottenTo: 0,
    pins: new Map(),
    cursors: new Map(),
    deadLetters: new Map(),
    documents: new Map(),
    outcomes: { applied: 0, "no-op": 0, superseded: 0, held: 0, dead: 0 },
    sortedIds: null,
  };
}

function setCursors(state: State, cursors: readonly CursorRow[]): void {
  for (const { name, value, isFirst } of cursors) {
    if (isFirst !== true || !state.cursors.has(name)) state.cursors.set(name, value);
  }
}

function load(state: State, { records, keys, ids, queued = [] }: Parameters<Store["load"]>[0]): Loaded {
  const found = new Map<GoldenId, GoldenRecord>();
  const loaded = {
    goldens: found,
    byRecord: new Map<RecordKey, GoldenId>(),
    byKey: new Map<string, GoldenId>(),
    holds: new Map<RecordKey, Hold>(),
    pins: new Map<RecordKey, GoldenId | "new">(),
    queued: new Set(queued.map(recordKey).filter(state.inbox.has)),
  };
  const add = (id: GoldenId | undefined) => {
    const golden = id === undefined ? undefined : state.goldens.get(id);
    if (golden !== undefined) found.set(golden.id, golden);
    return golden?.id;
  };
  for (const key of records.map(recordKey)) {
    const id = add(state.byRecord.get(key));
    if (id !== undefined) loaded.byRecord.set(key, id);
    const pin = state.pins.get(key);
    if (pin !== undefined) loaded.pins.set(key, pin);
    add(pin);
    const hold = state.holds.get(state.heldRecords.get(key) ?? "");
    if (hold !== undefined) loaded.holds.set(key, hold);
    hold?.matches.forEach(add);
  }
  for (const key of keys) {
    const id = add(state.byKey.get(key));
    if (id !== undefined) loaded.byKey.set(key, id);
  }
  ids.forEach(add);
  return loaded;
}

function nominations({ byBlock, filings, claims }: State, records: readonly Looking[]): Nominations {
  const sizes = new Map<number, number>();
  const membersOf = (key: number) => {
    const ids = [...(byBlock.get(key) ?? [])];
    if (ids.length > 0) sizes.set(key, ids.length);
    return ids.length > blockSizeMax ? [] : ids;
  };
  const nominees = records.map((record) => nominate(record, membersOf));
  const says = new Map(nominees.flat().map(({ id }) => [id, filings.get(id)?.says ?? ""]));
  return { nominees, says, sizes, mark: claims.mark() };
}

function file(state: State, { golden, filing }: CommitUnit): readonly number[] {
  if (golden === null || filing === null) return [];
  const before = new Set(state.filings.get(golden.id)?.keys);
  const added = filing.keys.filter((key) => !before.delete(key));
  for (const key of before) state.byBlock.get(key)?.delete(golden.id);
  for (const key of added) state.byBlock.set(key, (state.byBlock.get(key) ?? new Set()).add(golden.id));
  state.filings.set(golden.id, filing);
  return added;
}

function commit(state: State, units: readonly CommitUnit[]): readonly CommitResult[] {
  const fitting = fittingUnits(
    units,
    {
      versionOf: (id) => state.goldens.get(id)?.version ?? 0,
      ownerOfRecord: (key) => state.byRecord.get(key),
      ownerOfKey: (key) => state.byKey.get(key),
      revisionOfHold: (id) => state.holds.get(id)?.revision ?? 0,
      isFiledSince: state.claims.isFiledSince,
    },
    recordsIn,
  );
  const kept = units.filter((unit) => fitting.has(unit));
  const stale = units.filter((unit) => !fitting.has(unit));
  for (const unit of stale) release(state, unit);
  // First all is given up, then all is taken: the order of the units does not decide who gets what.
  for (const unit of kept) giveUp(state, unit);
  for (const unit of kept) putGolden(state, unit);
  const filed = kept.flatMap((unit) => file(state, unit));
  if (filed.length > 0) state.claims.note(filed);
  for (const unit of kept) putRows(state, unit);
  for (const unit of kept) closeLetters(state, unit);
  for (const unit of kept) finishItems(state, unit);
  for (const unit of kept) unit.inbox.forEach(state.inbox.take);
  for (const unit of stale) unit.fresh.forEach(state.inbox.take);
  const woken = kept.flatMap((unit) => unit.wake.map(recordKey));
  if (woken.length > 0) state.inbox.wake(new Set(woken));
  return units.map((unit) => ({ kind: fitting.has(unit) ? "committed" : "stale" }));
}

function release(state: State, unit: CommitUnit): void {
  for (const { inboxId } of [...unit.done, ...unit.postponed]) state.inbox.release(inboxId);
}

function giveUp(state: State, { golden, keys }: CommitUnit): void {
  if (golden === null) return;
  const before = state.goldens.get(golden.id);
  const kept = recordsIn(golden);
  for (const key of before === undefined ? [] : recordsIn(before).keys())
    if (!kept.has(key)) state.byRecord.delete(key);
  if (keys === null) return;
  for (const key of state.keysOf.get(golden.id) ?? []) if (!keys.includes(key)) state.byKey.delete(key);
}

function putGolden(state: State, unit: CommitUnit): void {
  const { golden, keys } = unit;
  if (golden === null) return;
  if (!state.goldens.has(golden.id)) state.sortedIds = null;
  state.goldens.set(golden.id, golden);
  for (const key of recordsIn(golden).keys()) state.byRecord.set(key, golden.id);
  if (keys !== null) {
    const free = keys.filter((key) => (state.byKey.get(key) ?? golden.id) === golden.id);
    for (const key of free) state.byKey.set(key, golden.id);
    state.keysOf.set(golden.id, free);
  }
  for (const links of state.due.values()) links.delete(golden.id);
  for (const { system, due } of workOf(unit)) {
    if (due === null) continue;
    const links = state.due.get(system) ?? new Map<GoldenId, Due>();
    state.due.set(system, links.set(golden.id, { goldenId: golden.id, ...due, leasedUntil: 0 }));
  }
}

function putRows(state: State, unit: CommitUnit): void {
  for (const entry of unit.journal) state.journal.push({ ...entry, sequence: state.journal.length + 1 });
  for (const hold of unit.holds) putHold(state, hold);
  for (const { ref, goldenId } of unit.pins) state.pins.set(recordKey(ref), goldenId);
  for (const letter of unit.deadLetters) state.deadLetters.set(letter.id, letter);
}

function closeLetters(state: State, { closedLetters }: CommitUnit): void {
  for (const { id, closed } of closedLetters) {
    const letter = state.deadLetters.get(id);
    if (letter?.closed === null) state.deadLetters.set(id, { ...letter, closed });
  }
}

function putHold(state: State, hold: Hold): void {
  state.holds.set(hold.id, hold);
  if (hold.ref === null) return;
  const record = recordKey(hold.ref);
  if (heldRecord(hold) !== null) state.heldRecords.set(record, hold.id);
  else if (state.heldRecords.get(record) === hold.id) state.heldRecords.delete(record);
}

function finishItems(state: State, unit: CommitUnit): void {
  // Done twice (its worker was slow and another took over) counts once.
  const isFresh = new Set(unit.fresh.map((item) => item.id));
  for (const { inboxId, outcome } of unit.done)
    if (isFresh.has(inboxId) || state.inbox.done(inboxId)) state.outcomes[outcome]++;
  for (const { inboxId, dueAt } of unit.postponed) state.inbox.postpone(inboxId, dueAt);
}

function claimDue(
  state: State,
  system: SystemId,
  limit: number,
  now: Instant,
  leaseMs: number,
): readonly GoldenRecord[] {
  const rows = [...(state.due.get(system)?.values() ?? [])].filter((row) => row.at <= now && row.leasedUntil <= now);
  rows.sort((a, b) => a.lane - b.lane || a.at - b.at || (a.goldenId < b.goldenId ? -1 : 1));
  const claimed = rows.slice(0, limit);
  for (const row of claimed) row.leasedUntil = now + leaseMs;
  return claimed.flatMap((row) => state.goldens.get(row.goldenId) ?? []);
}

function recover(state: State, dueAt: Instant): void {
  state.inbox.releaseAll();
  for (const links of state.due.values()) {
    for (const row of links.values()) Object.assign(row, { leasedUntil: 0, at: Math.min(row.at, dueAt) });
  }
}

function nextDueAt(state: State, systems: readonly SystemId[]): Instant | null {
  let next = state.inbox.nextDueAt();
  for (const system of systems) {
    for (const row of state.due.get(system)?.values() ?? []) {
      const at = Math.max(row.at, row.leasedUntil);
      if (next === null || at < next) next = at;
    }
  }
  return next;
}

function holds(state: State, { kind, entity, status, fields, ids, after, limit }: HoldFilter): readonly Hold[] {
  const found: Hold[] = [];
  let isPast = after === undefined || !state.holds.has(after);
  for (const hold of state.holds.values()) {
    if (found.length === limit) break;
    const isWanted =
      (kind ?? hold.kind) === hold.kind &&
      (entity ?? hold.entity) === hold.entity &&
      (status ?? hold.status) === hold.status &&
      (fields ?? hold.fields).join() === hold.fields.join() &&
      (ids === undefined || ids.includes(hold.id));
    if (isPast && isWanted) found.push(hold);
    if (hold.id === after) isPast = true;
  }
  return found;
}

function deadLetters(state: State, { kind, system, status, after, limit }: DeadLetterFilter): readonly DeadLetter[] {
  const found: DeadLetter[] = [];
  let isPast = after === undefined || !state.deadLetters.has(after);
  for (const letter of state.deadLetters.values()) {
    if (found.length === limit) break;
    const isWanted =
      (kind ?? letter.kind) === letter.kind &&
      (system === undefined || letter.ref?.system === system) &&
      (status === undefined || (status === "open") === (letter.closed === null));
    if (isPast && isWanted) found.push(letter);
    if (letter.id === after) isPast = true;
  }
  return found;
}

function holdGroups(state: State): readonly HoldGroup[] {
  const groups = new Map<string, HoldGroup>();
  for (const { status, kind, entity, fields } of state.holds.values()) {
    if (status !== "open") continue;
    const key = [kind, entity, fields.join()].join("\n");
    groups.set(key, { kind, entity, fields, count: (groups.get(key)?.count ?? 0) + 1 });
  }
  const inOrder = [...groups].sort(([a, one], [b, other]) => other.count - one.count || (a < b ? -1 : 1));
  return inOrder.map(([, group]) => group);
}

function journal(
  state: State,
  { after = 0, before = Number.POSITIVE_INFINITY, newestFirst = false, limit, ...filter }: JournalFilter,
): readonly Line[] {
  const record = filter.ref === undefined ? null : recordKey(filter.ref);
  const isWanted = (line: Line) =>
    (filter.goldenId ?? line.goldenId) === line.goldenId &&
    (filter.field ?? line.field) === line.field &&
    (filter.kind ?? line.kind) === line.kind &&
    (record === null || (line.ref !== null && recordKey(line.ref) === record)) &&
    (filter.since ?? line.at) <= line.at &&
    (filter.until === undefined || line.at < filter.until);
  const found: Line[] = [];
  // Lines are in order of their sequence numbers, which start at 1.
  const [first, end] = [Math.max(state.forgottenTo, after), Math.min(state.journal.length, before - 1)];
  for (let n = 0; n < end - first && found.length < limit; n++) {
    const line = state.journal[newestFirst ? end - 1 - n : first + n];
    if (line !== undefined && isWanted(line)) found.push(line);
  }
  return found;
}

/** Attempts are not kept here. */
function forget(state: State, { linesTo, lettersBefore }: Forgotten, limit: number): number {
  const before = state.forgottenTo;
  const ends = Math.min(linesTo, before + limit, state.journal.length);
  state.forgottenTo = Math.max(before, ends);
  const letters = [...state.deadLetters.values()].filter(({ closed }) => closed !== null && closed.at < lettersBefore);
  for (const { id } of letters.slice(0, limit)) state.deadLetters.delete(id);
  return state.forgottenTo - before + Math.min(letters.length, limit);
}

function goldens(state: State, entity: string | null, after: GoldenId | null, limit: number): readonly GoldenRecord[] {
  state.sortedIds ??= [...state.goldens.keys()].sort();
  const found: GoldenRecord[] = [];
  for (let i = after === null ? 0 : placeAfter(state.sortedIds, after); i < state.sortedIds.length; i++) {
    if (found.length === limit) break;
    const golden = state.goldens.get(state.sortedIds[i] ?? "");
    if (golden !== undefined && (entity ?? golden.entity) === golden.entity) found.push(golden);
  }
  return found;
}

/** The index of the first id that is greater than `after`. */
function placeAfter(ids: readonly GoldenId[], after: GoldenId): number {
  let [low, high] = [0, ids.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ids[middle] ?? "") <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}

function search(state: State, text: string, limit: number, how: "whole" | "start" = "whole"): readonly GoldenRecord[] {
  const wanted = searchTextOf(text.trim());
  if (wanted === null) return [];
  const isFound = (one: string) => (how === "whole" ? one === wanted : one.startsWith(wanted));
  const found = [...state.goldens.values()].filter((golden) => searchTextsOf(golden).some(isFound));
  return found.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit);
}

function linkedIds(state: State, system: SystemId, object: string, after: string | null, limit: number) {
  const found: { readonly id: string; readonly goldenId: GoldenId }[] = [];
  for (const golden of state.goldens.values()) {
    for (const { ref, linked } of recordsIn(golden).values()) {
      const isWanted = linked && ref.system === system && ref.object === object && (after === null || ref.id > after);
      if (isWanted) found.push({ id: ref.id, goldenId: golden.id });
    }
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit);
}

function behind(state: State, system: SystemId, limit: number, entity?: EntityType): readonly GoldenRecord[] {
  const found = [...state.goldens.values()].flatMap((golden) =>
    workOf({ golden, due: [] }).flatMap((work) =>
      work.system === system && work.behindSince !== null && golden.entity === (entity ?? golden.entity)
        ? [{ golden, since: work.behindSince }]
        : [],
    ),
  );
  found.sort((a, b) => a.since - b.since || (a.golden.id < b.golden.id ? -1 : 1));
  return found.slice(0, limit).map(({ golden }) => golden);
}

function counts(state: State): StoreCounts {
  const entities = new Map<string, number>();
  const kinds = new Map<string, number>();
  const links = new Map<SystemId, number>();
  const behind = new Map<SystemId, { readonly count: number; readonly oldestAt: Instant | null }>();
  for (const golden of state.goldens.values()) {
    add(entities, golden.entity);
    for (const { ref, linked } of recordsIn(golden).values()) if (linked) add(links, ref.system);
    for (const work of workOf({ golden, due: [] })) {
      const before = behind.get(work.system) ?? { count: 0, oldestAt: null };
      const oldestAt = Math.min(before.oldestAt ?? Number.POSITIVE_INFINITY, work.behindSince ?? 0);
      behind.set(work.system, { count: before.count + work.behind, oldestAt });
    }
  }
  for (const hold of state.holds.values()) if (hold.status === "open") add(kinds, hold.kind);
  return {
    goldens: Object.fromEntries(entities),
    inbox: state.inbox.size(),
    inboxOldestAt: state.inbox.oldestAt(),
    outcomes: { ...state.outcomes },
    holds: Object.fromEntries(kinds),
    deadLetters: deadLetters(state, { status: "open", limit: Number.POSITIVE_INFINITY }).length,
    behind: Object.fromEntries(behind),
    links: Object.fromEntries(links),
  };
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function document(state: State, kind: string, key: string, now: Instant): Document | null {
  const found = state.documents.get(kind)?.get(key);
  return found === undefined || (found.expiresAt ?? now + 1) <= now ? null : found;
}

function documents(
  state: State,
  { kind, after, newestFirst = false, limit }: DocumentFilter,
  now: Instant,
): readonly Document[] {
  const keys = [...(state.documents.get(kind)?.keys() ?? [])].sort();
  if (newestFirst) keys.reverse();
  const isPast = (key: string) => after === undefined || (newestFirst ? key < after : key > after);
  const found = keys.filter(isPast).flatMap((key) => document(state, kind, key, now) ?? []);
  return found.slice(0, limit);
}

function putDocuments(state: State, changes: readonly DocumentChange[], now: Instant): boolean {
  const revisionOf = ({ kind, key }: DocumentChange) => document(state, kind, key, now)?.revision ?? 0;
  if (changes.some((change) => (change.expected ?? revisionOf(change)) !== revisionOf(change))) return false;
  for (const change of changes) {
    const { kind, key, value, expiresAt } = change;
    const ofKind = state.documents.get(kind) ?? new Map<string, Document>();
    state.documents.set(kind, ofKind);
    if (value === null) ofKind.delete(key);
    else ofKind.set(key, { kind, key, value, revision: revisionOf(change) + 1, expiresAt });
  }
  return true;
}
