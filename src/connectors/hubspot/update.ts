import type { CoveredCell } from "../../model/observation.ts";
import { revisionOf } from "../../model/observation.ts";
import type { CellName, RecordId } from "../../model/record.ts";
import { type SyncError, SyncFailure } from "../../model/sync-error.ts";
import type { Instant } from "../../model/time.ts";
import { type RawValue, sameRaw } from "../../model/value.ts";
import type { MappedObject, WriteRequest, WriteResult } from "../../ports/connector.ts";
import { changesAssociations, relink, withoutAssociations } from "./associations.ts";
import { type Row, type RowOutcome, sendRows } from "./batch.ts";
import { wireOf } from "./cell.ts";
import { emailOf, isClashing, ownersOfEmails } from "./email-owners.ts";
import { isClash, orElse } from "./errors.ts";
import { coveredCells, type Sent, traceWrite } from "./own-writes.ts";
import type { Found } from "./read.ts";
import { cellsOf, type HubSpotRecord, propertyCells, upsertOf } from "./records.ts";
import type { WriteDeps } from "./write.ts";

export type Update = WriteRequest & { readonly kind: "update" };
type Guarded = Pick<Update, "id" | "base">;

/**
 * Guarded updates: looks just before, sends what still holds what was expected, and looks again. HubSpot has no conditional write, so an edit may
 * still come between look and write: the second look finds it in the property's history, as a covered value.
 */
export async function updateRecords(
  deps: WriteDeps,
  object: MappedObject,
  requests: readonly Update[],
): Promise<readonly WriteResult[]> {
  if (requests.length === 0) return [];
  const before = await deps.reader.find(
    object,
    requests.map(({ id }) => id),
  );
  const looks = requests.map((request) => look(deps, object, before, request));
  const sendable = requests.filter((_, i) => looks[i] === null);
  const rows = new Map(sendable.map((request) => [request, rowOf(object, request)]));
  const outcomes = await sendRows(
    deps,
    object,
    "update",
    [...rows.values()].filter(({ properties }) => Object.keys(properties).length > 0),
  );
  // What changes associations alone has no row to send.
  const rowOutcome = (request: Update): RowOutcome =>
    outcomes.get(rows.get(request)!) ?? { kind: "done", record: withoutAssociations(before.records.get(request.id)!) };
  const relinks = sendable.filter(
    (request) => changesAssociations(object, request.patch) && rowOutcome(request).kind === "done",
  );
  const unlinked = await relink(
    deps.client,
    object,
    relinks.map(({ id, patch }) => ({ id, patch, before: cellsOf(object, before.records.get(id)!) })),
  );
  const outcomeOf = (request: Update): RowOutcome => {
    const error = unlinked.get(request.id);
    return error === undefined ? rowOutcome(request) : { kind: "failed", error };
  };
  const clashing = sendable.filter((request) => isClashing(rowOutcome(request)));
  // What was written is written, whatever becomes of this question.
  const owners = await orElse(ownersOfEmails(deps, object, clashing), new Map<string, RecordId>());
  const landed = sendable.filter((request) => outcomeOf(request).kind === "done").map(({ id }) => id);
  const after = await lookAgain(deps, object, landed);
  return requests.map(
    (request, i) =>
      looks[i] ?? settle(deps, object, request, told(object, request, outcomeOf(request), owners), before, after),
  );
}

/** A refusal with the record that has the value already, where it is known. */
function told(
  object: MappedObject,
  request: Update,
  outcome: RowOutcome,
  owners: ReadonlyMap<string, RecordId>,
): RowOutcome {
  if (outcome.kind !== "refused" || outcome.error.code !== "REJECTED" || !isClash(outcome.refusal)) return outcome;
  const takenBy = outcome.refusal.existingId ?? owners.get(emailOf(object, request) ?? "");
  return takenBy === undefined || takenBy === request.id
    ? outcome
    : { ...outcome, error: { ...outcome.error, takenBy } };
}

/** What stands in the way of a write; `null`: nothing. */
export function look(deps: WriteDeps, object: MappedObject, found: Found, request: Guarded): WriteResult | null {
  const record = found.records.get(request.id);
  if (record === undefined) return { kind: "missing" };
  if (record.id !== request.id) {
    const message = `${object.object} ${request.id} was merged into ${record.id}; it is read again first`;
    return { kind: "failed", error: { code: "UNKNOWN_OUTCOME", message } };
  }
  const isExpected = Object.entries(request.base).every(([cell, raw]) => {
    const present = record.property(cell);
    // A property that is not there (any more) can't differ; writing it is refused by HubSpot.
    return present === undefined || sameRaw(present, raw);
  });
  // An earlier write that could not be verified covered an edit: that is decided before anything is written over it.
  const covered = deps.own.take(object.object, record);
  if (isExpected && covered === null) return null;
  return { kind: "changed", observation: upsertOf(deps, object, record, found.observedAt, covered) };
}

