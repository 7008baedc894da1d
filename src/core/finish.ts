import type { FieldName, GoldenRecord, Link } from "../model/golden.ts";
import type { EntityPolicy } from "../model/policy.ts";
import type { Instant } from "../model/time.ts";
import type { FieldValue } from "../model/value.ts";
import { behindFields, creatableFields, dueAt, isLeftAlone } from "./behind.ts";
import { archived, newLink, sentValues } from "./draft.ts";
import { identitiesOf } from "./match/identity.ts";
import { isWaiting } from "./relations/waiting.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export type DueRow = { readonly system: string; readonly object: string; readonly dueAt: Instant };

/** A golden record made ready for commit, with what the store indexes. */
export type Finished = {
  readonly golden: GoldenRecord;
  readonly keys: readonly string[];
  readonly due: readonly DueRow[];
};

/**
 * What follows from a decided golden record: a wanted link for each system that may get a record and has none, since when links are behind,
 * its identity keys, and when each link is due. Derived, so never out of step with the state.
 */
export function finish(decided: GoldenRecord, entity: EntityPolicy, now: Instant): Finished {
  const links: Mutable<Link>[] = decided.links.map((link) => ({ ...link }));
  if (decided.deletedAt !== null) endLinks(links, entity);
  else {
    for (const mapping of entity.mappings) {
      const has = links.some((link) => link.system === mapping.system && link.object === mapping.object);
      if (mapping.create && !has) links.push(newLink(mapping, null, 0));
    }
  }
  const golden: GoldenRecord = { ...decided, version: decided.version + 1, links };
  const due: DueRow[] = [];
  for (const link of links) {
    if (link.dead !== null && link.dead !== archived && hasNewerThanRefused(golden, link)) link.dead = null;
    const at = dueAt(golden, link, entity);
    if (at !== null) due.push({ system: link.system, object: link.object, dueAt: at });
    const mapping = entity.mappings.find((m) => m.system === link.system && m.object === link.object);
    const behind =
      mapping !== undefined &&
      !isLeftAlone(golden, link, entity, mapping) &&
      (link.status === "wanted"
        ? mapping.create && (link.createUnknown || creatableFields(golden, mapping).length > 0)
        : link.status === "linked" &&
          behindFields(golden, link, entity, mapping).some((field) => !isWaiting(link, field, golden)));
    link.behindSince = behind ? (link.behindSince ?? now) : null;
  }
  return { golden, keys: keysOf(golden, entity), due };
}

/** Nothing more is made for what is deleted; what may have been made waits to be known. An archived golden record leaves the others as they are. */
function endLinks(links: Mutable<Link>[], entity: EntityPolicy): void {
  const kept = links.filter((link) => link.status !== "wanted" || link.inFlight !== null || link.createUnknown);
  links.splice(0, links.length, ...kept);
  if (entity.deletes !== "archive") return;
  for (const link of links) {
    if (link.status === "linked" && link.inFlight === null) Object.assign(link, { status: "deleted", dead: archived });
  }
}

/** Its own identity, and the one that a create on its way or of unknown outcome carried: the record is recognized by it where nothing else tells. */
export function keysOf(golden: GoldenRecord, entity: EntityPolicy): string[] {
  const views: ((field: FieldName) => FieldValue | undefined)[] = [];
  if (golden.deletedAt === null) views.push((field) => golden.fields[field]?.value);
  for (const link of golden.links) {
    const mapping = entity.mappings.find((m) => m.system === link.system && m.object === link.object);
    if (link.status !== "wanted" || mapping === undefined) continue;
    const sent = link.inFlight?.values ?? sentValues(link, entity, mapping);
    views.push((field) => sent[field]);
  }
  return [...new Set(views.flatMap((view) => identitiesOf(entity, view).map((identity) => identity.text)))];
}

/** A value that was refused has been replaced by a newer one: worth another try. */
function hasNewerThanRefused(golden: GoldenRecord, link: Link): boolean {
  return Object.entries(link.refused).some(([field, { version }]) => (golden.fields[field]?.version ?? 0) > version);
}
