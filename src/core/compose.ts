import type { FieldName, GoldenRecord, InFlight, Link } from "../model/golden.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { EntityPolicy, ObjectMapping, Policy } from "../model/policy.ts";
import type { CellName } from "../model/record.ts";
import { type FieldValue, type RawValue, sameRaw, sameValue } from "../model/value.ts";
import { absorberOf, behindFields, creatableFields } from "./behind.ts";
import { type Context, draftOf, recordSource, sentValues, write } from "./draft.ts";
import { cellsOfField } from "./mapping/cells-of.ts";
import { knownFields } from "./mapping/known-fields.ts";
import { readField } from "./mapping/read-field.ts";
import { writeField } from "./mapping/write-field.ts";
import { type GoldenById, lookAgainAt, placeReference, waitsToBeMade } from "./relations/place-references.ts";
import { isWaiting } from "./relations/waiting.ts";

/** The system's own form of a canonical value, as its connector gives it. */
export type Encode = (field: FieldName, cell: CellName, value: FieldValue) => RawValue;

/** Fields whose values have no form there, with the reason; they wait until the value changes. */
export type Refusals = Readonly<Record<FieldName, string>>;

/** What to send to bring one link up to date, composed from the golden record as it is now. */
export type Composed =
  /** The link as it stands while the write is under way. */
  | { readonly kind: "write"; readonly link: Link; readonly inFlight: InFlight; readonly refusals: Refusals }
  /** Nothing differs there: only what it has seen moves on. */
  | { readonly kind: "settled"; readonly link: Link; readonly refusals: Refusals }
  /** What it points to is on its way there, and goes first. `values`: what it will be made with. */
  | { readonly kind: "unplaced"; readonly link: Link; readonly values: Readonly<Record<FieldName, FieldValue>> }
  /** A cell to write, or one of a record to delete, was never read (a field newly mapped, an answer that told half): what is there must be seen first. */
  | { readonly kind: "unread"; readonly link: Link };

export type ComposeDeps = {
  readonly encode: Encode;
  readonly policy: Policy;
  /** The golden records that references point to. */
  readonly goldenById: GoldenById;
};

/**
 * Composes the write for a link that is behind. Always from the present state, so updates coalesce and a retry never carries an old
 * value. Only fields that are behind are written, only cells that differ.
 */
