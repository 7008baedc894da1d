import type { Filing, Looking, Nominee } from "../core/match/nominate.ts";
import type { EntityType, FieldName, GoldenId, GoldenRecord } from "../model/golden.ts";
import type { Hold, HoldKind } from "../model/hold.ts";
import type { JournalEntry, JournalKind } from "../model/journal.ts";
import type { RawObservation } from "../model/observation.ts";
import type { CellName, ObjectName, RecordKey, RecordRef, SystemId } from "../model/record.ts";
import type { SyncError } from "../model/sync-error.ts";
import type { Instant } from "../model/time.ts";
import type { FieldValue, RawValue } from "../model/value.ts";

/** live before decisions before backfill. */
export type Lane = 0 | 1 | 2;
export const laneLive = 0 satisfies Lane;
export const laneDecision = 1 satisfies Lane;
export const laneBackfill = 2 satisfies Lane;

/** An observation on its way in. */
export type InboxItem = {
  readonly id: string;
  /** Equal keys are one event: the second is not stored. `null`: never equal. Kept for at least a day after it is done. Neither is one whose id waits in the inbox already. */
  readonly dedupeKey: string | null;
  readonly observation: RawObservation;
  readonly lane: Lane;
  readonly receivedAt: Instant;
  readonly dueAt: Instant;
  /** Failed or postponed tries so far. */
  readonly tries: number;
};

/**
 * Ids of items that only look for what a record points to and nobody knows begin so. Everything that was told is decided while they wait, so they
 * don't count as undecided.
 */
export const lookPrefix = "parked/";

/** How an observation ended (I9): exactly one of these. */
export type Outcome = "applied" | "no-op" | "superseded" | "held" | "dead";

/** A named place in a feed or scan. `isFirst`: only to be set where there is none yet. */
export type CursorRow = {
  readonly name: string;
  readonly value: string;
  readonly at: Instant;
  readonly isFirst?: boolean;
};

/** A person's word on an unlinked record: it is this golden record, or a thing of its own. */
export type Pin = { readonly ref: RecordRef; readonly goldenId: GoldenId | "new" };

/** A link that the dispatcher has work for. */
export type DueLink = {
  readonly system: SystemId;
  readonly object: ObjectName;
  readonly dueAt: Instant;
  readonly lane: Lane;
};

/** The audit row of a write: intent before the call, result after it. */
export type Attempt = {
  readonly id: string;
  readonly goldenId: GoldenId;
  readonly system: SystemId;
  readonly object: ObjectName;
  /** `null` for a create until it is known. */
  readonly recordId: string | null;
  readonly kind: "create" | "update" | "delete";
  readonly fields: readonly FieldName[];
  readonly startedAt: Instant;
  readonly endedAt: Instant | null;
  /** "intent" until the receipt; then written, changed, missing, exists, or the SyncError's code. */
  readonly result: string;
};

/**
 * What failed for good, whole. An observation has its inbox item's id; the writes of a link are one letter, told anew each time that one
 * fails. Storing one with a known id replaces it, and opens it.
 */
export type DeadLetter = {
  readonly id: string;
  readonly kind: "observation" | "write";
  /** Its id is "" for a record that was to be created. */
  readonly ref: RecordRef | null;
  readonly goldenId: GoldenId | null;
  /** The observation, whole; for a write a `DeadWrite`, or `null` where it could not even be composed. */
  readonly payload: unknown;
  /** The SyncError's; BUG where Truce itself failed. */
  readonly code: SyncError["code"] | "BUG";
  readonly reason: string;
  readonly tries: number;
  readonly at: Instant;
  readonly closed: DeadLetterEnd | null;
};

/** The payload of a write's dead letter. */
export type DeadWrite = {
  readonly kind: Attempt["kind"];
  readonly patch: Readonly<Record<CellName, RawValue>>;
  readonly versions: Readonly<Record<FieldName, number>>;
  readonly values: Readonly<Record<FieldName, FieldValue>>;
  /** The fields that the system would not take, each with its words. */
  readonly refused: Readonly<Record<FieldName, string>>;
};

/** How a dead letter ended: tried again, given up by a person, or overtaken by a later write that went well. */
export type DeadLetterEnd = {
  readonly how: "replayed" | "discarded" | "cured";
  readonly at: Instant;
  readonly by: string;
  readonly reason: string;
};

