import { revisionOf } from "../../model/observation.ts";
import { type SyncError, SyncFailure } from "../../model/sync-error.ts";
import type { Instant } from "../../model/time.ts";
import { differingCells } from "../../ports/as-expected.ts";
import type { WriteRequest, WriteResult } from "../../ports/connector.ts";
import { objectOf, objectsOf, own } from "../../ports/json-object.ts";
import { lostError } from "../../ports/lost-answer.ts";
import { apiVersion } from "./client.ts";
import { complaintsOf, isGone, rowError } from "./errors.ts";
import { type Looked, look } from "./look.ts";
import { chunks, type Found } from "./read.ts";
import { failed, type Landed, lookAgain, receiptOf } from "./receipt.ts";
import { fullId } from "./record-id.ts";
import type { BoundObject } from "./schema.ts";
import type { WriteDeps } from "./write.ts";

export type Update = WriteRequest & { readonly kind: "update" };

/** Calls within one composite call. */
const partsMax = 25;
/** A record that changes again and again between look and write is left to the next try. */
const roundsMax = 3;
/** A second and what Salesforce's clock is not known to. */
const waitMsMax = 3_000;

/**
 * Conditional updates: reads the records, compares them with what is expected, and writes each on the condition that it is unmodified since. The
 * condition knows whole seconds only, so it is exact for records that were read in a later second than the one of their last change; the others are
 * waited for. A composite call takes 25 of them.
 */
export async function updateRecords(
  deps: WriteDeps,
  bound: BoundObject,
  requests: readonly Update[],
): Promise<readonly WriteResult[]> {
  const results = new Map<Update, WriteResult>();
  const landed = new Map<Update, Landed>();
  let left = requests;
  for (let round = 1; left.length > 0 && round <= roundsMax; round++) {
    const sorted = await sortOut(deps, bound, left).catch(failureOf);
    if (sorted instanceof SyncFailure) {
      // Only of those that are left: others may have been written by now, and must not be told as if nothing had been done.
      for (const request of left) results.set(request, failed(sorted.error));
      left = [];
      break;
    }
    for (const [request, result] of sorted.results) results.set(request, result);
    const later = [...sorted.unsettled];
    for (const { request, outcome } of await sendAll(deps, bound, sorted.ready)) {
      if (outcome.kind === "landed") landed.set(request, outcome.landed);
      else if (outcome.kind === "result") results.set(request, outcome.result);
      else later.push(request);
    }
    if (sorted.waitMs > 0 && round < roundsMax) await deps.clock.sleep(Math.min(waitMsMax, sorted.waitMs));
    left = later;
  }
  for (const request of left) results.set(request, failed(restless(bound, request)));
  const after = await lookAgain(
    deps,
    bound,
    [...landed.values()].map(({ id }) => id),
  );
  for (const [request, one] of landed) results.set(request, await receiptOf(deps, bound, one, after));
  return requests.map((request) => results.get(request)!);
}

function failureOf(error: unknown): SyncFailure {
  if (error instanceof SyncFailure) return error;
  throw error;
}

type Sorted = {
  readonly results: ReadonlyMap<Update, WriteResult>;
  readonly ready: readonly Ready[];
  /** Changed within the present second: a later look will be exact. */
  readonly unsettled: readonly Update[];
  readonly waitMs: number;
};

/** Reads the records, and tells which writes need not, must not, can and can't yet be sent. */
async function sortOut(deps: WriteDeps, bound: BoundObject, requests: readonly Update[]): Promise<Sorted> {
  const results = new Map<Update, WriteResult>();
  const ready: Ready[] = [];
  const unsettled: Update[] = [];
  let waitMs = 0;
  const found = await deps.reader.find(
    bound,
    requests.map(({ id }) => id),
  );
  for (const request of requests) {
    const looked = look(deps, bound, found, request);
    if (looked.kind === "stop") results.set(request, looked.result);
    else if (Object.keys(differingCells(looked.cells, request.patch)).length === 0)
      results.set(request, unchanged(bound, looked, found));
    else {
      const unsettledMs = unsettledFor(looked, found, request);
      waitMs = Math.max(waitMs, unsettledMs);
      if (unsettledMs > 0) unsettled.push(request);
      else ready.push({ request, looked });
    }
  }
  return { results, ready, unsettled, waitMs };
}

