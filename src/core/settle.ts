import type { FieldName, GoldenId, GoldenRecord, InFlight, Link } from "../model/golden.ts";
import type { Hold } from "../model/hold.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { CoveredCell, RawUpsert, Revision, Upsert } from "../model/observation.ts";
import type { EntityPolicy, ObjectMapping, Policy } from "../model/policy.ts";
import type { CellName, RecordId, RecordRef } from "../model/record.ts";
import type { SyncError } from "../model/sync-error.ts";
import type { Instant } from "../model/time.ts";
import { type FieldValue, type RawValue, sameRaw, sameValue } from "../model/value.ts";
import { applyDelete } from "./apply-delete.ts";
import { applyCoveredEdits, applyUpsert } from "./apply-upsert.ts";
import {
  type Context,
  type Draft,
  draftOf,
  goldenOf,
  linkAt,
  madeLink,
  type Parked,
  putHold,
  recordSource,
  setLink,
  write,
} from "./draft.ts";
import { cellsOfField } from "./mapping/cells-of.ts";
import { knownFields } from "./mapping/known-fields.ts";
import { observe } from "./observe.ts";
import { hasRefusals, isStuck } from "./refusal.ts";
import { type GoldenOf, resolveReferences } from "./relations/resolve-references.ts";
import { afterFailure } from "./retry.ts";

/** What a system answered to a write; the connector's result, seen from here. */
export type Receipt =
  | {
      readonly kind: "written";
      readonly id: RecordId;
      readonly cells: Readonly<Record<CellName, RawValue>>;
      readonly complete: boolean;
      readonly revision: Revision | null;
      readonly observedAt: Instant;
      readonly covered: Readonly<Record<CellName, readonly CoveredCell[]>>;
      readonly created: boolean;
    }
  | { readonly kind: "changed"; readonly observation: RawUpsert }
  | { readonly kind: "missing" }
  /** `owner`: the golden record that the existing record is linked to, if any. */
  | { readonly kind: "exists"; readonly id: RecordId; readonly owner: GoldenId | null }
  | { readonly kind: "failed"; readonly error: SyncError }
  /** The sender died, or never heard: the outcome is unknown. */
  | { readonly kind: "lost" };

export type Settled = {
  readonly golden: GoldenRecord;
  readonly journal: readonly JournalEntry[];
  readonly holds: readonly Hold[];
  readonly reread: readonly RecordRef[];
  /** The write failed for good: a dead letter is due. */
  readonly dead: DeadReason | null;
  /** What a dead letter of this link told of is written. */
  readonly isCured: boolean;
  readonly parked: readonly Parked[];
};

/** `refused`: the fields that the system would not take, each with its words. */
export type DeadReason = { readonly reason: string; readonly refused: Readonly<Record<FieldName, string>> };

type Deps = {
  readonly policy: Policy;
  readonly entity: EntityPolicy;
  readonly mapping: ObjectMapping;
  readonly now: Instant;
  readonly jitter: number;
  /** Whose records are which, as far as the answers name any. */
  readonly goldenOf: GoldenOf;
};

/**
 * Closes a write in flight with its receipt. What the system then holds becomes the shadow; whatever else the answer told is decided as an
 * observation. `index` is the link's place in the golden record.
 */
export function settle(golden: GoldenRecord, index: number, receipt: Receipt, deps: Deps): Settled {
  const draft = draftOf(golden, deps.entity);
  const link = linkAt(draft, index);
  const { inFlight } = link;
  if (inFlight === null)
    throw new Error(`Golden record ${golden.id}: a receipt for ${link.system} without a write in flight.`);
  const context: Context = { policy: deps.policy, entity: deps.entity, now: deps.now, cause: inFlight.attemptId };
  setLink(draft, index, { inFlight: null });
  const step: Step = { draft, index, link, inFlight, context, deps };
  const rest = settleKind(step, receipt);
  return {
    golden: goldenOf(draft),
    journal: draft.journal,
    holds: [...draft.changedHolds.values()],
    parked: draft.parked,
    reread: rest.reread ?? [],
    dead: rest.dead ?? null,
    isCured: receipt.kind === "written" && isCured(draft, link, receipt.id),
  };
}

