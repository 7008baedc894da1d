import { revisionOf } from "../../model/observation.ts";
import type { RecordId } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import type { MappedObject, WriteRequest, WriteResult } from "../../ports/connector.ts";
import { associationsOf, changesAssociations, relink } from "./associations.ts";
import { type Row, sendRows } from "./batch.ts";
import { wireOf } from "./cell.ts";
import { emailOf, isClashing, ownersOfEmails } from "./email-owners.ts";
import { isClash } from "./errors.ts";
import { cellsOf, type HubSpotRecord, propertyCells } from "./records.ts";
import { storedCells } from "./update.ts";
import type { WriteDeps } from "./write.ts";

export type Create = WriteRequest & { readonly kind: "create" };

/**
 * Creates records, each once. With the key property: looks for the key, then upserts by it, so that even two senders of one key make one record.
 * Without it only a contact's e-mail is unique; a create that may have taken effect and has none is not tried again.
 */
export async function createRecords(
  deps: WriteDeps,
  object: MappedObject,
  requests: readonly Create[],
): Promise<readonly WriteResult[]> {
  if (requests.length === 0) return [];
  const properties = new Set(propertyCells(object));
  const bare = requests.map(
    (request): Create => ({ ...request, patch: only(request.patch, (cell) => properties.has(cell)) }),
  );
  const made = (await hasKeyProperty(deps, object))
    ? await createByKey(deps, object, bare)
    : await createByEmail(deps, object, bare);
  const results = await associate(deps, object, requests, made);
  // It may be that the key property is gone: the next create looks.
  if (results.some((result) => result.kind === "failed" && result.error.code === "REJECTED")) deps.schema.forget();
  return results;
}

function only(patch: Create["patch"], isWanted: (cell: string) => boolean): Create["patch"] {
  return Object.fromEntries(Object.entries(patch).filter(([cell]) => isWanted(cell)));
}

/** New records get their associations. Where that fails the create's outcome is unknown: the next one looks, and finds the record. */
async function associate(
  { client }: WriteDeps,
  object: MappedObject,
  requests: readonly Create[],
  made: readonly WriteResult[],
): Promise<readonly WriteResult[]> {
  const cells = new Set(associationsOf(object).map(({ cell }) => cell));
  const relinks = made.flatMap((result, i) => {
    const { patch } = requests[i]!;
    const isNew = result.kind === "written" && result.created;
    return isNew && changesAssociations(object, patch) ? [{ id: result.id, before: {}, patch }] : [];
  });
  const failed = await relink(client, object, relinks);
  return made.map((result, i): WriteResult => {
    if (result.kind !== "written" || !result.created) return result;
    const error = failed.get(result.id);
    if (error !== undefined) return { kind: "failed", error: { code: "UNKNOWN_OUTCOME", message: error.message } };
    return { ...result, cells: { ...result.cells, ...only(requests[i]!.patch, (cell) => cells.has(cell)) } };
  });
}

async function hasKeyProperty({ schema, keyProperty }: WriteDeps, { object }: MappedObject): Promise<boolean> {
  return (await schema.properties(object)).get(keyProperty)?.unique === true;
}

async function createByKey(
  deps: WriteDeps,
  object: MappedObject,
  requests: readonly Create[],
): Promise<readonly WriteResult[]> {
  const { keyProperty } = deps;
  const known = await knownByKey(deps, object, requests);
  const fresh = requests.filter(({ key }) => !known.has(key));
  const rows = new Map(fresh.map((request) => [request, keyedRow(request, keyProperty)]));
  const outcomes = await sendRows(deps, object, "upsert", [...rows.values()]);
  const outcomeOf = (request: Create) => outcomes.get(rows.get(request)!)!;
  // Another sender of the same key came first: what its record holds now is read in full.
  const met = fresh.filter((request) => {
    const outcome = outcomeOf(request);
    return outcome.kind === "done" && !outcome.record.isNew;
  });
  const metNow = await knownByKey(deps, object, met);
  const owners = await ownersOfEmails(
    deps,
    object,
    fresh.filter((request) => isClashing(outcomeOf(request))),
  );
  return requests.map((request): WriteResult => {
    const earlier = known.get(request.key) ?? metNow.get(request.key);
    if (earlier !== undefined) return metAgain(deps, object, earlier);
    return settle(deps, object, request, outcomeOf(request), owners);
  });
}

type Outcome = ReturnType<Awaited<ReturnType<typeof sendRows>>["get"]> & object;