function restless({ sobject }: BoundObject, { id }: Update): SyncError {
  return { code: "UNREACHABLE", message: `${sobject.name} ${id} keeps changing; it is tried again later` };
}

type AsExpected = Looked & { readonly kind: "as-expected" };
type Ready = { readonly request: Update; readonly looked: AsExpected };

/** All that was to be written is there already, as after an earlier write whose answer was lost. */
function unchanged(bound: BoundObject, { record, cells }: AsExpected, { observedAt }: Found): WriteResult {
  const complete = bound.mapped.cells.every(({ cell }) => Object.hasOwn(cells, cell));
  const revision = revisionOf(record.stamp);
  return { kind: "written", id: record.id, cells, complete, revision, observedAt, covered: {}, created: false };
}

/** How long until a change could not hide in the second of the last one; 0: it can't now. */
function unsettledFor({ record }: AsExpected, { vendorTime }: Found, { base }: Update): number {
  if (Object.keys(base).length === 0) return 0;
  return Math.max(0, lastChange(record) + 1000 - vendorTime);
}

function lastChange({ stamp, modifiedAt }: AsExpected["record"]): Instant {
  return Math.max(stamp, modifiedAt);
}

type Outcome =
  | { readonly kind: "landed"; readonly landed: Landed }
  | { readonly kind: "result"; readonly result: WriteResult }
  /** The record was modified since it was read. */
  | { readonly kind: "modified" };

type Sent = { readonly request: Update; readonly outcome: Outcome };

async function sendAll(deps: WriteDeps, bound: BoundObject, ready: readonly Ready[]): Promise<readonly Sent[]> {
  const parts = chunks(ready, partsMax).map(async (part) => {
    try {
      return await sendPart(deps, bound, part);
    } catch (error) {
      if (!(error instanceof SyncFailure)) throw error;
      const result = failed(error.error);
      return part.map(({ request }): Sent => ({ request, outcome: { kind: "result", result } }));
    }
  });
  return (await Promise.all(parts)).flat();
}

async function sendPart(deps: WriteDeps, bound: BoundObject, part: readonly Ready[]): Promise<readonly Sent[]> {
  const { client, clock } = deps;
  const { name } = bound.sobject;
  const what = `writing ${part.length} ${name}`;
  const sentAt = client.vendorTime(clock.now());
  const compositeRequest = part.map(({ request, looked }, i) => ({
    method: "PATCH",
    url: `/services/data/v${apiVersion}/sobjects/${name}/${looked.record.id}`,
    referenceId: `record${i}`,
    httpHeaders: {
      ...partHeaders,
      ...(Object.keys(request.base).length === 0
        ? {}
        : { "If-Unmodified-Since": new Date(lastChange(looked.record)).toUTCString() }),
    },
    body: differingCells(looked.cells, request.patch),
  }));
  const body = { allOrNone: false, compositeRequest };
  const answer = await client.call({ method: "POST", path: "composite", body, effect: "write", what });
  const answers = objectsOf(own(objectOf(answer) ?? {}, "compositeResponse"));
  return part.map(({ request, looked }, i): Sent => {
    const told = answers.find((one) => own(one, "referenceId") === `record${i}`);
    const status = Number(told === undefined ? 0 : own(told, "httpStatusCode"));
    const id = fullId(request.id) ?? request.id;
    if (status >= 200 && status < 300) {
      const landed: Landed = { id, patch: request.patch, before: looked.cells, sentAt, created: false };
      return { request, outcome: { kind: "landed", landed } };
    }
    if (status === 412) return { request, outcome: { kind: "modified" } };
    const row = `writing ${name} ${id}`;
    if (told === undefined || status === 0 || status >= 500) {
      const result = failed(lostError("write", `${row}: Salesforce's answer leaves it out (${status})`));
      return { request, outcome: { kind: "result", result } };
    }
    const complaints = complaintsOf(own(told, "body"));
    const result: WriteResult = complaints.some(isGone) ? { kind: "missing" } : failed(rowError(complaints, row));
    return { request, outcome: { kind: "result", result } };
  });
}

/** Parts do not take these over from the whole. A duplicate rule that only warns must not stop an edit. */
const partHeaders = {
  "Sforce-Call-Options": "client=Truce",
  "Sforce-Auto-Assign": "FALSE",
  "Sforce-Duplicate-Rule-Header": "allowSave=true",
};