export type DeadLetterFilter = {
  readonly kind?: DeadLetter["kind"];
  readonly system?: SystemId;
  readonly status?: "open" | "closed";
  /** Letters after this id, in order of their first failure. */
  readonly after?: string;
  readonly limit: number;
};

/** Everything that one golden record's decisions changed; commits as a whole or not at all. Units of one commit are independent of each other. */
export type CommitUnit = {
  /**
   * Units of a commit with the same group are not independent: they commit together or not at all, and a record that one of them gives up
   * another one gets.
   */
  readonly group?: string;
  /** The state after. Its `version` n expects n-1 to be stored (1: that there is none). `null`: no golden record is touched. */
  readonly golden: GoldenRecord | null;
  /** All identity keys it claims now; those it had and that are not listed are given up. `null`: as they are. */
  readonly keys: readonly string[] | null;
  /** Keys that it wanted and another golden record has are not an error when listed here: they stay where they are. */
  readonly sharedKeys: readonly string[];
  /** How it is filed for matching now; replaces what was stored. `null`: as it is. */
  readonly filing: Filing | null;
  /** A golden record that was made in the belief that nobody it could be the same as is filed under these keys. Stale where somebody was filed meanwhile. */
  readonly guard: BlockGuard | null;
  /** All its links that are due; replaces what was stored (leases end). */
  readonly due: readonly DueLink[];
  readonly journal: readonly JournalEntry[];
  /** Opened, changed or closed holds, by id. Those on golden records and those on unlinked records alike. */
  readonly holds: readonly Hold[];
  readonly pins: readonly Pin[];
  readonly attempts: readonly Attempt[];
  readonly done: readonly { readonly inboxId: string; readonly outcome: Outcome }[];
  readonly postponed: readonly { readonly inboxId: string; readonly dueAt: Instant }[];
  readonly deadLetters: readonly DeadLetter[];
  /** Ends dead letters; one that is not open stays as it is. */
  readonly closedLetters: readonly { readonly id: string; readonly closed: DeadLetterEnd }[];
  /** New observations to take in (hints to re-read ...). */
  readonly inbox: readonly InboxItem[];
  /** Inbox items about these records that wait become due at once. */
  readonly wake: readonly RecordRef[];
  /**
   * Observations that were never in the inbox, and that this unit decides: each is in `done`. Of a stale unit they go to the inbox, due at once; so
   * none is lost whichever way it goes.
   */
  readonly fresh: readonly InboxItem[];
};

/** Blocking keys, and the look at them after which nothing may have been filed there. */
export type BlockGuard = { readonly keys: readonly number[]; readonly mark: number };

/** Whom records are worth comparing with, by the blocking keys that they share. */
export type Nominations = {
  /** By the asking records' places: who is filed under some of its keys, and what those count together (`core/match/nominate.ts`), likeliest first. */
  readonly nominees: readonly (readonly Nominee<GoldenId>[])[];
  /** What the records of those that were nominated say (`Filing`). */
  readonly says: ReadonlyMap<GoldenId, string>;
  /** How many golden records are filed under each key that was asked for; of a key that too many share, more than `blockSizeMax`. Keys that nobody has are not in it. */
  readonly sizes: ReadonlyMap<number, number>;
  /** What is filed after this look has a greater one. */
  readonly mark: number;
};

export type CommitResult =
  | { readonly kind: "committed" }
  /** Another commit came between (golden version, a record's link, an identity key, a guarded block, the revision of a record's hold): decide again from fresh state. */
  | { readonly kind: "stale" };

export type Loaded = {
  /** Every golden record that was asked for by id, or that `byRecord`, `byKey`, `pins` or a hold's `matches` name. */
  readonly goldens: ReadonlyMap<GoldenId, GoldenRecord>;
  /** Golden ids by record, aliases included. */
  readonly byRecord: ReadonlyMap<RecordKey, GoldenId>;
  /** Golden ids by identity key; at most one each. */
  readonly byKey: ReadonlyMap<string, GoldenId>;
  /** Holds on unlinked records that are open, or by which a person left the record as it is. */
  readonly holds: ReadonlyMap<RecordKey, Hold>;
  readonly pins: ReadonlyMap<RecordKey, GoldenId | "new">;
  /** Of the records asked about, those with items in the inbox, whoever has claimed them. */
  readonly queued: ReadonlySet<RecordKey>;
};

