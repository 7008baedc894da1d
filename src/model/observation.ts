import type { FieldName } from "./golden.ts";
import type { CellName, RecordId, RecordRef } from "./record.ts";
import type { Instant, Interval } from "./time.ts";
import type { FieldValue, RawValue } from "./value.ts";

/**
 * A place in the order of one record's versions inside its system (LSN, modified time ...). Two of one record compare
 * as strings; see `revisionOf`. `null` where the system has none: then the time of reading orders.
 */
export type Revision = string;

/** A revision from a whole number, so that string order is number order. */
export function revisionOf(order: number | bigint): Revision {
  return order.toString().padStart(20, "0");
}

/** A value that our own write replaced before it was seen; recovered from the vendor's history. */
export type CoveredCell = { readonly value: RawValue; readonly at: Interval | null; readonly author: string | null };

/** When and by whom one cell was last changed, where the vendor tells. */
export type CellChange = { readonly at: Interval; readonly author: string | null };

type Seen = {
  readonly ref: RecordRef;
  readonly revision: Revision | null;
  /** When the reading began (for pushed values: when it arrived). What it says may be older, never newer than its end. */
  readonly observedAt: Instant;
};

/** The record is there, and says this. A cell that is absent from `cells` was not mentioned; `null` is a known blank. */
export type RawUpsert = Seen & {
  readonly kind: "upsert";
  readonly cells: Readonly<Record<CellName, RawValue>>;
  /** True when every mapped cell is in `cells`. */
  readonly complete: boolean;
  /** When the record was last changed in its system, if it tells. */
  readonly changedAt: Interval | null;
  readonly author: string | null;
  /** True when the system told of a change by itself: it says how the record was then, however late it arrives. */
  readonly pushed?: boolean;
  /** For an answer to a write: when it was sent. What it says was so at some time after. */
  readonly heldAt?: Instant;
  /** The create key (a golden record's id) that the record carries, when Truce made it and the system keeps the key. */
  readonly createKey?: string;
  readonly cellChanges?: Readonly<Record<CellName, CellChange>>;
  readonly covered?: Readonly<Record<CellName, readonly CoveredCell[]>>;
  /** The value that each cell's present one replaced, where the vendor's history tells. */
  readonly previous?: Readonly<Record<CellName, RawValue>>;
};

/** The record is gone. `confirmed`: a direct read or the system's own delete event said so, not mere absence from a list. */
export type RawDelete = Seen & { readonly kind: "delete"; readonly confirmed: boolean };

/** Records `losers` were merged into `ref` inside the system; their ids now mean `ref`. */
export type RawMerge = Seen & { readonly kind: "merge"; readonly losers: readonly RecordId[] };

/**
 * Something happened to this record; what, a read will tell. `child`: a record that points to it, and waits for it to be known. `overdue`: it
 * is what waited, and has for so long that it is taken as it is.
 */
export type RawHint = Seen & { readonly kind: "hint"; readonly child?: RecordRef; readonly overdue?: boolean };

/** What a connector reports, in the system's own words and forms. */
export type RawObservation = RawUpsert | RawDelete | RawMerge | RawHint;

/** A cell whose value can't be brought into its field's canonical form. The record's other fields go on. */
export type RefusedCell = { readonly cell: CellName; readonly raw: RawValue; readonly reason: string };

/**
 * A raw upsert after normalizing: the same statement in the entity's fields and canonical values. References are ids of records until they are
 * resolved, then of golden records.
 */
export type Upsert = Omit<RawUpsert, "cellChanges" | "covered" | "previous"> & {
  readonly fields: Readonly<Record<FieldName, FieldValue>>;
  readonly refused: Readonly<Record<FieldName, RefusedCell>>;
  /** References to records that are not known; they are not in `fields`. */
  readonly unknown: Readonly<Record<FieldName, readonly RecordRef[]>>;
  /** It has waited for those long enough. */
  readonly overdue?: boolean;
  readonly fieldChanges: Readonly<Record<FieldName, CellChange>>;
  readonly covered: Readonly<Record<FieldName, readonly CoveredValue[]>>;
  /** By cell, as it came: the raw value before the present one, with what it means as the field's value. */
  readonly previous: Readonly<
    Record<FieldName, { readonly cell: CellName; readonly raw: RawValue; readonly value: FieldValue }>
  >;
};

export type CoveredValue = { readonly value: FieldValue; readonly at: Interval | null; readonly author: string | null };

export type Observation = Upsert | RawDelete | RawMerge;
