import type { GoldenId, GoldenRecord, Link } from "../../model/golden.ts";
import type { EntityPolicy, ObjectMapping } from "../../model/policy.ts";
import type { RecordRef } from "../../model/record.ts";
import { type FieldValue, isBlank, sameValue } from "../../model/value.ts";
import { identitiesOf } from "./identity.ts";

/** What an unlinked record turned out to be. */
export type Match =
  | { readonly kind: "new" }
  | { readonly kind: "link"; readonly golden: GoldenRecord; readonly by: string }
  | { readonly kind: "hold"; readonly matches: readonly GoldenId[]; readonly reason: string };

/**
 * Exact matching of an unlinked record. One golden record under its strongest key: that is it. More than one, or a weaker key against a
 * stronger one that differs (a recycled phone, a family's landline): a person decides. A second record of one system is held too,
 * unless the config lets such duplicates share a golden record.
 */
export function match(
  fields: Readonly<Record<string, FieldValue>>,
  ref: RecordRef,
  entity: EntityPolicy,
  mapping: ObjectMapping,
  goldenByKey: (key: string) => GoldenRecord | undefined,
): Match {
  const found = identitiesOf(entity, (field) => fields[field])
    .map((identity) => ({ identity, golden: goldenByKey(identity.text) }))
    .filter(
      (hit): hit is typeof hit & { golden: GoldenRecord } => hit.golden !== undefined && hit.golden.deletedAt === null,
    );
  const strongest = found[0];
  if (strongest === undefined) return { kind: "new" };
  const { golden, identity } = strongest;
  const by = identity.key.fields.join(" + ");
  const matches = [...new Set(found.map((hit) => hit.golden.id))];
  if (matches.length > 1)
    return { kind: "hold", matches, reason: "its identity fields point to different golden records" };
  const against = strongerKeyAgainst(fields, golden, entity, identity.rank);
  if (against !== null) return { kind: "hold", matches, reason: `same ${by}, but another ${against}` };
  const twin = liveLinkIn(golden, mapping);
  if (twin !== undefined && twin.id !== ref.id && entity.duplicates === "hold") {
    return { kind: "hold", matches, reason: `same ${by} as record ${twin.id ?? ""} of ${ref.system}` };
  }
  return { kind: "link", golden, by };
}

/** The fields of a stronger key that both sides have, with different values. */
function strongerKeyAgainst(
  fields: Readonly<Record<string, FieldValue>>,
  golden: GoldenRecord,
  entity: EntityPolicy,
  rank: number,
): string | null {
  for (const key of entity.identity.slice(0, rank)) {
    const both = key.fields.every((field) => !isBlank(fields[field]) && !isBlank(golden.fields[field]?.value));
    const differ = key.fields.some((field) => !sameValue(fields[field], golden.fields[field]?.value));
    if (both && differ) return key.fields.join(" + ");
  }
  return null;
}

export function liveLinkIn(golden: GoldenRecord, mapping: ObjectMapping): Link | undefined {
  return golden.links.find(
    (link) => link.system === mapping.system && link.object === mapping.object && link.status === "linked",
  );
}
