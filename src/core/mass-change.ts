import type { GoldenRecord } from "../model/golden.ts";
import type { Observation, RawMerge } from "../model/observation.ts";
import type { EntityPolicy, FlowKind, MassLimit, Policy } from "../model/policy.ts";
import type { RecordRef } from "../model/record.ts";
import type { Instant } from "../model/time.ts";
import { type FieldValue, isBlank, sameValue } from "../model/value.ts";
import { linkIndexOf } from "./decide.ts";

/** Deletes, blanks or rewrites that came from one object of late. */
export type Flow = {
  /** How many came, by hour since the epoch. */
  readonly hours: Readonly<Record<string, number>>;
  /** The records that these were about, with the hour: told again, or in many ways, each counts once. */
  readonly counted: Readonly<Record<string, number>>;
  /** More than this a day are not believed. */
  readonly limit: number;
  /** Since when there were too many; nothing more goes on until a person decides. */
  readonly stoppedAt: Instant | null;
  /** Records whose turn has not come. */
  readonly samples: readonly RecordRef[];
  /** approve: so many (`null`: all) go on as the config says. hold: each is asked about on its own. For a day. */
  readonly decision: FlowDecision | null;
};

export type FlowDecision = {
  readonly kind: "approve" | "hold";
  readonly by: string;
  readonly at: Instant;
  readonly left: number | null;
};

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const samplesMax = 5;
/** Of those that wait so many are told apart; beyond, one that is told again counts as one more. */
const waitingMax = 2_000;

const standard: MassLimit = { records: 500, percent: 5 };

/** `null`: as many as come. Changes of values are ordinary work, imports among it, and counted only where the config says so. */
export function massLimitOf({ masses }: Policy, kind: FlowKind): MassLimit | null {
  return masses === undefined ? (kind === "rewrites" ? null : standard) : masses[kind];
}

/** How many may go on of an object of which so many records are known: always 20. */
export function flowLimit(known: number, { records, percent }: MassLimit): number {
  return Math.max(20, Math.min(records, Math.floor((known * percent) / 100)));
}

/** Whether an observation is of a kind that the config lets travel, and that may not travel in masses. */
export function flowKindOf(
  seen: Observation,
  goldenOf: (ref: RecordRef) => GoldenRecord | null,
  entity: EntityPolicy,
  policy: Policy,
): FlowKind | null {
  const counted = (kind: FlowKind) => (massLimitOf(policy, kind) === null ? null : kind);
  if (seen.kind === "merge") return takesRecords(seen, goldenOf, entity) ? counted("deletes") : null;
  const golden = goldenOf(seen.ref);
  const link = golden?.links[linkIndexOf(golden, seen.ref)];
  if (golden === null || link === undefined || link.status !== "linked") return null;
  if (seen.kind === "delete")
    return entity.deletes === "propagate" || entity.deletes === "archive" ? counted("deletes") : null;
  if (seen.kind !== "upsert") return null;
  const isBlanked = Object.entries(seen.fields).some(
    ([field, value]) => isBlank(value) && entity.fields[field]?.clears === "propagate" && !isBlank(link.shadow[field]),
  );
  if (isBlanked && counted("blanks") !== null) return "blanks";
  const isRewritten = Object.entries(seen.fields).some(([field, value]) =>
    isRewrite(value, link.shadow[field], golden.fields[field]?.value),
  );
  return isRewritten ? counted("rewrites") : null;
}

/** One value in place of another, and not just what the others hold already. */
function isRewrite(value: FieldValue, before: FieldValue | undefined, agreed: FieldValue | undefined): boolean {
  return !isBlank(value) && !isBlank(before) && !sameValue(value, before ?? null) && !sameValue(value, agreed ?? null);
}

