import type { CellName, RecordId, SystemId } from "../../model/record.ts";
import { type SyncError, SyncFailure } from "../../model/sync-error.ts";
import type { RawValue } from "../../model/value.ts";
import { differingCells, isAsExpected } from "../../ports/as-expected.ts";
import type { Clock } from "../../ports/clock.ts";
import type { WriteRequest, WriteResult } from "../../ports/connector.ts";
import { createBody, updateBody } from "./body.ts";
import { type Answer, type Client, RefusedCall } from "./client.ts";
import { at, idOf, type Json, objectOf, textOf } from "./json.ts";
import { findExisting } from "./lookup.ts";
import type { ObjectShape, Query } from "./options.ts";
import { type Held, itemPath, type Reader } from "./read.ts";
import { type Bound, cellsIn, idIn, isNamedByKey, revisionIn, upsertOf } from "./record.ts";
import { refusedCells } from "./refusal.ts";
import { filled, pathOf } from "./template.ts";

export type WriteDeps = {
  readonly system: SystemId;
  readonly client: Client;
  readonly clock: Clock;
  readonly reader: Reader;
};

type Update = WriteRequest & { readonly kind: "update" };
type Create = WriteRequest & { readonly kind: "create" };
type Delete = WriteRequest & { readonly kind: "delete" };
type Cells = Readonly<Record<CellName, RawValue>>;

/** A record that others change all the time is left for the next round. */
const triesMax = 3;

/**
 * Writes to one object. A tool of this kind takes one record a request; requests go side by side as far as the pace allows. Updates and deletes look
 * at the record just before and, where the tool knows versions, are sent on the condition that it is still the one that was seen.
 */
export async function writeRecords(
  deps: WriteDeps,
  bound: Bound,
  requests: readonly WriteRequest[],
): Promise<readonly WriteResult[]> {
  let hopeless: SyncFailure | null = null;
  const writeOne = async (request: WriteRequest, glanced: Glanced): Promise<WriteResult> => {
    if (hopeless !== null) return { kind: "failed", error: hopeless.error };
    try {
      if (request.kind === "create") return await create(deps, bound, request);
      if (request.kind === "update") return await update(deps, bound, request, glanced);
      return await remove(deps, bound, request, glanced);
    } catch (error) {
      if (!(error instanceof SyncFailure)) throw error;
      if (hopelessCodes.includes(error.error.code)) hopeless = error;
      return failureOf(bound, request, error);
    }
  };
  const results: WriteResult[] = [];
  for (let start = 0; start < requests.length; start += sideBySide) {
    const batch = requests.slice(start, start + sideBySide);
    const glanced = await glanceAt(deps, bound, batch);
    results.push(...(await Promise.all(batch.map((request) => writeOne(request, glanced)))));
  }
  return results;
}

/** So many records are written at a time, so that a failure that concerns all stops the rest. */
const sideBySide = 50;

type Glanced = ReadonlyMap<RecordId, Held>;

/**
 * One question for many records spares a look at each. Only where the version that it tells goes with the write: else the look must be just before.
 * One that fails is no failure: each record is looked at then.
 */
async function glanceAt({ reader }: WriteDeps, bound: Bound, batch: readonly WriteRequest[]): Promise<Glanced> {
  const ids = batch.flatMap((request) => (request.kind === "create" ? [] : [request.id]));
  if (typeof bound.shape.version !== "object") return new Map();
  try {
    return await reader.glance(bound, ids);
  } catch (error) {
    if (error instanceof SyncFailure) return new Map();
    throw error;
  }
}

/** Failures after which further requests would only meet the same. */
const hopelessCodes: readonly SyncError["code"][] = ["RATE_LIMITED", "UNREACHABLE", "UNAUTHORIZED", "SCHEMA"];

function failureOf({ shape }: Bound, request: WriteRequest, failure: SyncFailure): WriteResult {
  const { error } = failure;
  if (!(failure instanceof RefusedCall) || error.code !== "REJECTED") return { kind: "failed", error };
  const written = request.kind === "delete" ? [] : Object.keys(request.patch);
  return { kind: "failed", error: { ...error, cells: refusedCells(failure.refusal, [...written, shape.key ?? ""]) } };
}

