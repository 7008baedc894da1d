import type { RawUpsert } from "../../model/observation.ts";
import type { CellName, RecordId } from "../../model/record.ts";
import { type SyncError, SyncFailure } from "../../model/sync-error.ts";
import { type RawValue, sameRaw } from "../../model/value.ts";
import { differingCells } from "../../ports/as-expected.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ReadResult, WriteRequest, WriteResult } from "../../ports/connector.ts";
import { lostError } from "../../ports/lost-answer.ts";
import { wireOf } from "./cell.ts";
import { type Client, RefusedCall } from "./client.ts";
import type { OwnWrites, WriteNote } from "./own-writes.ts";
import type { Reader } from "./read.ts";
import {
  type AirtableRecord,
  anyOf,
  batchMax,
  cellsOf,
  formulaText,
  listWhere,
  recordsOf,
  recordsPath,
} from "./records.ts";
import { refusedCells } from "./refused-cells.ts";
import { type BoundTable, type Field, isWritable } from "./schema.ts";

export type WriteDeps = {
  readonly baseId: string;
  readonly client: Client;
  readonly clock: Clock;
  readonly reader: Reader;
  readonly own: OwnWrites;
};

type Update = WriteRequest & { readonly kind: "update" };
type Create = WriteRequest & { readonly kind: "create" };
type Delete = WriteRequest & { readonly kind: "delete" };

/**
 * Writes to one table, ten records a call. Airtable has no conditional write: updates and deletes look just before, and write only
 * what holds what was expected. One bad record fails its whole call, so a refused call is tried again in halves, each of which looks anew.
 */
export async function writeRecords(
  deps: WriteDeps,
  bound: BoundTable,
  requests: readonly WriteRequest[],
): Promise<readonly WriteResult[]> {
  const results = new Map<WriteRequest, WriteResult>();
  await inBatches(requests.filter(isUpdate), results, bound, (batch) => update(deps, bound, batch));
  await inBatches(requests.filter(isCreate), results, bound, (batch) => create(deps, bound, batch));
  await inBatches(requests.filter(isDelete), results, bound, (batch) => remove(deps, bound, batch));
  return requests.map((request) => results.get(request)!);
}

/** Failures after which further calls would only meet the same. */
const hopeless: readonly SyncError["code"][] = ["RATE_LIMITED", "UNREACHABLE", "UNAUTHORIZED", "SCHEMA"];

async function inBatches<Request extends WriteRequest>(
  requests: readonly Request[],
  results: Map<WriteRequest, WriteResult>,
  bound: BoundTable,
  send: (batch: readonly Request[]) => Promise<readonly WriteResult[]>,
): Promise<void> {
  const waiting: (readonly Request[])[] = [];
  for (let start = 0; start < requests.length; start += batchMax) waiting.push(requests.slice(start, start + batchMax));
  for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift()) {
    try {
      const answers = await send(batch);
      batch.forEach((request, i) => void results.set(request, answers[i]!));
    } catch (error) {
      if (!(error instanceof SyncFailure)) throw error;
      const isRefused = error instanceof RefusedCall && error.error.code === "REJECTED";
      if (isRefused && batch.length > 1) {
        const middle = Math.ceil(batch.length / 2);
        waiting.unshift(batch.slice(0, middle), batch.slice(middle));
        continue;
      }
      const failed = hopeless.includes(error.error.code) ? [...batch, ...waiting.splice(0).flat()] : batch;
      for (const request of failed) results.set(request, failureOf(bound, request, error));
    }
  }
}

function failureOf(bound: BoundTable, request: WriteRequest, failure: SyncFailure): WriteResult {
  if (!(failure instanceof RefusedCall) || failure.error.code !== "REJECTED") {
    return { kind: "failed", error: failure.error };
  }
  const { type, message } = failure.refusal;
  const isGone = type === "ROW_DOES_NOT_EXIST" && request.kind !== "create" && message.includes(request.id);
  if (isGone) return { kind: "missing" };
  const cells = request.kind === "delete" ? {} : refusedCells(bound, request.patch, failure.refusal);
  return { kind: "failed", error: { ...failure.error, cells } };
}

async function update(deps: WriteDeps, bound: BoundTable, batch: readonly Update[]): Promise<readonly WriteResult[]> {
  const looked = await look(deps, bound, batch);
  const current = new Map<RecordId, RawUpsert>();
  for (const seen of looked) if (seen.kind === "as-expected") current.set(seen.read.id, seen.read.observation);
  const differing = batch.flatMap((request) => {
    const held = current.get(request.id);
    if (held === undefined) return [];
    const missing = differingCells(held.cells, request.patch);
    return Object.keys(missing).length > 0 ? [{ ...request, patch: missing }] : [];
  });
  const written = await patch(deps, bound, differing, current);
  return batch.map((request, i) => {
    const seen = looked[i]!;
    return seen.kind === "as-expected" ? (written.get(request.id) ?? unchanged(seen.read)) : seen;
  });
}