/** Records by the create key that they carry. */
async function knownByKey(
  { reader, keyProperty }: WriteDeps,
  object: MappedObject,
  requests: readonly Create[],
): Promise<ReadonlyMap<string, HubSpotRecord>> {
  if (requests.length === 0) return new Map();
  const records = await reader.findBy(
    object,
    keyProperty,
    requests.map(({ key }) => key),
  );
  return new Map(records.map((record) => [String(record.property(keyProperty)), record]));
}

function keyedRow(request: Create, keyProperty: string): Row {
  const { key, attemptId, patch } = request;
  return {
    traceId: attemptId,
    id: null,
    matches: (record) => record.property(keyProperty) === key,
    input: { id: key, idProperty: keyProperty },
    properties: { ...wireProperties(patch), [keyProperty]: key },
  };
}

/** Blanks are left out: there is nothing to clear yet. */
function wireProperties(patch: Create["patch"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(patch).flatMap(([cell, raw]) => (raw === null ? [] : [[cell, wireOf(raw)]])),
  );
}

function metAgain(deps: WriteDeps, object: MappedObject, record: HubSpotRecord): WriteResult {
  const cells = cellsOf(object, record);
  return {
    kind: "written",
    id: record.id,
    cells,
    complete: Object.keys(cells).length === object.cells.length,
    revision: revisionOf(record.modifiedAt),
    observedAt: deps.clock.now() as Instant,
    covered: {},
    created: false,
  };
}

/** A record that is older than this was not made by the call that just ended. */
const createAgeMsMax = 120_000;

function settle(
  deps: WriteDeps,
  object: MappedObject,
  request: Create,
  outcome: Outcome,
  owners: ReadonlyMap<string, RecordId>,
): WriteResult {
  if (outcome.kind === "done") {
    // HubSpot has been seen to answer a create with a contact that was there before.
    const ageMs = deps.client.vendorTime(deps.clock.now()) - outcome.record.createdAt;
    if (!outcome.record.isNew && ageMs > createAgeMsMax) return { kind: "exists", id: outcome.record.id };
    return {
      kind: "written",
      id: outcome.record.id,
      cells: storedCells(request.patch, outcome.record),
      complete: false,
      revision: revisionOf(outcome.record.modifiedAt),
      observedAt: deps.clock.now() as Instant,
      covered: {},
      created: true,
    };
  }
  if (outcome.kind === "missing") {
    return {
      kind: "failed",
      error: { code: "UNKNOWN_OUTCOME", message: "HubSpot does not find what was to be created" },
    };
  }
  if (outcome.kind === "refused" && isClash(outcome.refusal)) {
    const owner = outcome.refusal.existingId ?? owners.get(emailOf(object, request) ?? "");
    if (owner !== undefined) return { kind: "exists", id: owner };
  }
  return { kind: "failed", error: outcome.error };
}

async function createByEmail(
  deps: WriteDeps,
  object: MappedObject,
  requests: readonly Create[],
): Promise<readonly WriteResult[]> {
  const again = requests.filter(({ lookFirst }) => lookFirst);
  const owners = await ownersOfEmails(deps, object, again);
  const sendable = requests.filter((request) => !request.lookFirst || emailOf(object, request) !== undefined);
  const fresh = sendable.filter((request) => !request.lookFirst || !owners.has(emailOf(object, request) ?? ""));
  const rows = new Map(fresh.map((request) => [request, plainRow(object, request)]));
  const outcomes = await sendRows(deps, object, "create", [...rows.values()]);
  const clashing = fresh.filter((request) => isClashing(outcomes.get(rows.get(request)!)!));
  const found = await ownersOfEmails(deps, object, clashing);
  return requests.map((request): WriteResult => {
    const email = emailOf(object, request);
    const owner = request.lookFirst ? owners.get(email ?? "") : undefined;
    // It may be the one that our earlier create made, or another's: read, it will be matched by its e-mail.
    if (owner !== undefined) return { kind: "exists", id: owner };
    const row = rows.get(request);
    if (row === undefined) return { kind: "failed", error: unsure(deps, object) };
    return settle(deps, object, request, outcomes.get(row)!, found);
  });
}

function plainRow(object: MappedObject, request: Create): Row {
  const email = emailOf(object, request);
  return {
    traceId: request.attemptId,
    id: null,
    matches: (record) => email !== undefined && record.property("email") === email,
    input: {},
    properties: wireProperties(request.patch),
  };
}

function unsure({ keyProperty }: WriteDeps, { object }: MappedObject) {
  const remedy = `make the unique property ${keyProperty} (truce check --prepare does), then replay`;
  const message = `an earlier create of this ${object} may have taken effect, and nothing unique would show it; ${remedy}`;
  return { code: "REJECTED", message, cells: {} } as const;
}
