import type { FieldType } from "../../model/field-type.ts";
import type { GoldenId, GoldenRecord, Link } from "../../model/golden.ts";
import type { EntityPolicy, ObjectMapping, Policy } from "../../model/policy.ts";
import type { RecordId, SystemId } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import { type FieldValue, isBlank } from "../../model/value.ts";
import { dueAt } from "../behind.ts";
import { livingOf } from "../merge-goldens.ts";
import { idsOf, referencesOf } from "./resolve-references.ts";

type Reference = FieldType & { readonly kind: "reference" };

/** Where a golden record is in the system that is written to. awaited: it will be made there, as far as can be told. */
type Place = { readonly kind: "record"; readonly id: RecordId } | { readonly kind: "awaited" | "nowhere" };

/** Golden records that references point to. */
export type GoldenById = (id: GoldenId) => GoldenRecord | undefined;

/** A reference's value as ids of records in one system. */
export type Placed =
  /** `without`: what has no record there and is left out of many. */
  | { readonly kind: "placed"; readonly value: FieldValue; readonly without: readonly GoldenId[] }
  /** It can't be told there now. */
  | { readonly kind: "awaited" | "nowhere" };

/** How long a record is not made while what it points to is on its way there; after it, the relation is written second. */
const createWaitMs = 10 * 60_000;
const againMsMin = 1_000;
/** Of what is on its way there, and of what may never come. What is due since longer goes first, so the looks hold up no parent. */
const againMsMax = { awaited: 5_000, nowhere: 60 * 60_000 };

/** When to look again for what was not there: after as long as it has been missing. */
export function lookAgainAt(since: Instant, now: Instant, kind: keyof typeof againMsMax): Instant {
  return now + Math.min(againMsMax[kind], Math.max(againMsMin, now - since));
}

/** Whether a record waits to be made until what it points to is there. */
export function waitsToBeMade(waiting: Link["waiting"][string] | undefined, now: Instant): boolean {
  return now - (waiting?.since ?? now) < createWaitMs;
}

/** The record ids by which a system knows what a field points to. */
export function placeReference(
  golden: Pick<GoldenRecord, "id">,
  value: FieldValue,
  type: Reference,
  system: SystemId,
  policy: Policy,
  goldenById: GoldenById,
): Placed {
  if (isBlank(value)) return { kind: "placed", value: null, without: [] };
  const ids = idsOf(value);
  const places = ids.map((id) => placeOf(golden, id, type, system, policy, goldenById));
  if (places.some((one) => one.kind === "awaited")) return { kind: "awaited" };
  const records = places.flatMap((one) => (one.kind === "record" ? [one.id] : []));
  if (type.many !== true) {
    const [only] = records;
    return only === undefined ? { kind: "nowhere" } : { kind: "placed", value: only, without: [] };
  }
  const without = ids.filter((_, i) => places[i]?.kind !== "record");
  return { kind: "placed", value: records.length === 0 ? null : [...new Set(records)].sort(), without };
}

function placeOf(
  from: Pick<GoldenRecord, "id">,
  id: GoldenId,
  { to }: Reference,
  system: SystemId,
  policy: Policy,
  goldenById: GoldenById,
): Place {
  const entity = policy.entities[to];
  const mapping = entity?.mappings.find((one) => one.system === system);
  const golden = livingOf(id, goldenById);
  if (entity === undefined || mapping === undefined || golden === undefined) return { kind: "nowhere" };
  const links = golden.links.filter((link) => link.system === system && link.object === mapping.object);
  const there = links.filter((link) => link.status === "linked" && link.id !== null);
  // What is left over goes; nothing new shall point to it.
  const linked = there.find((link) => link.leftOver !== true) ?? there[0];
  if (linked?.id != null) return { kind: "record", id: linked.id };
  const wanted = links.find((link) => link.status === "wanted");
  // What waits for a person, or for a field that must be known first, may never come.
  const comes = wanted !== undefined && dueAt(golden, wanted, entity) !== null;
  // It points back, and waits for this one as well: one of both must go first, and the relation second.
  const isCycle = comes && (id === from.id || pointsTo(golden, from.id, entity, mapping));
  return { kind: comes && !isCycle ? "awaited" : "nowhere" };
}

function pointsTo(golden: GoldenRecord, id: GoldenId, entity: EntityPolicy, mapping: ObjectMapping): boolean {
  return referencesOf(entity, mapping).some(({ field }) => idsOf(golden.fields[field]?.value ?? null).includes(id));
}

/** What the references that are written to a link point to. */
export function referredGoldens(
  golden: GoldenRecord,
  entity: EntityPolicy,
  mapping: ObjectMapping,
): readonly GoldenId[] {
  return referencesOf(entity, mapping).flatMap(({ field }) => idsOf(golden.fields[field]?.value ?? null));
}
