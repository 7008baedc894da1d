import { idsOf } from "../core/relations/resolve-references.ts";
import type { GoldenId, GoldenRecord, Link } from "../model/golden.ts";
import type { Observation } from "../model/observation.ts";
import { mappingOf, type Policy } from "../model/policy.ts";
import { type RecordRef, recordKey } from "../model/record.ts";
import type { Loaded } from "../ports/store.ts";
import type { Deps } from "./deps.ts";

/** Of one that many point to, so many are read at once; the others are met when they change, or by the sweep. */
const childrenMax = 1_000;

/**
 * Records of the system in which a merge took place that point to one of the losers: the system lets them point to the survivor, and may not tell
 * of each. Looked up where there is a merge and nowhere else.
 */
export async function childrenOfMerged(
  { store, policy }: Pick<Deps, "store" | "policy">,
  observations: readonly Observation[],
  loaded: Loaded,
): Promise<readonly RecordRef[]> {
  const children: RecordRef[] = [];
  for (const seen of observations) {
    if (seen.kind !== "merge") continue;
    const entity = mappingOf(policy, seen.ref.system, seen.ref.object)?.entity.name ?? "";
    if (!isPointedTo(policy, entity)) continue;
    for (const id of seen.losers) {
      const loser = loaded.byRecord.get(recordKey({ ...seen.ref, id }));
      // Systems tell of a merge again and again; once it is known its id is an alias.
      const isNews = loaded.goldens.get(loser ?? "")?.links.some((link) => isOf(link, seen.ref, id)) === true;
      if (loser === undefined || !isNews) continue;
      const found = (await store.search(loser, childrenMax)).filter((golden) => pointsTo(golden, loser, policy));
      children.push(...found.flatMap(({ links }) => recordsIn(links, seen.ref.system)));
    }
  }
  return children;
}

/** Whether an entity is what a reference of another one, or of its own, points to. */
export function isPointedTo(policy: Policy, entity: string): boolean {
  return Object.values(policy.entities).some(({ fields }) =>
    Object.values(fields).some(({ type }) => type.kind === "reference" && type.to === entity),
  );
}

function pointsTo({ entity, fields }: GoldenRecord, id: GoldenId, policy: Policy): boolean {
  return Object.entries(policy.entities[entity]?.fields ?? {}).some(
    ([field, { type }]) => type.kind === "reference" && idsOf(fields[field]?.value ?? null).includes(id),
  );
}

function isOf(link: Link, { system, object }: RecordRef, id: string): boolean {
  return link.system === system && link.object === object && link.id === id;
}

function recordsIn(links: GoldenRecord["links"], system: string): RecordRef[] {
  return links.flatMap((link) =>
    link.system === system && link.status === "linked" && link.id !== null
      ? [{ system, object: link.object, id: link.id }]
      : [],
  );
}
