import type { EntityType, FieldName, GoldenId, Source } from "./golden.ts";
import type { RecordRef } from "./record.ts";
import type { Instant, Interval } from "./time.ts";
import type { FieldValue } from "./value.ts";

/**
 * conflict: both sides changed and no rule decides. clear: a value was emptied and the config does not let that travel.
 * delete: a record was deleted. duplicate: a record looks like a golden record that it may not simply join.
 * incomplete: a record has too little to become a golden record. refused: a system would not take a value.
 * missing: a record points to one that has not become known in time.
 */
export type HoldKind = "conflict" | "clear" | "delete" | "duplicate" | "incomplete" | "refused" | "missing";

/** One side of a conflict: the values it wants, and who said so when. */
export type Candidate = {
  readonly values: Readonly<Record<FieldName, FieldValue>>;
  readonly source: Source;
  readonly at: Interval;
  /** The observation that said so. */
  readonly cause: string;
};

/** One thing that two records were compared by. `weight` is in natural log odds: above 0 speaks for one thing, below for two. */
export type Evidence = { readonly about: string; readonly finding: string; readonly weight: number };

/** How sure it is that a record is one thing with a golden record, and what speaks for and against it. */
export type MatchScore = {
  readonly goldenId: GoldenId;
  /** 0 to 1. */
  readonly probability: number;
  readonly evidence: readonly Evidence[];
};

/** Something kept for a person. An open hold on a golden record freezes its `fields` and nothing else. */
export type Hold = {
  readonly id: string;
  readonly kind: HoldKind;
  readonly entity: EntityType;
  readonly goldenId: GoldenId | null;
  /** The record that it is about; `null` for a conflict, which is about several. */
  readonly ref: RecordRef | null;
  /** One field, or the fields of a group. Empty for holds on a whole record. */
  readonly fields: readonly FieldName[];
  readonly base: Readonly<Record<FieldName, FieldValue>>;
  readonly candidates: readonly Candidate[];
  /** Golden records that a duplicate may be the same as, most likely first. */
  readonly matches: readonly GoldenId[];
  /** Of the matches that were scored, in their order; absent where keys alone made it a duplicate. */
  readonly scores?: readonly MatchScore[];
  readonly reason: string;
  /** A conflict over a field that keeps bouncing between values: no rule and no agreement closes it, a person does. */
  readonly fight?: true;
  readonly openedAt: Instant;
  readonly updatedAt: Instant;
  /** Grows by 1 with each change; a decision names the one it was shown. */
  readonly revision: number;
  readonly status: "open" | "closed";
  readonly closed: { readonly at: Instant; readonly by: string; readonly choice: string } | null;
};

/** The choice by which a person leaves things as they are. */
const leave = "leave";

/**
 * The unlinked record that a hold keeps golden records waiting for: it is open, or a person left the record as it is. `null` when it keeps none
 * waiting, or is on a golden record.
 */
export function heldRecord({ goldenId, ref, status, closed }: Hold): RecordRef | null {
  return goldenId === null && (status === "open" || closed?.choice === leave) ? ref : null;
}

/** What a person decided on a hold. `revision` is the hold's revision that they were shown. */
export type Decision = {
  readonly holdId: string;
  readonly revision: number;
  readonly by: string;
  readonly choice: Choice;
};

export type Choice =
  /** conflict, clear: this candidate's values win. */
  | { readonly kind: "take"; readonly candidate: number }
  /** conflict, clear, refused: these values, in canonical form. */
  | { readonly kind: "set"; readonly values: Readonly<Record<FieldName, FieldValue>> }
  /** duplicate: it is the same thing as this golden record. */
  | { readonly kind: "link"; readonly goldenId: GoldenId }
  /** duplicate, incomplete: it is a thing of its own. */
  | { readonly kind: "new" }
  /** delete: delete it everywhere. */
  | { readonly kind: "delete" }
  /** delete: create it again where it was deleted. */
  | { readonly kind: "restore" }
  /** delete: leave it deleted there and keep the others. refused, incomplete, missing: leave it as it is. */
  | { readonly kind: "leave" };
