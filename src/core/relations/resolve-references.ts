import type { FieldType } from "../../model/field-type.ts";
import type { FieldName, GoldenId, Link } from "../../model/golden.ts";
import type { CoveredValue, Upsert } from "../../model/observation.ts";
import type { EntityPolicy, ObjectMapping, Policy } from "../../model/policy.ts";
import type { CellName, RecordId, RecordRef } from "../../model/record.ts";
import { type FieldValue, type RawValue, sameRaw } from "../../model/value.ts";

/** The golden record that a record belongs to, if it is known. */
export type GoldenOf = (ref: RecordRef) => GoldenId | undefined;

type Reference = FieldType & { readonly kind: "reference" };

type ReferenceField = { readonly field: FieldName; readonly cell: CellName; readonly type: Reference };

/** Asked for every record. */
const known = new WeakMap<ObjectMapping, readonly ReferenceField[]>();

/** The fields of an object that point to other records. */
export function referencesOf(entity: EntityPolicy, mapping: ObjectMapping): readonly ReferenceField[] {
  const found = known.get(mapping);
  if (found !== undefined) return found;
  const references = Object.entries(mapping.fields).flatMap(([field, { cell }]): ReferenceField[] => {
    const type = entity.fields[field]?.type;
    return type?.kind === "reference" ? [{ field, cell, type }] : [];
  });
  known.set(mapping, references);
  return references;
}

/** Every record that an observation's references name. */
export function referredRecords(
  seen: Upsert,
  entity: EntityPolicy,
  mapping: ObjectMapping,
  policy: Policy,
): RecordRef[] {
  return referencesOf(entity, mapping).flatMap(({ field, type }) =>
    idsOf(seen.fields[field] ?? null).flatMap((id) => recordIn(policy, mapping.system, type, id) ?? []),
  );
}

/** A record by its id in a reference's cell; `null`: the config maps no object there that it could be of. */
function recordIn(policy: Policy, system: string, { to }: Pick<Reference, "to">, id: RecordId): RecordRef | null {
  const target = policy.entities[to]?.mappings.find((one) => one.system === system);
  return target === undefined ? null : { system, object: target.object, id };
}

/** Ids in a reference's value, whether of records or of golden records. */
export function idsOf(value: FieldValue): readonly string[] {
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? (value as readonly string[]) : [];
}

/** What cells are known to mean besides: the ones last seen there, the ones just written. */
export type KnownCells = readonly {
  readonly cells: Readonly<Record<CellName, RawValue>>;
  readonly values: Readonly<Record<FieldName, FieldValue>>;
}[];

/**
 * An observation whose references are golden records. A reference to a record that is not known is left out of the fields and named in
 * `unknown`. `link`: what is known of the record so far.
 */
export function resolveReferences(
  seen: Upsert,
  link: Link | null,
  entity: EntityPolicy,
  mapping: ObjectMapping,
  policy: Policy,
  goldenOf: GoldenOf,
  written: KnownCells = [],
): Upsert {
  const references = referencesOf(entity, mapping);
  if (references.length === 0) return seen;
  const fields: Record<FieldName, FieldValue> = { ...seen.fields };
  const covered: Record<FieldName, readonly CoveredValue[]> = { ...seen.covered };
  const previous = { ...seen.previous };
  const unknown: Record<FieldName, readonly RecordRef[]> = {};
  for (const { field, cell, type } of references) {
    const meant = [
      ...written,
      ...(link === null || field in link.parked ? [] : [{ cells: link.cells, values: link.shadow }]),
    ];
    const resolve = (value: FieldValue) => golden(value, type, link?.waiting[field]?.without ?? []);
    const before = previous[field];
    if (before !== undefined) {
      const value = resolve(before.value);
      if (value === undefined) delete previous[field];
      else previous[field] = { ...before, value };
    }
    covered[field] = (covered[field] ?? []).flatMap((one) => {
      const value = resolve(one.value);
      return value === undefined ? [] : [{ ...one, value }];
    });
    if (covered[field]?.length === 0) delete covered[field];
    const value = fields[field];
    if (value === undefined) continue;
    const same = meant.find((one) => field in one.values && sameRaw(one.cells[cell], seen.cells[cell]));
    const found = resolve(value);
    const resolved = found === undefined ? same?.values[field] : found;
    if (resolved !== undefined) {
      fields[field] = resolved;
      continue;
    }
    delete fields[field];
    unknown[field] = idsOf(value).flatMap((id) => {
      const ref = recordIn(policy, mapping.system, type, id);
      return ref === null || goldenOf(ref) !== undefined ? [] : [ref];
    });
  }
  return { ...seen, fields, covered, previous, unknown };

  /** `also`: golden records that belong to the value, though they have no record there. */
  function golden(value: FieldValue, type: Reference, also: readonly GoldenId[]): FieldValue | undefined {
    const found = idsOf(value).map((id) => {
      const ref = recordIn(policy, mapping.system, type, id);
      return ref === null ? undefined : goldenOf(ref);
    });
    if (found.includes(undefined)) return undefined;
    if (type.many !== true) return found[0] ?? null;
    const all = [...new Set([...(found as GoldenId[]), ...also])].sort();
    return all.length === 0 ? null : all;
  }
}