export function compose(
  golden: GoldenRecord,
  link: Link,
  entity: EntityPolicy,
  mapping: ObjectMapping,
  { encode, policy, goldenById }: ComposeDeps,
  attempt: { readonly id: string } & Pick<InFlight, "startedAt" | "expiresAt" | "sender">,
): Composed {
  const absorber = absorberOf(golden, link, mapping);
  const isDelete = golden.deletedAt !== null || absorber !== null;
  const kind = isDelete ? "delete" : link.status === "wanted" ? "create" : "update";
  const fields =
    kind === "delete"
      ? []
      : kind === "create"
        ? creatableFields(golden, mapping)
        : behindFields(golden, link, entity, mapping);
  const known = kind === "update" ? fields : kind === "delete" ? readFields(mapping) : [];
  if (known.some((field) => cellsOfField(mapping, field).some((cell) => !(cell in link.cells))))
    return { kind: "unread", link };
  const versions: Record<FieldName, number> = {};
  const values: Record<FieldName, FieldValue> = {};
  const patch: Record<CellName, RawValue> = {};
  const seen = { ...link.seen };
  const shadow = { ...link.shadow };
  const refused = { ...link.refused };
  const refusals: Record<FieldName, string> = {};
  const waiting = { ...link.waiting };
  const now = attempt.startedAt;
  let goesSecond = false;
  const valueFor = (field: FieldName): FieldValue =>
    fields.includes(field) ? (golden.fields[field]?.value ?? null) : (link.shadow[field] ?? null);
  for (const field of fields) {
    const version = golden.fields[field];
    const mapped = mapping.fields[field];
    const type = entity.fields[field]?.type;
    if (version === undefined || mapped === undefined || type === undefined) continue;
    let told = version.value;
    if (type.kind === "reference") {
      const known = isWaiting(link, field, golden) ? link.waiting[field] : undefined;
      if (kind === "update" && known !== undefined && known.until > now) continue;
      const placed = placeReference(golden, version.value, type, mapping.system, policy, goldenById);
      const since = known?.since ?? now;
      const kindOfWait = placed.kind === "awaited" ? placed.kind : "nowhere";
      const again = { version: version.version, since, until: lookAgainAt(since, now, kindOfWait) };
      if (placed.kind !== "placed") {
        waiting[field] = { ...again, without: [] };
        if (kind === "create" && placed.kind === "awaited" && waitsToBeMade(known, now)) goesSecond = true;
        continue;
      }
      if (placed.without.length > 0) waiting[field] = { ...again, without: placed.without };
      else delete waiting[field];
      told = placed.value;
    }
    const isHeld = kind === "update" && holdsAlready(link, field, version.value, entity, mapping);
    const written = isHeld
      ? nothingToWrite
      : writeField(field, type, mapped, (one) => (one === field ? told : valueFor(one)));
    if (!written.ok) {
      refusals[field] = written.reason;
      refused[field] = { version: version.version, reason: written.reason };
      continue;
    }
    const raws = Object.entries<FieldValue>(written.cells).map(
      ([cell, value]) => [cell, encode(field, cell, value)] as const,
    );
    const differing = kind === "update" ? raws.filter(([cell, raw]) => !sameRaw(link.cells[cell], raw)) : raws;
    if (differing.length === 0) {
      seen[field] = version.version;
      shadow[field] = version.value;
      continue;
    }
    versions[field] = version.version;
    values[field] = version.value;
    Object.assign(patch, Object.fromEntries(differing));
  }
  if (goesSecond) {
    const untils = Object.values(waiting).map(({ until }) => until);
    return { kind: "unplaced", link: { ...link, waiting, retryAt: Math.min(...untils) }, values };
  }
  if (kind === "create") {
    for (const [cell, value] of Object.entries(mapping.constants ?? {}))
      patch[cell] ??= encode("", cell, typeof value === "number" ? String(value) : value);
  }
  if (kind === "update" && Object.keys(patch).length === 0)
    return { kind: "settled", link: { ...link, seen, shadow, refused, waiting }, refusals };
  const content = repeated(link, entity, mapping) ?? { versions, values, patch };
  const { id: attemptId, ...begun } = attempt;
  const into = mapping.merged === "merge" && absorber?.id != null ? { into: absorber.id } : {};
  const inFlight: InFlight = { attemptId, kind, ...begun, ...content, ...into };
  return { kind: "write", link: { ...link, seen, shadow, refused, waiting, inFlight }, inFlight, refusals };
}

/** The fields that are read there: of a record that goes, all that someone may have entered. */
function readFields(mapping: ObjectMapping): FieldName[] {
  return Object.entries(mapping.fields).flatMap(([field, { direction }]) => (direction === "write" ? [] : [field]));
}

const nothingToWrite = { ok: true, cells: {} } as const;

/** Whatever its cells are, they mean this value already: another form of it is nobody's to correct. */
function holdsAlready(
  link: Link,
  field: FieldName,
  value: FieldValue,
  entity: EntityPolicy,
  mapping: ObjectMapping,
): boolean {
  const [mapped, type] = [mapping.fields[field], entity.fields[field]?.type];
  if (mapped?.form === undefined || mapped.direction !== "both" || type === undefined) return false;
  const known = knownFields(link.cells, entity, mapping, [(one) => link.shadow[one]]);
  if (field in known) return sameValue(known[field], value);
  const read = readField(type, mapped, link.cells);
  return read?.ok === true && sameValue(read.value, value);
}

/** The journal's lines about values that have no form in a system. */
export function refusalLines(
  golden: GoldenRecord,
  link: Link,
  refusals: Refusals,
  context: Context,
): readonly JournalEntry[] {
  const draft = draftOf(golden, context.entity);
  const source = recordSource({ system: link.system, object: link.object, id: link.id ?? "" }, null);
  for (const [field, why] of Object.entries(refusals))
    write(draft, context, { kind: "refused", field, other: golden.fields[field]?.value ?? null, why, source });
  return draft.journal;
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

/** What the record is expected to hold in the cells of a patch: the guard of the write. */
export function baseOf(link: Link, cells: Iterable<CellName>): Record<CellName, RawValue> {
  const base: Record<CellName, RawValue> = {};
  for (const cell of cells) {
    const raw = link.cells[cell];
    if (raw !== undefined) base[cell] = raw;
  }
  return base;
}
