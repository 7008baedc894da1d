import { revisionOf } from "../../model/observation.ts";
import type { RecordId } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { WriteRequest, WriteResult } from "../../ports/connector.ts";
import { objectOf, own, textOf } from "../../ports/json-object.ts";
import { lostError } from "../../ports/lost-answer.ts";
import { type Complaint, complaintsOf, isClash, RefusedCall, rowError } from "./errors.ts";
import type { Found } from "./read.ts";
import { failed, type Landed, lookAgain, receiptOf } from "./receipt.ts";
import { fullId } from "./record-id.ts";
import { cellsOf, type SalesforceRecord, whereOf } from "./records.ts";
import type { BoundObject, Field } from "./schema.ts";
import { soqlList } from "./soql.ts";
import type { WriteDeps } from "./write.ts";

export type Create = WriteRequest & { readonly kind: "create" };

/**
 * Creates records, each once. They carry the create key in a field that Salesforce keeps unique, so a second create of one key is refused with the
 * first one's id. (An upsert by that field would do as well, but write over what somebody has edited since.)
 */
export async function createRecords(
  deps: WriteDeps,
  bound: BoundObject,
  requests: readonly Create[],
): Promise<readonly WriteResult[]> {
  if (requests.length === 0) return [];
  const { keyField } = bound;
  if (keyField === null || !keyField.unique) {
    const name = bound.sobject.name;
    const message = `${name} has no unique external id field for the create key; run the check, which says how to make it`;
    throw new SyncFailure({ code: "SCHEMA", message });
  }
  const known = await lookUp(deps, bound, keyField, requests);
  const fresh = requests.filter((request) => known.mine(request) === undefined && known.other(request) === undefined);
  const sentAt = deps.client.vendorTime(deps.clock.now());
  const rows = await sendRows(deps, bound, keyField, fresh);
  const met = (request: Create) => known.mine(request)?.id ?? ownClash(rows.get(request), keyField);
  const made = (request: Create) => rows.get(request)?.id;
  const ids = requests.flatMap((request) => made(request) ?? met(request) ?? []);
  const after = await lookAgain(deps, bound, ids);
  return Promise.all(
    requests.map(async (request): Promise<WriteResult> => {
      const other = known.other(request);
      if (other !== undefined) return { kind: "exists", id: other.id };
      const earlier = met(request);
      if (earlier !== undefined) return metAgain(bound, earlier, after);
      const row = rows.get(request)!;
      if (row.id === undefined) return refusedResult(bound, row);
      const landed: Landed = { id: row.id, patch: request.patch, before: null, sentAt, created: true };
      return receiptOf(deps, bound, landed, after);
    }),
  );
}

/** The record was there already by its key. */
function metAgain(bound: BoundObject, id: RecordId, after: Found | null): WriteResult {
  const record = after?.records.get(id);
  if (after === null || record === undefined) {
    return failed({
      code: "UNREACHABLE",
      message: `${bound.sobject.name} ${id} was made before, and can't be read now`,
    });
  }
  const cells = cellsOf(bound, record);
  const complete = bound.mapped.cells.every(({ cell }) => Object.hasOwn(cells, cell));
  const revision = revisionOf(record.stamp);
  const rest = { revision, observedAt: after.observedAt, covered: {}, created: false };
  return { kind: "written", id: record.id, cells, complete, ...rest };
}

function refusedResult({ sobject }: BoundObject, { complaints, lost }: Row): WriteResult {
  if (lost !== undefined) return failed(lost);
  const owner = complaints.find(isClash)?.existingId ?? null;
  if (owner !== null) return { kind: "exists", id: owner };
  return failed(rowError(complaints, `creating a ${sobject.name}`));
}

/** The id of the record that our own earlier create made: the clash is about the key. */
function ownClash(row: Row | undefined, keyField: Field): RecordId | undefined {
  const clash = row?.complaints.find(
    ({ code, message }) => code === "DUPLICATE_VALUE" && message.includes(`${keyField.name} duplicates`),
  );
  return clash?.existingId ?? undefined;
}

type Row = {
  readonly id: RecordId | undefined;
  readonly complaints: readonly Complaint[];
  readonly lost?: SyncFailure["error"];
};