type Cells = Readonly<Record<CellName, RawValue>>;

type Looked =
  | { readonly kind: "as-expected"; readonly read: ReadResult & { readonly kind: "found" } }
  | (WriteResult & { readonly kind: "changed" | "missing" });

/** Reads the records of a batch, and compares each with what its request expects. */
async function look(
  { reader }: WriteDeps,
  bound: BoundTable,
  batch: readonly (Update | Delete)[],
): Promise<readonly Looked[]> {
  const read = await reader.read(
    bound,
    batch.map(({ id }) => id),
  );
  return batch.map(({ base, ...request }, i): Looked => {
    const result = read[i]!;
    if (result.kind === "missing") return { kind: "missing" };
    const { cells } = result.observation;
    const wanted = request.kind === "update" ? request.patch : {};
    const isExpected = Object.entries(base).every(([cell, raw]) => {
      // Computed cells may change by themselves, and a cell that already holds what is to be written needs no protection.
      if (!isWritable(fieldOf(bound, cell)) || (cell in wanted && sameRaw(cells[cell], wanted[cell]))) return true;
      return sameRaw(cells[cell], raw);
    });
    return isExpected ? { kind: "as-expected", read: result } : { kind: "changed", observation: result.observation };
  });
}

/** The record already holds all that was to be written, as after an earlier write whose answer was lost. */
function unchanged({ id, observation }: ReadResult & { readonly kind: "found" }): WriteResult {
  const { cells, observedAt } = observation;
  return { kind: "written", id, cells, complete: true, revision: null, observedAt, covered: {}, created: false };
}

async function patch(
  { baseId, client, clock, own }: WriteDeps,
  bound: BoundTable,
  requests: readonly Update[],
  current: ReadonlyMap<RecordId, RawUpsert>,
): Promise<Map<RecordId, WriteResult>> {
  if (requests.length === 0) return new Map();
  const notes = requests.map(({ id, patch: cells }) => {
    const seen = current.get(id)!;
    const written = Object.entries(cells).map(([cell, after]) => {
      return { fieldId: fieldOf(bound, cell).id, before: seen.cells[cell] ?? null, after };
    });
    return own.note(id, seen.observedAt, written);
  });
  const what = `writing ${requests.length} records of ${bound.table.name}`;
  const records = requests.map(({ id, patch: cells }) => ({ id, fields: wireFields(bound, cells) }));
  const body = { records, returnFieldsByFieldId: true };
  const answer = await forgetting(notes, () =>
    client.call({ method: "PATCH", path: recordsPath(baseId, bound), body, effect: "write", what }),
  );
  const observedAt = clock.now();
  const answered = new Map(recordsOf(answer, "write", what).map((record) => [record.id, record]));
  const results = requests.map(({ id }, i): [RecordId, WriteResult] => {
    const record = answered.get(id);
    if (record === undefined) {
      const message = `${what}: the answer leaves out ${id}`;
      return [id, { kind: "failed", error: lostError("write", message) }];
    }
    const cells = cellsOf(bound, record);
    notes[i]!.kept(Object.fromEntries([...bound.cells].map(([cell, field]) => [field.id, cells[cell] ?? null])));
    return [
      id,
      { kind: "written", id, cells, complete: true, revision: null, observedAt, covered: {}, created: false },
    ];
  });
  return new Map(results);
}

/** Takes notes back when the call was surely not carried out. */
async function forgetting<Result>(notes: readonly WriteNote[], send: () => Promise<Result>): Promise<Result> {
  try {
    return await send();
  } catch (error) {
    const isLost = error instanceof SyncFailure && error.error.code === "UNKNOWN_OUTCOME";
    if (!isLost) for (const note of notes) note.refused();
    throw error;
  }
}

async function create(deps: WriteDeps, bound: BoundTable, batch: readonly Create[]): Promise<readonly WriteResult[]> {
  const { keyField } = bound;
  if (keyField === null) {
    const message = `table ${bound.table.name} has no field for the create key; truce check --prepare makes it`;
    throw new SyncFailure({ code: "SCHEMA", message });
  }
  const observedAt = deps.clock.now();
  const known = await lookUp(deps, bound, keyField, batch);
  const absent = batch.filter(
    (request) => known.byKey(request) === undefined && known.byIdentity(request) === undefined,
  );
  const made = await upsert(deps, bound, keyField, absent);
  return batch.map((request) => {
    const mine = known.byKey(request);
    if (mine !== undefined) return metAgain(bound, mine, observedAt);
    const other = known.byIdentity(request);
    return other === undefined ? made.get(request.key)! : { kind: "exists", id: other.id };
  });
}

function metAgain(bound: BoundTable, record: AirtableRecord, observedAt: number): WriteResult {
  const cells = cellsOf(bound, record);
  const rest = { complete: true, revision: null, covered: {}, created: false };
  return { kind: "written", id: record.id, cells, observedAt, ...rest };
}