function rowOf(object: MappedObject, { attemptId, id, patch }: Update): Row {
  const properties = new Set(propertyCells(object));
  return {
    traceId: attemptId,
    id,
    matches: (record) => record.id === id,
    input: { id },
    properties: Object.fromEntries(
      Object.entries(patch).flatMap(([cell, raw]) => (properties.has(cell) ? [[cell, wireOf(raw)]] : [])),
    ),
  };
}

const looksMax = 3;
/** Longest wait for another look; the sender of the write waits too. */
const lookWaitMsMax = 10_000;

/** The second look is worth waiting for. Without it the write is noted, and the next reading tells what it covered. */
async function lookAgain(deps: WriteDeps, object: MappedObject, ids: readonly RecordId[]): Promise<Found | null> {
  if (ids.length === 0) return null;
  for (let tries = 1; ; tries++) {
    try {
      return await deps.reader.find(object, ids);
    } catch (error) {
      if (!(error instanceof SyncFailure)) throw error;
      const waitMs = waitFor(error.error);
      if (tries === looksMax || waitMs === null) return null;
      await deps.clock.sleep(waitMs);
    }
  }
}

function waitFor(error: SyncError): number | null {
  if (error.code === "UNREACHABLE") return 500;
  if (error.code !== "RATE_LIMITED") return null;
  const waitMs = error.retryAfterMs ?? 1000;
  return waitMs <= lookWaitMsMax ? waitMs : null;
}

function settle(
  deps: WriteDeps,
  object: MappedObject,
  request: Update,
  outcome: RowOutcome,
  before: Found,
  after: Found | null,
): WriteResult {
  if (outcome.kind === "missing") return { kind: "missing" };
  const { id, patch } = request;
  const sent: Sent = { before: before.records.get(id)!, patch };
  if (outcome.kind !== "done") {
    if (outcome.kind === "failed" && outcome.error.code === "UNKNOWN_OUTCOME") deps.own.note(object.object, sent);
    return { kind: "failed", error: outcome.error };
  }
  const record = after?.records.get(id);
  if (after === null || record === undefined || record.id !== id) {
    deps.own.note(object.object, sent);
    return unverified(deps, request, outcome.record);
  }
  const written = verify(deps, sent, outcome.record, record);
  const common = {
    kind: "written",
    id,
    observedAt: after.observedAt,
    covered: written.covered,
    created: false,
  } as const;
  if (written.isOvertaken || isChangedSince(object, sent, record)) {
    // Somebody edited the record after us: that is for the feed to tell. This is what it held after our write.
    const revision = revisionOf(outcome.record.modifiedAt);
    return { ...common, cells: written.stored, complete: false, revision };
  }
  deps.seen.addStored(object.object, record.id, String(record.modifiedAt));
  const cells = cellsOf(object, record);
  const complete = Object.keys(cells).length === object.cells.length;
  return { ...common, cells, complete, revision: revisionOf(record.modifiedAt) };
}

/** Written for sure, as HubSpot said; the note makes the next reading tell what it covered. */
function unverified(deps: WriteDeps, { id, patch }: Update, answered: HubSpotRecord): WriteResult {
  return {
    kind: "written",
    id,
    cells: storedCells(patch, answered),
    complete: false,
    revision: revisionOf(answered.modifiedAt),
    observedAt: deps.clock.now() as Instant,
    covered: {},
    created: false,
  };
}

/** The written cells in the form that HubSpot keeps, as its answer has them. */
export function storedCells(
  patch: Readonly<Record<CellName, RawValue>>,
  answered: HubSpotRecord,
): Record<CellName, RawValue> {
  return Object.fromEntries(
    Object.entries(patch).map(([cell, raw]) => {
      const stored = answered.property(cell);
      return [cell, stored === undefined ? raw : stored];
    }),
  );
}

function verify(deps: WriteDeps, sent: Sent, answered: HubSpotRecord, after: HubSpotRecord) {
  const stored = storedCells(sent.patch, answered);
  const covered: Record<CellName, readonly CoveredCell[]> = {};
  let isOvertaken = false;
  for (const [cell, raw] of Object.entries(stored)) {
    const traced = traceWrite(sent, cell, raw, after);
    if (traced === null) {
      // Not in the history: the value was there already, or another one has been written since.
      isOvertaken ||= !sameRaw(after.property(cell) ?? null, raw);
      continue;
    }
    isOvertaken ||= traced.isOvertaken;
    if (traced.covered.length > 0) covered[cell] = coveredCells(deps.client, traced.covered);
  }
  return { stored, covered, isOvertaken };
}

/** True when a cell that we did not write has another value than when we looked: which of our write and that edit came first is not known. */
function isChangedSince(object: MappedObject, { before, patch }: Sent, after: HubSpotRecord): boolean {
  return object.cells.some(
    ({ cell }) => !Object.hasOwn(patch, cell) && !sameRaw(before.property(cell) ?? null, after.property(cell) ?? null),
  );
}
