import type { EntityType, FieldName, FieldVersion, GoldenId, Source } from "./golden.ts";
import type { RecordRef } from "./record.ts";
import type { Instant } from "./time.ts";
import type { FieldValue } from "./value.ts";

/**
 * set: the field got a new version. kept: the golden value stayed against another one (`other`). put-back: an edit beside
 * the source of truth is undone there. held: no rule decides; a person will. superseded: an observation older than what
 * is known. refused, lossy: a system would not take, or did not keep, the value. written: a system was brought up to date.
 * paused, resumed: the record left its object's filter, or passes it again.
 * created, linked, unlinked, merged, deleted: the golden record's own life; `field` is `null`.
 */
export type JournalKind =
  | "set"
  | "kept"
  | "put-back"
  | "held"
  | "superseded"
  | "refused"
  | "lossy"
  | "written"
  | "paused"
  | "resumed"
  | "created"
  | "linked"
  | "unlinked"
  | "merged"
  | "deleted";

type Side = Pick<FieldVersion, "changedAt" | "source">;

/** One line of the append-only journal. Folding the `set` lines of a golden record gives its fields. */
export type JournalEntry = {
  readonly goldenId: GoldenId;
  readonly entity: EntityType;
  readonly at: Instant;
  readonly kind: JournalKind;
  readonly field: FieldName | null;
  /** The golden field's version after this line. */
  readonly version: number;
  readonly from: FieldValue;
  readonly to: FieldValue;
  /** The value that lost, waits or was refused. */
  readonly other: FieldValue;
  readonly base: FieldValue;
  /** The rule or reason, in one short phrase ("prefer", "fast-forward", "first value", "owner"). */
  readonly why: string;
  readonly source: Source;
  /** The record concerned, if one is. */
  readonly ref: RecordRef | null;
  /** linked: what the record held when it was tied to the golden record. */
  readonly said?: Readonly<Record<FieldName, FieldValue>>;
  /** Of a conflict that a rule decided: when each side was changed, and whose it was, as the rule was told. */
  readonly sides?: { readonly golden: Side; readonly other: Side };
  /** Id of the observation, decision or attempt that caused it. */
  readonly cause: string;
  /** A person's values were erased from this line; the digest of the line as it was, by which the chain is still verified. */
  readonly erased?: string;
};