/** Whether a merge makes golden records one, and takes records of other systems with it. */
function takesRecords(
  { ref, losers }: RawMerge,
  goldenOf: (ref: RecordRef) => GoldenRecord | null,
  entity: EntityPolicy,
): boolean {
  const isTaken = ({ system, merged }: EntityPolicy["mappings"][number]) =>
    merged !== undefined && system !== ref.system;
  // Systems tell of a merge again and again; once it is known they are one.
  const known = new Set([ref.id, ...losers].flatMap((id) => goldenOf({ ...ref, id })?.id ?? []));
  return entity.merges === "link" && known.size > 1 && entity.mappings.some(isTaken);
}

export function newFlow(limit: number): Flow {
  return { hours: {}, counted: {}, limit, stoppedAt: null, samples: [], decision: null };
}

/** What comes of one more: it goes on, goes on but is asked about, or waits. `isNew`: it has not waited before. */
export type Screened = { readonly flow: Flow; readonly verdict: "go" | "ask" | "wait" };

export function screen(before: Flow, ref: RecordRef, isNew: boolean, now: Instant): Screened {
  const flow = aged(before, now);
  const { decision } = flow;
  if (decision?.kind === "hold") return { flow, verdict: "ask" };
  if (decision?.kind === "approve" && decision.left !== 0) {
    const left = decision.left === null ? null : decision.left - 1;
    return { flow: { ...flow, decision: { ...decision, left } }, verdict: "go" };
  }
  const hour = Math.floor(now / hourMs);
  const isOneMore = isNew && !Object.hasOwn(flow.counted, ref.id);
  const hours = isOneMore ? { ...flow.hours, [hour]: (flow.hours[hour] ?? 0) + 1 } : flow.hours;
  const isRoom = Object.keys(flow.counted).length < flow.limit + waitingMax;
  const counted = isOneMore && isRoom ? { ...flow.counted, [ref.id]: hour } : flow.counted;
  const count = Object.values(hours).reduce((sum, one) => sum + one, 0);
  if (flow.stoppedAt === null && count <= flow.limit) return { flow: { ...flow, hours, counted }, verdict: "go" };
  const isKnown = flow.samples.some(({ id }) => id === ref.id);
  const samples = isKnown || flow.samples.length >= samplesMax ? flow.samples : [...flow.samples, ref];
  return { flow: { ...flow, hours, counted, samples, stoppedAt: flow.stoppedAt ?? now }, verdict: "wait" };
}

/** Forgets what came more than a day ago, and a decision after a day: what comes then is counted anew. */
function aged(flow: Flow, now: Instant): Flow {
  const since = Math.floor((now - dayMs) / hourMs);
  const hours = Object.fromEntries(Object.entries(flow.hours).filter(([hour]) => Number(hour) > since));
  const counted = Object.fromEntries(Object.entries(flow.counted).filter(([, hour]) => hour > since));
  if (flow.decision === null || now - flow.decision.at < dayMs) return { ...flow, hours, counted };
  return { ...newFlow(flow.limit), hours, counted };
}

/** How many came within a day. */
export function flowCount({ hours }: Flow): number {
  return Object.values(hours).reduce((sum, one) => sum + one, 0);
}

/** True when nothing of it is counted or stopped any more: what comes next is measured by the object as it is then. */
export function isIdle(flow: Flow, now: Instant): boolean {
  return flow.stoppedAt === null && flowCount(aged(flow, now)) === 0;
}

/** The config as if it let neither deletes nor blanks travel, nor changed values where these are counted: each is asked about. */
export function cautious(policy: Policy): Policy {
  const entities = Object.entries(policy.entities).map(([name, entity]) => {
    const fields = Object.entries(entity.fields).map(([field, one]) => [
      field,
      {
        ...one,
        clears: one.clears === "propagate" ? "hold" : one.clears,
        ...(massLimitOf(policy, "rewrites") === null ? {} : { edits: "hold" }),
      },
    ]);
    return [name, { ...entity, deletes: "hold", merges: "hold", fields: Object.fromEntries(fields) }];
  });
  return { ...policy, entities: Object.fromEntries(entities) };
}