/** A body that Salesforce can't read fails a whole call: it is sent again in halves. What fails for one half says nothing of the other. */
async function sendRows(
  deps: WriteDeps,
  bound: BoundObject,
  keyField: Field,
  requests: readonly Create[],
): Promise<ReadonlyMap<Create, Row>> {
  if (requests.length === 0) return new Map();
  try {
    return await sendOnce(deps, bound, keyField, requests);
  } catch (error) {
    if (!(error instanceof SyncFailure)) throw error;
    if (!(error instanceof RefusedCall) || error.error.code !== "REJECTED") {
      return new Map(requests.map((request) => [request, { id: undefined, complaints: [], lost: error.error }]));
    }
    if (requests.length === 1) return new Map([[requests[0]!, { id: undefined, complaints: error.complaints }]]);
    const middle = Math.ceil(requests.length / 2);
    const first = await sendRows(deps, bound, keyField, requests.slice(0, middle));
    return new Map([...first, ...(await sendRows(deps, bound, keyField, requests.slice(middle)))]);
  }
}

async function sendOnce(
  { client }: WriteDeps,
  { sobject }: BoundObject,
  keyField: Field,
  requests: readonly Create[],
): Promise<ReadonlyMap<Create, Row>> {
  const what = `creating ${requests.length} ${sobject.name}`;
  const records = requests.map(({ key, patch }) => ({
    attributes: { type: sobject.name },
    // Blanks are left out: defaults are what Salesforce has them for.
    ...Object.fromEntries(Object.entries(patch).filter(([, raw]) => raw !== null)),
    [keyField.name]: key,
  }));
  const body = { allOrNone: false, records };
  const answer = await client.call({ method: "POST", path: "composite/sobjects", body, effect: "write", what });
  return new Map(
    requests.map((request, i): [Create, Row] => {
      const row = Array.isArray(answer) ? objectOf(answer[i]) : undefined;
      if (row === undefined) {
        const lost = lostError("write", `${what}: Salesforce's answer leaves out one of them`);
        return [request, { id: undefined, complaints: [], lost }];
      }
      const id = own(row, "success") === true ? (fullId(textOf(own(row, "id"))) ?? undefined) : undefined;
      return [request, { id, complaints: complaintsOf(own(row, "errors")) }];
    }),
  );
}

type LookedUp = {
  mine(request: Create): SalesforceRecord | undefined;
  other(request: Create): SalesforceRecord | undefined;
};

/** An address holds about 16,000 characters. */
const conditionLengthMax = 10_000;

/** Which records carry one of the keys that may have been used, or one of the identities? */
async function lookUp(
  { reader }: WriteDeps,
  bound: BoundObject,
  keyField: Field,
  requests: readonly Create[],
): Promise<LookedUp> {
  const wanted = requests.flatMap((request) => [
    ...(request.lookFirst ? [{ field: keyField.name, text: request.key }] : []),
    ...identitiesOf(bound, request),
  ]);
  const found: SalesforceRecord[] = [];
  for (const condition of conditionsOf(wanted)) {
    // A page is more than enough: each term has a match or few.
    const { records } = await reader.query(bound, `${whereOf(bound, `(${condition})`)} ORDER BY Id`, { all: false });
    found.push(...records);
  }
  const keyOf = (record: SalesforceRecord) => String(record.field(keyField.name) ?? "");
  const mine = (request: Create) => found.find((record) => keyOf(record) === request.key);
  return {
    mine,
    other: (request) => {
      if (mine(request) !== undefined) return undefined;
      for (const { field, text } of identitiesOf(bound, request)) {
        const match = found.find((record) => String(record.field(field) ?? "").toLowerCase() === text.toLowerCase());
        if (match !== undefined) return match;
      }
      return undefined;
    },
  };
}

type Wanted = { readonly field: string; readonly text: string };

function identitiesOf(bound: BoundObject, { identity, patch }: Create): readonly Wanted[] {
  return identity.flatMap((cell) => {
    const raw = patch[cell];
    const isAskable = bound.sobject.fields.get(cell)?.filterable === true;
    return isAskable && typeof raw === "string" && raw !== "" ? [{ field: cell, text: raw }] : [];
  });
}

/** `Email IN (...) OR Phone IN (...)`, in pieces that fit into an address. */
function conditionsOf(wanted: readonly Wanted[]): readonly string[] {
  const conditions: string[] = [];
  let piece: Wanted[] = [];
  let length = 0;
  const close = () => {
    const fields = new Set(piece.map(({ field }) => field));
    const terms = [...fields].map((name) => {
      const texts = piece.flatMap(({ field, text }) => (field === name ? [text] : []));
      return `${name} IN ${soqlList([...new Set(texts)])}`;
    });
    if (terms.length > 0) conditions.push(terms.join(" OR "));
    [piece, length] = [[], 0];
  };
  for (const one of wanted) {
    const own = encodeURIComponent(one.text).length + 10;
    if (length + own > conditionLengthMax) close();
    piece.push(one);
    length += own;
  }
  close();
  return conditions;
}