function isCured(draft: Draft, before: Link, id: RecordId): boolean {
  const after = draft.links.find(
    (one) => one.system === before.system && one.object === before.object && one.id === id,
  );
  return hasRefusals(before) && (after === undefined || !isStuck(draft, after));
}

/** How long a link rests while its record is read. */
const rereadMs = 5_000;

type Step = {
  readonly draft: Draft;
  readonly index: number;
  readonly link: Link;
  readonly inFlight: InFlight;
  readonly context: Context;
  readonly deps: Deps;
};
type Rest = { readonly reread?: readonly RecordRef[]; readonly dead?: DeadReason };

function settleKind(step: Step, receipt: Receipt): Rest {
  switch (receipt.kind) {
    case "written":
      return settleWritten(step, receipt);
    case "changed":
      return settleChanged(step, receipt.observation);
    case "missing":
      return settleMissing(step);
    case "exists":
      return settleExists(step, receipt.id, receipt.owner);
    case "failed":
      return settleFailed(step, receipt.error);
    case "lost":
      return settleLost(step);
  }
}

/** What an answer says, with what it points to as far as that is known. */
function observed({ link, inFlight, deps }: Step, raw: RawUpsert): Upsert {
  const { entity, mapping, policy, goldenOf } = deps;
  const written = [{ cells: inFlight.patch, values: inFlight.values }];
  return resolveReferences(observe(raw, entity, mapping), link, entity, mapping, policy, goldenOf, written);
}

function refOf(link: Pick<Link, "system" | "object">, id: RecordId): RecordRef {
  return { system: link.system, object: link.object, id };
}

function settleWritten(step: Step, receipt: Receipt & { kind: "written" }): Rest {
  const { draft, index, link, inFlight, context, deps } = step;
  const ref = refOf(link, receipt.id);
  const ok = { failures: 0, retryAt: 0, dead: null, createUnknown: false };
  if (inFlight.into !== undefined) {
    absorb(step, receipt.id, inFlight.into);
    return {};
  }
  if (inFlight.kind === "delete") {
    const why = link.leftOver === true ? "its golden record has another record here" : "deleted here too";
    setLink(draft, index, {
      ...ok,
      status: "deleted",
      leftOver: false,
      revision: receipt.revision,
      observedAt: receipt.observedAt,
    });
    write(draft, context, { kind: "deleted", why, source: recordSource(ref, null) });
    return {};
  }
  const raw: RawUpsert = {
    kind: "upsert",
    ref,
    revision: receipt.revision,
    observedAt: receipt.observedAt,
    complete: receipt.complete,
    cells: receipt.cells,
    changedAt: null,
    author: null,
    heldAt: inFlight.startedAt,
    covered: receipt.covered,
  };
  if (inFlight.kind === "create" && dropTwin(step, receipt.id)) return {};
  if (inFlight.kind === "create" && !receipt.created) {
    // An earlier create had taken effect; people may have edited the record since: meet it as it is.
    setLink(draft, index, { ...madeLink(draft, link, receipt.id, deps.mapping), aliases: link.aliases });
    write(draft, context, { kind: "linked", why: "create key", source: recordSource(ref, null) });
    applyUpsert(draft, index, observed(step, raw), deps.mapping, context);
    if (receipt.complete) return {};
    // The rest is read before anything is written over it.
    setLink(draft, index, { retryAt: deps.now + rereadMs });
    return { reread: [ref] };
  }
  const base = link.cells;
  const seen = observed(step, raw);
  // What the write covered was edited from what was there before it.
  applyCoveredEdits(draft, index, seen, deps.mapping, context);
  setLink(draft, index, {
    ...ok,
    id: receipt.id,
    status: "linked",
    unsure: Object.fromEntries(Object.entries(link.unsure).filter(([, { until }]) => until > receipt.observedAt)),
    cells: { ...base, ...inFlight.patch, ...onlyPatched(inFlight, receipt.cells) },
    refused: Object.fromEntries(Object.entries(link.refused).filter(([field]) => !(field in inFlight.versions))),
    ...heldAfter(step, receipt.cells),
  });
  write(draft, context, {
    kind: "written",
    why: `${inFlight.kind === "create" ? "created with" : "wrote"} ${Object.keys(inFlight.versions).join(", ")}`,
    source: recordSource(ref, null),
  });
  // What else the answer shows was changed at some time since the last reading, so that is still the one before the write.
  applyUpsert(draft, index, { ...seen, covered: {} }, deps.mapping, context);
  return {};
}