async function update(deps: WriteDeps, bound: Bound, request: Update, glanced: Glanced): Promise<WriteResult> {
  const { client } = deps;
  const { shape, object } = bound;
  const { id, patch } = request;
  const what = `writing ${object.object} ${id}`;
  for (let tries = 1; ; tries++) {
    const seen = await look(deps, bound, request, tries === 1 ? glanced.get(request.id) : undefined);
    if (seen.kind !== "as-expected") return seen;
    const { held } = seen;
    const cells = cellsIn(bound, held.record);
    const missing = differingCells(cells, patch);
    if (Object.keys(missing).length === 0) return writtenAs(bound, id, held, what);
    const { method = "PATCH", path, query } = shape.update ?? {};
    try {
      const answer = await client.call({
        method,
        path: path === undefined ? itemPath(shape, id) : pathOf(path, { id }),
        query: { ...query, ...versionQuery(shape, held) },
        headers: conditionHeaders(shape, held),
        body: updateBody(shape, held.record, missing, id),
        effect: "write",
        what,
      });
      return await receipt(deps, bound, id, answer, shape.update?.answer, patch);
    } catch (error) {
      if (!(error instanceof RefusedCall)) throw error;
      if (isGone(error)) return { kind: "missing" };
      if (!isConflict(shape, error)) throw error;
      if (tries < triesMax) continue;
      const message = `${what}: the record changed ${triesMax} times while it was to be written`;
      throw new SyncFailure({ code: "UNREACHABLE", message });
    }
  }
}

async function remove(deps: WriteDeps, bound: Bound, request: Delete, glanced: Glanced): Promise<WriteResult> {
  const { client, clock } = deps;
  const { shape, object } = bound;
  const { id } = request;
  const what = `deleting ${object.object} ${id}`;
  const done = (): WriteResult => {
    const rest = { cells: {}, complete: false, revision: null, covered: {}, created: false };
    return { kind: "written", id, observedAt: clock.now(), ...rest };
  };
  for (let tries = 1; ; tries++) {
    const seen = await look(deps, bound, request, tries === 1 ? glanced.get(request.id) : undefined);
    if (seen.kind === "missing") return done();
    if (seen.kind !== "as-expected") return seen;
    try {
      await client.call({ ...deleteCall(shape, id, seen.held, clock), effect: "write", what });
      return done();
    } catch (error) {
      if (!(error instanceof RefusedCall)) throw error;
      if (isGone(error)) return done();
      if (!isConflict(shape, error) || tries >= triesMax) throw error;
    }
  }
}

function deleteCall(shape: ObjectShape, id: RecordId, held: Held, clock: Clock) {
  const { method = "DELETE", path, query = {} } = shape.delete ?? {};
  const headers = conditionHeaders(shape, held);
  const version = versionText(shape, held);
  const own = Object.entries(query).map(([name, text]) => [name, filled(String(text), { version })]);
  const all = { ...Object.fromEntries(own), ...versionQuery(shape, held) };
  if (method !== "mark")
    return { method, path: path === undefined ? itemPath(shape, id) : pathOf(path, { id }), query: all, headers };
  const { field = "deleted", value = new Date(clock.now()).toISOString() } = shape.deleted ?? {};
  const how = shape.update ?? {};
  return {
    method: how.method ?? "PATCH",
    path: how.path === undefined ? itemPath(shape, id) : pathOf(how.path, { id }),
    query: { ...how.query, ...all },
    headers,
    body: updateBody(shape, held.record, { [field]: value }, id),
  };
}

type Looked =
  | { readonly kind: "as-expected"; readonly held: Held }
  | (WriteResult & { readonly kind: "changed" | "missing" });

/** Reads the record, unless a glance has shown it, and compares it with what the request expects. */
async function look(
  { system, reader }: WriteDeps,
  bound: Bound,
  request: Update | Delete,
  glanced: Held | undefined,
): Promise<Looked> {
  const [held] = glanced === undefined ? await reader.look(bound, [request.id]) : [glanced];
  if (held instanceof SyncFailure) throw held;
  if (held == null) return { kind: "missing" };
  if (isAsExpected(cellsIn(bound, held.record), request)) return { kind: "as-expected", held };
  const observation = upsertOf(system, bound, held.record, held.observedAt, `reading ${request.id}`);
  return { kind: "changed", observation };
}

