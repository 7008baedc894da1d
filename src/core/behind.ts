import type { FieldName, FieldVersion, GoldenRecord, Link } from "../model/golden.ts";
import type { EntityPolicy, ObjectMapping } from "../model/policy.ts";
import type { Instant } from "../model/time.ts";
import { isBlank } from "../model/value.ts";
import { freezes } from "./draft.ts";
import { isOutside, takesPart } from "./mapping/takes-part.ts";
import { pausesIdentity } from "./pause-fields.ts";
import { isWaiting } from "./relations/waiting.ts";

type GoldenView = Pick<GoldenRecord, "fields" | "holds">;

/**
 * The fields that a system must still be told: the golden version is newer than what it has seen. Held fields are skipped, and those that
 * it refused at this very version. A blank need not be written over a blank.
 */
export function behindFields(
  golden: GoldenView,
  link: Link,
  entity: EntityPolicy,
  mapping: ObjectMapping,
): FieldName[] {
  const behind: FieldName[] = [];
  for (const [field, { direction }] of Object.entries(mapping.fields)) {
    const version = golden.fields[field];
    if (version === undefined || direction === "read" || entity.fields[field] === undefined) continue;
    if ((link.seen[field] ?? 0) >= version.version && !isWaiting(link, field, golden)) continue;
    if (link.refused[field]?.version === version.version) continue;
    if (isBlank(version.value) && isBlank(link.shadow[field])) continue;
    if (freezes(golden.holds, field) !== undefined || field in link.parked) continue;
    behind.push(field);
  }
  return behind;
}

/**
 * When the dispatcher must look at a link, and `null` when it need not. A link with a write in flight is due when its sender is taken for
 * dead. `settleMs` after the last change of what is to be written.
 */
export function dueAt(golden: GoldenRecord, link: Link, entity: EntityPolicy): Instant | null {
  if (link.dead !== null || link.waitsFor !== null) return null;
  if (link.inFlight !== null) return link.inFlight.expiresAt;
  const mapping = entity.mappings.find((m) => m.system === link.system && m.object === link.object);
  if (mapping === undefined || link.status === "deleted" || isLeftAlone(golden, link, entity, mapping)) return null;
  if (golden.deletedAt !== null) return link.status === "linked" ? link.retryAt : null;
  if (link.status === "wanted")
    return isCreatable(golden, link, entity, mapping) ? Math.max(link.retryAt, settled(golden, entity)) : null;
  if (link.leftOver === true && mapping.merged !== undefined)
    return absorberOf(golden, link, mapping) === null ? null : Math.max(link.retryAt, settled(golden, entity));
  // What is left over may still hold a unique value that this one shall get.
  if (golden.links.some((one) => one.dead === null && absorberOf(golden, one, mapping) === link)) return null;
  const behind = behindFields(golden, link, entity, mapping);
  const waits = behind.map((field) => (isWaiting(link, field, golden) ? (link.waiting[field]?.until ?? 0) : 0));
  return behind.length === 0 ? null : Math.max(link.retryAt, settled(golden, entity), Math.min(...waits));
}

/**
 * The record here into which a left-over one goes: once nothing is open, as then all that it said is agreed on or in the journal. `null`: there is
 * none, or not now.
 */
export function absorberOf(
  golden: Pick<GoldenRecord, "holds" | "links" | "deletedAt">,
  link: Link,
  { system, object, merged }: ObjectMapping,
): Link | null {
  if (link.leftOver !== true || merged === undefined || golden.holds.length > 0) return null;
  if (golden.deletedAt !== null || link.status !== "linked" || link.system !== system || link.object !== object)
    return null;
  const other = golden.links.find(
    (one) => one.system === system && one.object === object && one.status === "linked" && one.leftOver !== true,
  );
  return other !== undefined && other.inFlight === null && !other.outside ? other : null;
}

/** It does not take part: by what it was last seen to hold, or by what is agreed since. */
export function isLeftAlone(
  golden: Pick<GoldenRecord, "fields">,
  link: Link,
  entity: EntityPolicy,
  mapping: ObjectMapping,
): boolean {
  if (link.status === "wanted") return !takesPart(entity, mapping, golden.fields, {});
  return link.outside || isOutside(entity, mapping, golden.fields, link.shadow);
}

/** A new record gets every known value that is not held. */
export function creatableFields(golden: GoldenView, mapping: ObjectMapping): FieldName[] {
  return Object.entries(mapping.fields)
    .filter(([field, { direction }]) => {
      return (
        direction !== "read" && !isBlank(golden.fields[field]?.value) && freezes(golden.holds, field) === undefined
      );
    })
    .map(([field]) => field);
}

/**
 * A record may be made where the config allows it, once every required field is known and nothing about identity is open. One of which nothing is
 * known is not made; one that may have been made is looked for whatever became of its values.
 */
function isCreatable(golden: GoldenRecord, link: Link, entity: EntityPolicy, mapping: ObjectMapping): boolean {
  if (!mapping.create || pausesIdentity(entity, mapping)) return false;
  if (!link.createUnknown && creatableFields(golden, mapping).length === 0) return false;
  const identity = new Set(entity.identity.flatMap((key) => key.fields));
  if (golden.holds.some((hold) => hold.fields.some((field) => identity.has(field)))) return false;
  return entity.required.every((field) => !isBlank(golden.fields[field]?.value));
}

function settled(golden: GoldenRecord, entity: EntityPolicy): Instant {
  if (entity.settleMs === 0) return 0;
  let last = 0;
  for (const version of Object.values(golden.fields)) last = Math.max(last, changedBy(golden, version));
  return last + entity.settleMs;
}

/** A change that is said to be later than its record was heard of, by a wrong clock or an import, counts from when it was heard of. */
function changedBy({ links }: GoldenRecord, { changedAt, source }: FieldVersion): Instant {
  if (source.kind !== "record") return changedAt.until;
  const { system, object, id } = source.ref;
  const link = links.find((one) => one.system === system && one.object === object && one.id === id);
  return link === undefined ? changedAt.until : Math.min(changedAt.until, link.observedAt);
}
