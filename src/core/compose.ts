import type { FieldName, GoldenRecord, InFlight, Link } from "../model/golden.ts";
import type { EntityPolicy, ObjectMapping } from "../model/policy.ts";
import type { CellName } from "../model/record.ts";
import type { Instant } from "../model/time.ts";
import { type FieldValue, isBlank, type RawValue, sameRaw } from "../model/value.ts";
import { behindFields } from "./behind.ts";
import { freezes, sentValues } from "./draft.ts";

/** The system's own form of a canonical value, as its connector gives it. */
export type Encode = (field: FieldName, cell: CellName, value: FieldValue) => RawValue;

/** What to send to bring one link up to date, composed from the golden record as it is now. */
export type Composed =
  /** The link as it stands while the write is under way. */
  | { readonly kind: "write"; readonly link: Link; readonly inFlight: InFlight }
  /** Nothing differs there: only what it has seen moves on. */
  | { readonly kind: "settled"; readonly link: Link }
  /** A cell to write was never read (a field newly mapped, an answer that told half): what is there must be seen first. */
  | { readonly kind: "unread"; readonly link: Link };

/**
 * Composes the write for a link that is behind. Always from the present state, so updates coalesce and a retry never carries an old
 * value. Only fields that are behind are written, only cells that differ.
 */
export function compose(
  golden: GoldenRecord,
  link: Link,
  entity: EntityPolicy,
  mapping: ObjectMapping,
  encode: Encode,
  attempt: { readonly id: string; readonly startedAt: Instant; readonly expiresAt: Instant },
): Composed {
  const kind = golden.deletedAt !== null ? "delete" : link.status === "wanted" ? "create" : "update";
  const fields =
    kind === "delete"
      ? []
      : kind === "create"
        ? creatableFields(golden, mapping)
        : behindFields(golden, link, entity, mapping);
  if (kind === "update" && fields.some((field) => !((mapping.fields[field]?.cell ?? "") in link.cells)))
    return { kind: "unread", link };
  const versions: Record<FieldName, number> = {};
  const values: Record<FieldName, FieldValue> = {};
  const patch: Record<CellName, RawValue> = {};
  const seen = { ...link.seen };
  const shadow = { ...link.shadow };
  for (const field of fields) {
    const version = golden.fields[field];
    const cell = mapping.fields[field]?.cell;
    if (version === undefined || cell === undefined) continue;
    const raw = encode(field, cell, version.value);
    if (kind === "update" && cell in link.cells && sameRaw(link.cells[cell], raw)) {
      seen[field] = version.version;
      shadow[field] = version.value;
      continue;
    }
    versions[field] = version.version;
    values[field] = version.value;
    patch[cell] = raw;
  }
  if (kind === "update" && Object.keys(patch).length === 0) return { kind: "settled", link: { ...link, seen, shadow } };
  const content = repeated(link, entity, mapping) ?? { versions, values, patch };
  const { id: attemptId, startedAt, expiresAt } = attempt;
  const inFlight: InFlight = { attemptId, kind, startedAt, expiresAt, ...content };
  return { kind: "write", link: { ...link, seen, shadow, inFlight }, inFlight };
}

/**
 * A create of unknown outcome is sent again as it was, identity included: with another one it would not find what the first may have made. It
 * can't overwrite anything; what has changed since is written when the record is known.
 */
function repeated(
  link: Link,
  entity: EntityPolicy,
  mapping: ObjectMapping,
): Pick<InFlight, "versions" | "values" | "patch"> | null {
  if (link.status !== "wanted" || !link.createUnknown) return null;
  const values = sentValues(link, entity, mapping);
  const versions = Object.fromEntries(Object.keys(values).map((field) => [field, 0]));
  const patch = Object.fromEntries(Object.entries(link.unsure).map(([cell, { wrote }]) => [cell, wrote[0] ?? null]));
  return { versions, values, patch };
}

/** A new record gets every known value that is not held. */
function creatableFields(golden: GoldenRecord, mapping: ObjectMapping): FieldName[] {
  return Object.entries(mapping.fields)
    .filter(([field, { direction }]) => {
      return (
        direction !== "read" && !isBlank(golden.fields[field]?.value) && freezes(golden.holds, field) === undefined
      );
    })
    .map(([field]) => field);
}

/** What the record is expected to hold in the cells of a patch: the guard of the write. */
export function baseOf(link: Link, cells: Iterable<CellName>): Record<CellName, RawValue> {
  const base: Record<CellName, RawValue> = {};
  for (const cell of cells) {
    const raw = link.cells[cell];
    if (raw !== undefined) base[cell] = raw;
  }
  return base;
}