/** The left-over record was merged into the other one, which may have another id since: both ids mean it now. */
function absorb({ draft, index, link, context }: Step, survivorId: RecordId, into: RecordId): void {
  const isAbsorber = (one: Link) => one.system === link.system && one.object === link.object && one.id === into;
  const ids = [link.id ?? "", ...link.aliases, into];
  draft.links = draft.links.flatMap((one, i): Link[] => {
    if (i === index) return [];
    if (!isAbsorber(one)) return [one];
    return [
      { ...one, id: survivorId, aliases: [...new Set([...one.aliases, ...ids])].filter((id) => id !== survivorId) },
    ];
  });
  const source = recordSource(refOf(link, survivorId), null);
  write(draft, context, { kind: "merged", why: `${link.id} was merged into ${survivorId} here too`, source });
}

/** The record that was to be made is one that the golden record has: there is nothing to make. */
function dropTwin({ draft, index, link }: Step, id: RecordId): boolean {
  const isOther = (other: Link, i: number) =>
    i !== index && other.system === link.system && other.object === link.object;
  if (!draft.links.some((other, i) => isOther(other, i) && (other.id === id || other.aliases.includes(id))))
    return false;
  draft.links.splice(index, 1);
  return true;
}

function onlyPatched(inFlight: InFlight, cells: Readonly<Record<CellName, RawValue>>): Record<CellName, RawValue> {
  return Object.fromEntries(Object.entries(cells).filter(([cell]) => cell in inFlight.patch));
}

/** A sender taken for dead may only have been stopped: what it had in hand can still land for so long. */
const lateMs = 120_000;

function unsureOf({ link, inFlight, deps }: Step, laterMs = 0): Link["unsure"] {
  if (inFlight.kind === "delete") return link.unsure;
  const written = Object.entries(inFlight.patch).map(([cell, raw]) => {
    const before = (link.unsure[cell]?.wrote ?? []).filter((one) => !sameRaw(one, raw));
    return [cell, { wrote: [...before, raw], until: deps.now + laterMs }];
  });
  return { ...link.unsure, ...Object.fromEntries(written) };
}

/**
 * Shadow and seen of the written fields. A system that keeps another form of the value is not behind: the form read back is the shadow.
 * A form that is not even canonically the same lost something: journaled once, and it never travels back.
 */
function heldAfter(step: Step, cells: Readonly<Record<CellName, RawValue>>): Pick<Link, "shadow" | "seen"> {
  const { draft, link, inFlight, context, deps } = step;
  const ref = refOf(link, link.id ?? "");
  const held = { ...link.cells, ...inFlight.patch, ...cells };
  const about = { ref, revision: null, observedAt: 0, complete: false, changedAt: null, author: null };
  const readBack = observed(step, { kind: "upsert", ...about, cells: held });
  const known = knownFields(held, deps.entity, deps.mapping, [
    (field) => (field in inFlight.values ? inFlight.values[field] : (link.shadow[field] ?? null)),
  ]);
  const shadow: Record<FieldName, FieldValue> = { ...link.shadow };
  const seen: Record<FieldName, number> = { ...link.seen };
  for (const [field, version] of Object.entries(inFlight.versions)) {
    const wrote = inFlight.values[field] ?? null;
    const kept = { [field]: wrote, ...readBack.fields, ...known }[field] ?? null;
    shadow[field] = kept;
    seen[field] = version;
    if (sameValue(kept, wrote)) continue;
    write(draft, context, {
      kind: "lossy",
      field,
      other: kept,
      why: `${link.system} keeps another value than was written`,
      source: recordSource(ref, null),
    });
  }
  return { shadow, seen };
}

