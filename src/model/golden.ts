import type { Hold } from "./hold.ts";
import type { Revision } from "./observation.ts";
import type { CellName, ObjectName, RecordId, RecordRef, SystemId } from "./record.ts";
import type { Instant, Interval } from "./time.ts";
import type { FieldValue, RawValue } from "./value.ts";

/** contact, company, deal ...: declared in the config. */
export type EntityType = string;
/** A field of an entity type, as the config names it. */
export type FieldName = string;
export type GoldenId = string;

/** Where a value came from: a record in a system, or a person who decided in Truce. */
export type Source =
  | { readonly kind: "record"; readonly ref: RecordRef; readonly author: string | null }
  | { readonly kind: "person"; readonly name: string }
  /** Made by a rule out of both sides (union, counter, merged text ...). */
  | { readonly kind: "rule"; readonly rule: string };

/** A value of one field that was agreed on. Versions start at 1 and grow by 1 with each change of the field. */
export type FieldVersion = {
  readonly value: FieldValue;
  readonly version: number;
  readonly changedAt: Interval;
  readonly source: Source;
};

/** A write that has been sent or is about to be: kept in the link from intent to receipt, so that an echo is never taken for an edit. */
export type InFlight = {
  readonly attemptId: string;
  readonly kind: "create" | "update" | "delete";
  readonly startedAt: Instant;
  /** The process that sends it, where several share a store. */
  readonly sender?: string;
  /** After this the sender is taken for dead and the outcome for unknown. */
  readonly expiresAt: Instant;
  readonly versions: Readonly<Record<FieldName, number>>;
  readonly values: Readonly<Record<FieldName, FieldValue>>;
  readonly patch: Readonly<Record<CellName, RawValue>>;
  /** Deletes only: the record is not deleted but merged into this one. */
  readonly into?: RecordId;
};

/**
 * Writes whose outcome never became known, oldest first: should one have landed, its value is no edit, and the vendor's history tells whether it
 * covered something else than what we knew. Readings begun before `until` say nothing about it yet.
 */
export type Unsure = { readonly wrote: readonly RawValue[]; readonly until: Instant };

/**
 * `wanted`: the system has no record of it yet and shall get one. `linked`: tied to a record. `deleted`: the record is
 * gone, and the config or a person said to leave it so. A record that comes back is a new link of the next generation.
 */
export type LinkStatus = "wanted" | "linked" | "deleted";

export type Waiting = {
  /** The golden version that is not told, or not in full. */
  readonly version: number;
  readonly since: Instant;
  readonly until: Instant;
  readonly without: readonly GoldenId[];
};

/** What ties a golden record to a record in one system. */
export type Link = {
  readonly system: SystemId;
  readonly object: ObjectName;
  /** `null` while wanted. */
  readonly id: RecordId | null;
  /** Ids merged into this record inside the system; late events about them belong here. */
  readonly aliases: readonly RecordId[];
  readonly generation: number;
  readonly status: LinkStatus;
  /** The record's fields as last known to be in that system: the base of the three-way comparison. */
  readonly shadow: Readonly<Record<FieldName, FieldValue>>;
  /** The same, cell by cell, in the system's own form: what a guarded write expects to find. */
  readonly cells: Readonly<Record<CellName, RawValue>>;
  /**
   * Per field the golden version that this system is known to hold. Lower than the field's version: the link is behind. Below 0: that version
   * was there and has been emptied since, which does not travel.
   */
  readonly seen: Readonly<Record<FieldName, number>>;
  readonly revision: Revision | null;
  /** The newest reading or answer that shadow and cells come from; readings begun before it may be older. */
  readonly observedAt: Instant;
  /** When the record surely held what they say: an answer, or an event, may have been long on its way. */
  readonly knownAt: Instant;
  readonly inFlight: InFlight | null;
  /** True when a create was sent and its outcome never became known: the next one looks first. */
  readonly createUnknown: boolean;
  /** The open hold on a record that may be the one wanted here; nothing is created until it is decided. */
  readonly waitsFor: string | null;
  /** The record does not pass the filter of its object: it is left alone, and what it was before stays the base. */
  readonly outside: boolean;
  /** The golden record has another record here, since it was made one with this one's; `merged` of the mapping says what becomes of it. */
  readonly leftOver?: boolean;
  /** References there to records that are not known, since when, and whether a person was told. Neither taken nor written over. */
  readonly parked: Readonly<Record<FieldName, { readonly since: Instant; readonly asked: boolean }>>;
  /** References of which what they point to (of many: `without`) has no record there: looked for again at `until`. */
  readonly waiting: Readonly<Record<FieldName, Waiting>>;
  readonly unsure: Readonly<Record<CellName, Unsure>>;
  /** Fields that the system refused, with its words and the golden version refused; not sent again until the value changes. */
  readonly refused: Readonly<Record<FieldName, { readonly version: number; readonly reason: string }>>;
  /** Failed tries since the last success. A dead link waits for replay. */
  readonly failures: number;
  readonly retryAt: Instant;
  readonly dead: string | null;
  /** Since when this link has been behind; `null` when it is not. */
  readonly behindSince: Instant | null;
};

/** The agreed version of one real-world thing, field by field, with its links and its open holds. */
export type GoldenRecord = {
  readonly id: GoldenId;
  readonly entity: EntityType;
  /** Grows by 1 with each commit; a commit made on an older one is refused and decided again. */
  readonly version: number;
  readonly fields: Readonly<Record<FieldName, FieldVersion>>;
  readonly links: readonly Link[];
  readonly holds: readonly Hold[];
  /** Set when the thing itself was deleted by policy or by a person. */
  readonly deletedAt: Instant | null;
  /** Golden records that a person said are something else, however alike. */
  readonly distinctFrom?: readonly GoldenId[];
  /** Set when it was merged into another one, which has its links since. */
  readonly mergedInto?: GoldenId;
};