async function create(deps: WriteDeps, bound: Bound, request: Create): Promise<WriteResult> {
  const { client } = deps;
  const { shape, object } = bound;
  const { key, patch } = request;
  const existing = await findExisting(deps, bound, request, request.lookFirst);
  if (existing !== null) return existing;
  const { method = "POST", path = shape.path, query, answer: answerPath } = shape.create ?? {};
  const what = `creating one of ${object.object}`;
  let answer: Answer;
  try {
    // Where Truce names the record, the same name may be sent twice: the tool must not write over the first.
    const headers: Record<string, string> =
      isNamedByKey(shape) && shape.version === "etag" ? { "if-none-match": "*" } : {};
    const body = createBody(shape, patch, key);
    answer = await client.call({ method, path: pathOf(path, { key }), query, headers, body, effect: "write", what });
  } catch (error) {
    if (!(error instanceof RefusedCall) || ![400, 409, 412, 422].includes(error.status)) throw error;
    const taken = error.status === 409 || error.status === 412 || isGuarded(shape);
    const other = taken ? await findExisting(deps, bound, request, true) : null;
    if (other === null) throw error;
    return other;
  }
  const id = newIdIn(shape, answer, answerPath) ?? (isNamedByKey(shape) ? key : undefined);
  if (id === undefined) {
    const message = `${what}: the answer holds no id; set create.id to its path`;
    throw new SyncFailure({ code: "UNKNOWN_OUTCOME", message });
  }
  const result = await receipt(deps, bound, id, answer, answerPath, patch);
  return result.kind === "written" ? { ...result, created: true } : result;
}

function isGuarded({ key, keyUnique }: ObjectShape): boolean {
  return key !== undefined && keyUnique === true;
}

function newIdIn(shape: ObjectShape, answer: Answer, answerPath: string | undefined): RecordId | undefined {
  const record = at(answer.body, answerPath ?? shape.read?.record ?? "");
  const told = shape.create?.id === undefined ? at(record, shape.id ?? "id") : at(answer.body, shape.create.id);
  const fromAddress = /\/([^/?#]+)\/?(?:[?#].*)?$/u.exec(answer.headers["location"] ?? "")?.[1];
  return idOf(told) ?? (fromAddress === undefined ? undefined : decodeURIComponent(fromAddress));
}

/** What the record holds after a write: by the answer if that is the record, else by reading it back. */
async function receipt(
  { clock, reader }: WriteDeps,
  bound: Bound,
  id: RecordId,
  answer: Answer,
  answerPath: string | undefined,
  patch: Cells,
): Promise<WriteResult> {
  const { shape, object } = bound;
  const what = `reading back ${object.object} ${id}`;
  const record = at(answer.body, answerPath ?? shape.read?.record ?? "");
  const etag = answer.headers["etag"] ?? null;
  if (isRecord(bound, record, id, patch)) return writtenAs(bound, id, { record, etag, observedAt: clock.now() }, what);
  const [held] = await reader.look(bound, [id]);
  if (held instanceof SyncFailure) throw new SyncFailure({ code: "UNKNOWN_OUTCOME", message: held.message });
  if (held === null || held === undefined) {
    const message = `${what}: it was written, and is not among the records of ${object.object}`;
    throw new SyncFailure({ code: "UNKNOWN_OUTCOME", message });
  }
  return writtenAs(bound, id, { ...held, observedAt: clock.now() }, what);
}

/** An answer counts as the record if it tells all that was written: some tools answer with the id alone. */
function isRecord(bound: Bound, record: Json, id: RecordId, patch: Cells): boolean {
  if (objectOf(record) === undefined || idOf(at(record, bound.shape.id ?? "id")) !== id) return false;
  const cells = cellsIn(bound, record);
  return Object.entries(patch).every(([cell, raw]) => {
    const told = cells[cell];
    return told !== undefined && (raw === null || told !== null);
  });
}

function writtenAs(bound: Bound, id: RecordId, held: Held, what: string): WriteResult {
  const cells = cellsIn(bound, held.record);
  idIn(bound.shape, held.record, what);
  return {
    kind: "written",
    id,
    cells,
    complete: bound.object.cells.every(({ cell }) => Object.hasOwn(cells, cell)),
    revision: revisionIn(bound.shape, held.record),
    observedAt: held.observedAt,
    covered: {},
    created: false,
  };
}

function conditionHeaders({ version }: ObjectShape, { record, etag }: Held): Record<string, string> {
  if (version === "etag") return etag === null ? {} : { "if-match": etag };
  if (typeof version !== "object" || version.in !== "header") return {};
  return { [(version.name ?? "if-match").toLowerCase()]: textOf(at(record, version.field)) };
}

function versionQuery(shape: ObjectShape, held: Held): Query {
  const { version } = shape;
  if (typeof version !== "object" || version.in !== "query") return {};
  return { [version.name ?? version.field]: versionText(shape, held) };
}

function versionText({ version }: ObjectShape, { record, etag }: Held): string {
  return typeof version === "object" ? textOf(at(record, version.field)) : (etag ?? "");
}

function isConflict({ version }: ObjectShape, { status }: RefusedCall): boolean {
  return version !== undefined && (status === 409 || status === 412);
}

function isGone({ status }: RefusedCall): boolean {
  return status === 404 || status === 410;
}