/** Something else was there: nothing was written. It is an observation, decided first; what is still behind is composed anew. */
function settleChanged(step: Step, observation: RawUpsert): Rest {
  const { draft, index, deps, context } = step;
  setLink(draft, index, { failures: 0, retryAt: 0 });
  const outcome = applyUpsert(draft, index, observed(step, observation), deps.mapping, context);
  // The system sees a difference where none is: without a pause this would go round for ever.
  if (outcome === "no-op") return backOff(step, { code: "UNREACHABLE", message: "" });
  return outcome === "reread" || outcome === "superseded" ? { reread: [observation.ref] } : {};
}

function settleMissing(step: Step): Rest {
  const { draft, index, link, inFlight, context } = step;
  if (link.id === null)
    return settleFailed(step, { code: "UNREACHABLE", message: "the created record is not there yet" });
  const ref = refOf(link, link.id);
  const observedAt = Math.max(link.observedAt, inFlight.startedAt);
  applyDelete(draft, index, { kind: "delete", ref, revision: null, observedAt, confirmed: true }, context);
  return {};
}

/** A unique key is taken: by a record that we don't know yet (read it: it will be matched), or by another golden record's (a person must see both). */
function settleExists(step: Step, id: RecordId, owner: GoldenId | null): Rest {
  const { draft, index, link } = step;
  const ref = refOf(link, id);
  if (dropTwin(step, id)) return {};
  if (owner === null || owner === draft.id) {
    backOff(step, { code: "UNREACHABLE", message: "" });
    return { reread: [ref] };
  }
  const reason = `${link.system} already has record ${id} with this identity, and it belongs to another golden record`;
  setLink(draft, index, { dead: reason });
  holdTaken(step, ref, owner, reason);
  return {};
}

/** Both owners of what must be unique in a system are shown to a person. */
function holdTaken({ draft, context, deps }: Step, ref: RecordRef, owner: GoldenId, reason: string): void {
  if (draft.holds.some((hold) => hold.kind === "duplicate" && hold.matches.includes(owner))) return;
  putHold(draft, {
    id: `${draft.id}.taken.${ref.system}.${ref.id}.${context.cause}`,
    kind: "duplicate",
    entity: deps.entity.name,
    goldenId: draft.id,
    ref,
    fields: [],
    base: {},
    candidates: [],
    matches: [owner],
    reason,
    openedAt: context.now,
    updatedAt: context.now,
    revision: 1,
    status: "open",
    closed: null,
  });
  write(draft, context, { kind: "held", why: reason, source: recordSource(ref, null) });
}

function settleFailed(step: Step, error: SyncError): Rest {
  const { draft, index, link, inFlight } = step;
  if (inFlight.kind === "create" && error.code === "UNKNOWN_OUTCOME") setLink(draft, index, { createUnknown: true });
  if (error.code === "UNKNOWN_OUTCOME") setLink(draft, index, { unsure: unsureOf(step) });
  if (error.code === "REJECTED") return settleRejected(step, error);
  const reread = error.code === "UNKNOWN_OUTCOME" && link.id !== null ? [refOf(link, link.id)] : [];
  return { ...backOff(step, error), reread };
}