export type HoldFilter = {
  readonly kind?: HoldKind;
  readonly entity?: EntityType;
  readonly status?: "open" | "closed";
  /** Exactly these fields. */
  readonly fields?: readonly FieldName[];
  /** Only those of these ids. */
  readonly ids?: readonly string[];
  /** Holds after this id, in order of opening. */
  readonly after?: string;
  readonly limit: number;
};

/** Open holds of one kind on the same fields of one entity type: what one rule could settle. */
export type HoldGroup = {
  readonly kind: HoldKind;
  readonly entity: EntityType;
  readonly fields: readonly FieldName[];
  readonly count: number;
};

export type JournalFilter = {
  readonly goldenId?: GoldenId;
  readonly field?: FieldName;
  readonly kind?: JournalKind;
  readonly ref?: RecordRef;
  /** From this time on. */
  readonly since?: Instant;
  /** Before this time. */
  readonly until?: Instant;
  /** Lines after this sequence number. With several workers, lines of a commit under way may still appear a little before the newest. */
  readonly after?: number;
  /** Lines before this sequence number. */
  readonly before?: number;
  /** From the newest line back. */
  readonly newestFirst?: boolean;
  readonly limit: number;
};

/** A small document of the server's own: a user, a token, a session ... One per kind and key. */
export type Document = {
  readonly kind: string;
  readonly key: string;
  /** Any JSON but `null`. */
  readonly value: unknown;
  /** Grows by 1 with each change. */
  readonly revision: number;
  /** From then on it is not there; `null`: it stays. */
  readonly expiresAt: Instant | null;
};

export type DocumentChange = {
  readonly kind: string;
  readonly key: string;
  /** `null` takes it away. */
  readonly value: unknown;
  readonly expiresAt: Instant | null;
  /** The revision that it must have; 0: there must be none. Left out: whatever is there. */
  readonly expected?: number;
};

export type DocumentFilter = {
  readonly kind: string;
  /** Documents after this key; with `newestFirst` those before it. */
  readonly after?: string;
  /** From the last key back: keys made of sortable ids then come newest first. */
  readonly newestFirst?: boolean;
  readonly limit: number;
};

/** What is let go of: lines of the journal up to a number, and attempts and dead letters that had begun, and had ended, before. */
export type Forgotten = {
  readonly linesTo: number;
  readonly attemptsBefore: Instant;
  readonly lettersBefore: Instant;
};

export type Waiting = { readonly system: SystemId; readonly object: ObjectName; readonly since: Instant };

export type StoreCounts = {
  readonly goldens: Readonly<Record<EntityType, number>>;
  /** Items that are not decided yet, those that only look for something left out. */
  readonly inbox: number;
  /** When the one came that has waited longest. */
  readonly inboxOldestAt: Instant | null;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly holds: Readonly<Partial<Record<HoldKind, number>>>;
  /** Those that are open. */
  readonly deadLetters: number;
  /** Links behind (`behindSince`), by system, and since when the oldest. */
  readonly behind: Readonly<Record<SystemId, { readonly count: number; readonly oldestAt: Instant | null }>>;
  readonly links: Readonly<Record<SystemId, number>>;
};

/**
 * Where Truce's own state lives. Every method is one durable transaction, and a fixed number of round trips whatever
 * the batch. Safe for several workers at once, except the embedded one, which one process holds.
 */
