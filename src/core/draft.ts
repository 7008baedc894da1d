import type { FieldName, FieldVersion, GoldenId, GoldenRecord, Link, Source } from "../model/golden.ts";
import type { Hold } from "../model/hold.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { EntityPolicy, ObjectMapping, Policy } from "../model/policy.ts";
import type { RecordRef } from "../model/record.ts";
import type { Instant, Interval } from "../model/time.ts";
import { type FieldValue, sameValue } from "../model/value.ts";
import { readField } from "./mapping/read-field.ts";

/** A golden record while a decision is being made on it: the parts that change, and what must be told about the change. */
export type Draft = {
  readonly id: GoldenId;
  readonly entity: EntityPolicy;
  readonly version: number;
  fields: Record<FieldName, FieldVersion>;
  links: Link[];
  holds: Hold[];
  deletedAt: Instant | null;
  distinctFrom: readonly GoldenId[];
  mergedInto: GoldenId | null;
  readonly journal: JournalEntry[];
  /** Holds opened, changed or closed by this decision. */
  readonly changedHolds: Map<string, Hold>;
  /** Records that point to others which are not known, newly so. */
  readonly parked: Parked[];
};

/** A record whose references wait for these records to be known. */
export type Parked = { readonly child: RecordRef; readonly parents: readonly RecordRef[] };

/** What every step of a decision may depend on besides the draft. `cause` is the observation, decision or attempt. */
export type Context = {
  readonly policy: Policy;
  readonly entity: EntityPolicy;
  readonly now: Instant;
  readonly cause: string;
};

export function draftOf(golden: GoldenRecord, entity: EntityPolicy): Draft {
  return {
    id: golden.id,
    entity,
    version: golden.version,
    fields: { ...golden.fields },
    links: [...golden.links],
    holds: [...golden.holds],
    deletedAt: golden.deletedAt,
    distinctFrom: golden.distinctFrom ?? [],
    mergedInto: golden.mergedInto ?? null,
    journal: [],
    changedHolds: new Map(),
    parked: [],
  };
}

/** A golden record that does not exist yet; its version is 0 until it is committed. */
export function emptyGolden(id: GoldenId, entity: EntityPolicy): GoldenRecord {
  return { id, entity: entity.name, version: 0, fields: {}, links: [], holds: [], deletedAt: null };
}

/** The golden record as decided; its version is still the one that was read. */
export function goldenOf(draft: Draft): GoldenRecord {
  return {
    id: draft.id,
    entity: draft.entity.name,
    version: draft.version,
    fields: draft.fields,
    links: draft.links,
    holds: draft.holds,
    deletedAt: draft.deletedAt,
    ...(draft.distinctFrom.length === 0 ? {} : { distinctFrom: draft.distinctFrom }),
    ...(draft.mergedInto === null ? {} : { mergedInto: draft.mergedInto }),
  };
}

export function setLink(draft: Draft, index: number, changes: Partial<Link>): void {
  draft.links[index] = { ...linkAt(draft, index), ...changes };
}

export function linkAt(draft: Draft, index: number): Link {
  const link = draft.links[index];
  if (link === undefined) throw new Error(`Golden record ${draft.id} has no link ${index}.`);
  return link;
}

/** Why a link of an archived golden record is dead: its record is there, and left alone. */
export const archived = "archived";

/** The golden record lives again, with every record that was left alone. */
export function unarchive(draft: Draft): void {
  draft.deletedAt = null;
  draft.links = draft.links.map((link) =>
    link.dead === archived ? { ...link, status: "linked" as const, dead: null } : link,
  );
}

/** A link to a record that is there, or (id `null`) shall be made. */
export function newLink(mapping: ObjectMapping, id: string | null, generation: number): Link {
  return {
    system: mapping.system,
    object: mapping.object,
    id,
    aliases: [],
    generation,
    status: id === null ? "wanted" : "linked",
    shadow: {},
    cells: {},
    seen: {},
    revision: null,
    observedAt: 0,
    knownAt: 0,
    inFlight: null,
    createUnknown: false,
    waitsFor: null,
    outside: false,
    parked: {},
    waiting: {},
    unsure: {},
    refused: {},
    failures: 0,
    retryAt: 0,
    dead: null,
    behindSince: null,
  };
}