/**
 * The system understood and refuses. Where it names the cells, those fields wait with its words and the rest goes on. Where it doesn't, all of
 * this write's values wait. Either way a newer value of a refused field is tried again, and a dead letter tells, or a hold where another record has
 * what must be unique.
 */
function settleRejected(step: Step, error: SyncError & { code: "REJECTED" }): Rest {
  const { draft, index, inFlight, deps, link } = step;
  if (inFlight.kind === "create" && link.createUnknown) {
    // What was sent again is refused, so it was never taken; what is agreed now is for the system to judge anew.
    setLink(draft, index, { createUnknown: false, unsure: {} });
    return backOff(step, { code: "UNREACHABLE", message: "" });
  }
  const reasonFor = (field: FieldName) =>
    cellsOfField(deps.mapping, field).flatMap((cell) => error.cells[cell] ?? [])[0];
  const all = Object.keys(inFlight.versions);
  const named = inFlight.kind === "update" ? all.filter((field) => reasonFor(field) !== undefined) : [];
  // Refusals of earlier creates are of no account: a field that this one left out must not wake it.
  if (inFlight.kind === "create") setLink(draft, index, { refused: {} });
  const refused = named.length > 0 ? named : all;
  const words = Object.fromEntries(refused.map((field) => [field, reasonFor(field) ?? error.message]));
  for (const field of refused) refuse(step, field, words[field] ?? "");
  if (inFlight.kind !== "update") setLink(draft, index, { failures: step.link.failures + 1, dead: error.message });
  const shown = inFlight.kind === "update" && error.takenBy !== undefined ? showTaken(step, error.takenBy) : null;
  if (shown !== null) return shown;
  return { dead: { reason: error.message, refused: words } };
}

/** `null`: it is known already that the other record is another thing, so nothing is left to decide here. */
function showTaken(step: Step, id: RecordId): Rest | null {
  const { draft, link, deps } = step;
  const ref = refOf(link, id);
  const owner = deps.goldenOf(ref);
  // Once it is read, it is matched, or held beside this golden record.
  if (owner === undefined) return { reread: [ref] };
  // Two records of one golden record can't both have it.
  if (owner === draft.id) return {};
  if (draft.distinctFrom.includes(owner)) return null;
  const reason = `record ${id} of ${link.system} has a value that only one may have there, and belongs to another golden record`;
  holdTaken(step, ref, owner, reason);
  return {};
}

function refuse(step: Step, field: FieldName, reason: string): void {
  const { draft, index, inFlight, context, link } = step;
  const version = inFlight.versions[field] ?? 0;
  setLink(draft, index, { refused: { ...linkAt(draft, index).refused, [field]: { version, reason } } });
  const source = recordSource(refOf(link, link.id ?? ""), null);
  write(draft, context, { kind: "refused", field, other: inFlight.values[field] ?? null, why: reason, source });
}

function backOff(step: Step, error: SyncError): Rest {
  const { draft, index, link, deps } = step;
  const tries = link.failures + 1;
  const next = afterFailure(error, tries, deps.policy.retry, deps.jitter);
  if (next.kind === "retry") {
    setLink(draft, index, { failures: tries, retryAt: deps.now + next.delayMs });
    return {};
  }
  setLink(draft, index, { failures: tries, dead: error.message });
  return { dead: { reason: error.message, refused: {} } };
}

/** The outcome is unknown. A create looks before it tries again; an update is read back: our own value there is an echo. */
function settleLost(step: Step): Rest {
  const { draft, index, link, inFlight, deps } = step;
  if (inFlight.kind === "create") {
    setLink(draft, index, { createUnknown: true, unsure: unsureOf(step) });
    return {};
  }
  // What was observed meanwhile waits in the inbox; it is decided before anything is written over it.
  setLink(draft, index, { unsure: unsureOf(step, lateMs), retryAt: deps.now + rereadMs });
  return link.id === null ? {} : { reread: [refOf(link, link.id)] };
}