export type Store = {
  /** True when one process holds the store: whatever an earlier one had claimed or in flight is then known to be given up. */
  readonly exclusive: boolean;
  /** Brings tables up to date; safe when several start at once. */
  migrate(): Promise<void>;
  /** Stores new observations and cursors together. Durable when it resolves. */
  receive(
    items: readonly InboxItem[],
    cursors: readonly CursorRow[],
  ): Promise<{ readonly stored: number; readonly repeated: number }>;
  /** After a process is gone: every due link becomes due at `dueAt` at the latest. On an exclusive store all leases end, as they were its own. */
  recover(dueAt: Instant): Promise<void>;
  /**
   * Up to `limit` due items, chosen by lane then arrival, handed over in order of arrival, leased until `now + leaseMs`. Items of one
   * record are never leased to two workers at once: while one is leased, the record's other items wait.
   */
  claim(limit: number, now: Instant, leaseMs: number): Promise<readonly InboxItem[]>;
  load(query: {
    readonly records: readonly RecordRef[];
    readonly keys: readonly string[];
    readonly ids: readonly GoldenId[];
    /** Records of which is asked whether something about them is in the inbox. */
    readonly queued?: readonly RecordRef[];
  }): Promise<Loaded>;
  /** Whom records are worth comparing with. One look for all. */
  nominate(records: readonly Looking[]): Promise<Nominations>;
  /**
   * One result per unit. A stale unit has no effect, its inbox items are due again at once. Units are checked against the state
   * before the commit, and in order against what the ones before them take; then all is given up first and taken after. A commit of
   * unknown outcome may simply be decided again from fresh state: versions and inbox ids keep it from counting twice. `cursors` are stored with
   * the units, stale or not.
   */
  commit(units: readonly CommitUnit[], cursors?: readonly CursorRow[]): Promise<readonly CommitResult[]>;
  /** Golden records with a due link to this system, by lane then due time, once each; their links to it are leased until `now + leaseMs`. */
  claimDue(system: SystemId, limit: number, now: Instant, leaseMs: number): Promise<readonly GoldenRecord[]>;
  /** The earliest time at which anything can be claimed: an inbox item, or a due link of one of these systems. `null`: nothing waits. */
  nextDueAt(systems: readonly SystemId[]): Promise<Instant | null>;
  cursor(name: string): Promise<string | null>;
  setCursors(cursors: readonly CursorRow[]): Promise<void>;
  hold(id: string): Promise<Hold | null>;
  holds(filter: HoldFilter): Promise<readonly Hold[]>;
  journal(filter: JournalFilter): Promise<readonly (JournalEntry & { readonly sequence: number })[]>;
  /** Leaves of these lines what erasure leaves: the only way in which a line of the journal ever changes. */
  replaceLines(lines: readonly (JournalEntry & { readonly sequence: number })[]): Promise<void>;
  /**
   * Removes what is let go of, the oldest first, at most `limit` of each; returns how much went. The newest line of the journal must stay: numbers
   * go on from it.
   */
  forget(what: Forgotten, limit: number): Promise<number>;
  deadLetter(id: string): Promise<DeadLetter | null>;
  deadLetters(filter: DeadLetterFilter): Promise<readonly DeadLetter[]>;
  /** Golden records of a type in id order, after `after`. */
  goldens(entity: EntityType | null, after: GoldenId | null, limit: number): Promise<readonly GoldenRecord[]>;
  /** Open holds, counted; the largest group first. */
  holdGroups(): Promise<readonly HoldGroup[]>;
  /**
   * Golden records that have a field or a set's member with exactly this text (at most 200 characters), or this id, or a record with this id; case
   * ignored. In id order. `start`: that begin with it; of more than `limit`, which ones is not said.
   */
  search(text: string, limit: number, how?: "whole" | "start"): Promise<readonly GoldenRecord[]>;
  /** Live links of one object, in record id order, after `after`: what a sweep compares with. */
  linkedIds(
    system: SystemId,
    object: ObjectName,
    after: string | null,
    limit: number,
  ): Promise<readonly { readonly id: string; readonly goldenId: GoldenId }[]>;
  /** Golden records, of an entity type if one is given, with a link to this system that is behind, those first that have been for longest, then by id. */
  behind(system: SystemId, limit: number, entity?: EntityType): Promise<readonly GoldenRecord[]>;
  /** Since when the oldest observation of each object waits, among the `limit` that came first. */
  waiting(limit: number): Promise<readonly Waiting[]>;
  counts(now: Instant): Promise<StoreCounts>;
  document(kind: string, key: string, now: Instant): Promise<Document | null>;
  /** In order of their keys. */
  documents(filter: DocumentFilter, now: Instant): Promise<readonly Document[]>;
  /** All of the changes, or none and `false` where one of them expected something else. */
  putDocuments(changes: readonly DocumentChange[], now: Instant): Promise<boolean>;
  close(): Promise<void>;
};
