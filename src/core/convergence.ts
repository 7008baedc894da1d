import type { FieldName, GoldenRecord, Link } from "../model/golden.ts";
import type { EntityPolicy, ObjectMapping } from "../model/policy.ts";
import { isBlank, sameValue } from "../model/value.ts";
import { freezes } from "./draft.ts";

/**
 * How a system's copy of a field stands to what is agreed on. held: a person is asked. refused: the system would not take it. stuck: the record's
 * writes failed for good. read-only: never written there. other-form: it keeps another form than was written. behind: it will be written.
 */
export type Standing = "agrees" | "held" | "refused" | "stuck" | "read-only" | "other-form" | "behind";

/** How a golden record stands in a system. absent: none is wanted. waiting: it will be made. blocked: it may be one that a person is asked about. */
export type Presence = "linked" | "absent" | "waiting" | "blocked" | "stuck" | "deleted";

/** Every mapped field of a linked record. What both sides have no value of agrees. */
export function standingsOf(
  golden: GoldenRecord,
  link: Link,
  entity: EntityPolicy,
  mapping: ObjectMapping,
): Readonly<Record<FieldName, Standing>> {
  const fields = Object.keys(mapping.fields).filter((field) => entity.fields[field] !== undefined);
  return Object.fromEntries(fields.map((field) => [field, standingOf(golden, link, mapping, field)]));
}

function standingOf(golden: GoldenRecord, link: Link, mapping: ObjectMapping, field: FieldName): Standing {
  const version = golden.fields[field];
  const there = link.shadow[field];
  if (sameValue(there, version?.value) || (isBlank(there) && isBlank(version?.value))) return "agrees";
  if (freezes(golden.holds, field) !== undefined) return "held";
  if (mapping.fields[field]?.direction === "read") return "read-only";
  if (version !== undefined && link.refused[field]?.version === version.version) return "refused";
  if (link.dead !== null) return "stuck";
  return version !== undefined && (link.seen[field] ?? 0) >= version.version ? "other-form" : "behind";
}

export function presenceOf(golden: GoldenRecord, mapping: ObjectMapping): Presence {
  const links = golden.links.filter((link) => link.system === mapping.system && link.object === mapping.object);
  if (links.some(({ status }) => status === "linked")) return "linked";
  const wanted = links.find(({ status }) => status === "wanted");
  if (wanted !== undefined && mapping.create) {
    if (wanted.dead !== null) return "stuck";
    return wanted.waitsFor === null ? "waiting" : "blocked";
  }
  return links.some(({ status }) => status === "deleted") ? "deleted" : "absent";
}