/**
 * The link to a record that a create of unknown outcome made: what was sent is what it held at first, so that nothing of ours is taken for an
 * edit of someone else's there. What is still agreed on was seen there.
 */
export function madeLink(draft: Draft, wanted: Link, id: string, mapping: ObjectMapping): Link {
  const shadow = sentValues(wanted, draft.entity, mapping);
  const seen = Object.entries(shadow).map(([field, value]) => {
    const golden = draft.fields[field];
    return [field, golden !== undefined && sameValue(golden.value, value) ? golden.version : 0] as const;
  });
  return { ...newLink(mapping, id, wanted.generation), shadow, seen: Object.fromEntries(seen), unsure: wanted.unsure };
}

/** The values of a create whose outcome is unknown. */
export function sentValues(
  { unsure }: Link,
  entity: EntityPolicy,
  mapping: ObjectMapping,
): Record<FieldName, FieldValue> {
  const sent: Record<FieldName, FieldValue> = {};
  const cells = Object.fromEntries(Object.entries(unsure).map(([cell, { wrote }]) => [cell, wrote[0] ?? null]));
  for (const [field, one] of Object.entries(mapping.fields)) {
    const type = entity.fields[field]?.type;
    // What a reference was sent as is an id of that system.
    const read = type === undefined || type.kind === "reference" ? null : readField(type, one, cells);
    if (read?.ok === true) sent[field] = read.value;
  }
  return sent;
}

type Line = Pick<JournalEntry, "kind" | "why" | "source"> &
  Partial<Pick<JournalEntry, "field" | "from" | "to" | "other" | "base" | "version" | "ref" | "said">>;

/** Appends a line to the journal, filled up from the draft. */
export function write(draft: Draft, context: Context, line: Line): void {
  const current = line.field == null ? undefined : draft.fields[line.field];
  draft.journal.push({
    goldenId: draft.id,
    entity: draft.entity.name,
    at: context.now,
    field: null,
    version: current?.version ?? 0,
    from: current?.value ?? null,
    to: current?.value ?? null,
    other: null,
    base: null,
    ref: line.source.kind === "record" ? line.source.ref : null,
    cause: context.cause,
    ...line,
  });
}

/** Gives a field its next version, and journals it. */
export function setField(
  draft: Draft,
  context: Context,
  field: FieldName,
  next: { readonly value: FieldValue; readonly at: Interval; readonly source: Source; readonly why: string },
  sides: { readonly base?: FieldValue | undefined; readonly other?: FieldValue } = {},
): void {
  const before = draft.fields[field];
  const version = (before?.version ?? 0) + 1;
  draft.fields[field] = { value: next.value, version, changedAt: next.at, source: next.source };
  write(draft, context, {
    kind: "set",
    field,
    version,
    from: before?.value ?? null,
    to: next.value,
    base: sides.base ?? null,
    other: sides.other ?? null,
    why: next.why,
    source: next.source,
  });
}

/** Links that already hold a value which was decided on have nothing left to be told. */
export function catchUp(draft: Draft, field: FieldName, value: FieldValue): void {
  const version = draft.fields[field]?.version ?? 0;
  draft.links.forEach((link, index) => {
    if (sameValue(link.shadow[field], value)) setLink(draft, index, { seen: { ...link.seen, [field]: version } });
  });
}

export function recordSource(ref: RecordRef, author: string | null): Source {
  return { kind: "record", ref, author };
}

/** The open hold that freezes this field, if there is one. */
export function freezes(holds: readonly Hold[], field: FieldName): Hold | undefined {
  return holds.find((hold) => (hold.kind === "conflict" || hold.kind === "clear") && hold.fields.includes(field));
}

/** Puts a new or changed hold in its place; a closed one leaves the golden record. */
export function putHold(draft: Draft, hold: Hold): void {
  draft.holds = draft.holds.filter((other) => other.id !== hold.id);
  if (hold.status === "open") draft.holds.push(hold);
  draft.changedHolds.set(hold.id, hold);
}
