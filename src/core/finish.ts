import type { GoldenRecord, Link } from "../model/golden.ts";
import type { EntityPolicy } from "../model/policy.ts";
import type { Instant } from "../model/time.ts";
import { behindFields, dueAt } from "./behind.ts";
import { newLink } from "./draft.ts";
import { identitiesOf } from "./match/identity.ts";

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
  if (decided.deletedAt === null) {
    for (const mapping of entity.mappings) {
      const has = links.some((link) => link.system === mapping.system && link.object === mapping.object);
      if (mapping.create && !has) links.push(newLink(mapping, null, 0));
    }
  }
  const golden: GoldenRecord = { ...decided, version: decided.version + 1, links };
  const due: DueRow[] = [];
  for (const link of links) {
    if (link.dead !== null && hasNewerThanRefused(golden, link)) link.dead = null;
    const at = dueAt(golden, link, entity);
    if (at !== null) due.push({ system: link.system, object: link.object, dueAt: at });
    const mapping = entity.mappings.find((m) => m.system === link.system && m.object === link.object);
    const behind =
      mapping !== undefined &&
      (link.status === "wanted"
        ? mapping.create
        : link.status === "linked" && behindFields(golden, link, entity, mapping).length > 0);
    link.behindSince = behind ? (link.behindSince ?? now) : null;
  }
  const keys = golden.deletedAt === null ? identitiesOf(entity, (field) => golden.fields[field]?.value) : [];
  return { golden, keys: keys.map((identity) => identity.text), due };
}

/** A value that was refused has been replaced by a newer one: worth another try. */
function hasNewerThanRefused(golden: GoldenRecord, link: Link): boolean {
  return Object.entries(link.refused).some(([field, { version }]) => (golden.fields[field]?.version ?? 0) > version);
}