type LookedUp = {
  byKey(request: Create): AirtableRecord | undefined;
  byIdentity(request: Create): AirtableRecord | undefined;
};

/** One question for a whole batch: which records carry one of its keys, or one of its identities? */
async function lookUp(
  { baseId, client }: WriteDeps,
  bound: BoundTable,
  keyField: Field,
  batch: readonly Create[],
): Promise<LookedUp> {
  const identities = (request: Create) =>
    request.identity.flatMap((cell) => {
      const [field, raw] = [bound.cells.get(cell), request.patch[cell]];
      return field !== undefined && typeof raw === "string" && raw !== "" ? [{ field, text: raw.toLowerCase() }] : [];
    });
  const terms = batch.flatMap((request) => [
    `{${keyField.id}}=${formulaText(request.key)}`,
    ...identities(request).map(({ field, text }) => `LOWER({${field.id}})=${formulaText(text)}`),
  ]);
  const found = await listWhere(client, baseId, bound, anyOf(terms));
  // Should two records carry one key, every process must pick the same.
  const inOrder = found.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return {
    byKey: ({ key }) => inOrder.find((record) => record.fields[keyField.id] === key),
    byIdentity: (request) => {
      for (const { field, text } of identities(request)) {
        const match = inOrder.find((record) => String(record.fields[field.id] ?? "").toLowerCase() === text);
        if (match !== undefined) return match;
      }
      return undefined;
    },
  };
}

/** Creates by upsert on the key: should an earlier create of the same key land only now, it is met instead of doubled. */
async function upsert(
  { baseId, client, clock, own }: WriteDeps,
  bound: BoundTable,
  keyField: Field,
  requests: readonly Create[],
): Promise<Map<string, WriteResult>> {
  if (requests.length === 0) return new Map();
  const what = `creating ${requests.length} records of ${bound.table.name}`;
  const records = requests.map(({ key, patch: cells }) => ({
    fields: { ...wireFields(bound, cells), [keyField.id]: key },
  }));
  const body = { records, performUpsert: { fieldsToMergeOn: [keyField.id] }, returnFieldsByFieldId: true };
  const answer = await client.call({ method: "PATCH", path: recordsPath(baseId, bound), body, effect: "write", what });
  const observedAt = clock.now();
  const createdIds = new Set(Array.isArray(answer["createdRecords"]) ? answer["createdRecords"].map(String) : []);
  const byKey = new Map(recordsOf(answer, "write", what).map((record) => [record.fields[keyField.id], record]));
  return new Map(
    requests.map(({ key }): [string, WriteResult] => {
      const record = byKey.get(key);
      if (record === undefined) {
        return [key, { kind: "failed", error: lostError("write", `${what}: the answer leaves out one of them`) }];
      }
      const created = createdIds.has(record.id);
      if (created) own.noteCreated(record.id);
      const cells = cellsOf(bound, record);
      const rest = { complete: true, revision: null, covered: {}, created };
      return [key, { kind: "written", id: record.id, cells, observedAt, ...rest }];
    }),
  );
}

async function remove(deps: WriteDeps, bound: BoundTable, batch: readonly Delete[]): Promise<readonly WriteResult[]> {
  const { baseId, client, clock, own } = deps;
  const looked = await look(deps, bound, batch);
  const ids = batch.filter((_, i) => looked[i]!.kind === "as-expected").map(({ id }) => id);
  if (ids.length > 0) {
    for (const id of ids) own.noteDeleted(id);
    const query = ids.map((id) => `records[]=${id}`).join("&");
    const path = `${recordsPath(baseId, bound)}?${query}`;
    await client.call({ method: "DELETE", path, effect: "write", what: `deleting from ${bound.table.name}` });
  }
  const observedAt = clock.now();
  const rest = { cells: {}, complete: false, revision: null, covered: {}, created: false };
  return batch.map(({ id }, i) => {
    const seen = looked[i]!;
    return seen.kind === "changed" ? seen : { kind: "written", id, observedAt, ...rest };
  });
}

function wireFields(bound: BoundTable, cells: Cells): Record<string, RawValue> {
  return Object.fromEntries(
    Object.entries(cells).map(([cell, raw]) => {
      const field = fieldOf(bound, cell);
      return [field.id, wireOf(field, raw)];
    }),
  );
}

function fieldOf({ cells, table }: BoundTable, cell: CellName): Field {
  const field = cells.get(cell);
  if (field !== undefined) return field;
  throw new SyncFailure({ code: "SCHEMA", message: `${cell} is not among the mapped fields of ${table.name}` });
}

function isUpdate(request: WriteRequest): request is Update {
  return request.kind === "update";
}

function isCreate(request: WriteRequest): request is Create {
  return request.kind === "create";
}

function isDelete(request: WriteRequest): request is Delete {
  return request.kind === "delete";
}
