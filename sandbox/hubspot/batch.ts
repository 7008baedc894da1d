import type { SandboxAnswer } from "../core/serve.ts";
import { associateAll } from "./association-api.ts";
import { isObject, type JsonObject, objectsIn, propertiesIn, stringIn, stringsIn } from "./body.ts";
import { historyLimitMax, recordByProperty } from "./objects.ts";
import { findRecord, type Portal, type Table } from "./portal.ts";
import type { Actor, StoredRecord } from "./record.ts";
import {
  alreadyExists,
  badRequest,
  type ErrorItem,
  invalidValues,
  type Refusal,
  type ValueProblem,
} from "./refusal.ts";
import { batchTimes, renderRecord, renderWritten } from "./render.ts";
import { archive, checkValues, create, uniqueClash, update, type Values } from "./write.ts";

const batchSizeMax = 100;

function inputsOf(body: JsonObject): readonly JsonObject[] {
  const inputs = objectsIn(body, "inputs");
  if (inputs.length > batchSizeMax) {
    throw badRequest(`The number of inputs (${inputs.length}) exceeds the limit of ${batchSizeMax}`);
  }
  return inputs;
}

function refuseDuplicates(ids: readonly string[]): void {
  if (new Set(ids).size < ids.length) throw badRequest("Duplicate IDs found in batch input");
}

/** 207 as soon as one row failed. Results never come in the order of the inputs. */
function answer(
  portal: Portal,
  status: number,
  results: readonly object[],
  errors: readonly ErrorItem[],
): SandboxAnswer {
  const body = { ...batchTimes(portal), results: portal.random.shuffle(results) };
  if (errors.length === 0) return { status, body };
  return { status: 207, body: { ...body, numErrors: errors.length, errors } };
}

function notFoundItem(table: Table, ids: readonly string[]): ErrorItem {
  return {
    status: "error",
    category: "OBJECT_NOT_FOUND",
    message: `Could not get some ${table.type.singular.toUpperCase()} objects, they may be deleted or not exist. Check that ids are valid.`,
    context: { ids },
  };
}

/** `POST …/batch/read`; ids that were merged away answer with the survivor, once. */
export function batchRead(portal: Portal, table: Table, body: JsonObject, archived: boolean): SandboxAnswer {
  const inputs = inputsOf(body);
  const selection = {
    properties: stringsIn(body, "properties"),
    propertiesWithHistory: stringsIn(body, "propertiesWithHistory"),
  };
  if (selection.propertiesWithHistory.length > 0 && inputs.length > historyLimitMax) {
    throw badRequest(`Batch reads with property history take at most ${historyLimitMax} inputs`);
  }
  const idProperty = body["idProperty"] === undefined ? null : stringIn(body, "idProperty");
  const found = new Map<string, StoredRecord>();
  const missing: string[] = [];
  for (const input of inputs) {
    const id = stringIn(input, "id");
    const record = idProperty === null ? readable(portal, table, id) : recordByProperty(table, idProperty, id);
    if (record === null || (record.archivedAt !== null) !== archived) missing.push(id);
    else found.set(record.id, record);
  }
  const results = [...found.values()].map((record) => renderRecord(portal, table, record, selection));
  return answer(portal, 200, results, missing.length === 0 ? [] : [notFoundItem(table, missing)]);
}

function readable(portal: Portal, table: Table, id: string): StoredRecord | null {
  return portal.batchReadsMergedIds ? findRecord(table, id) : (table.records.get(id) ?? null);
}

type Row = {
  readonly input: JsonObject;
  readonly record: StoredRecord | null;
  readonly values: Values;
  readonly isNew: boolean;
};

/** `POST …/batch/create`: rows fail one by one if every row has a trace id, else all together. */
export function batchCreate(portal: Portal, table: Table, body: JsonObject, actor: Actor): SandboxAnswer {
  const rows = inputsOf(body).map((input) => ({ input, record: null, properties: propertiesIn(input) }));
  return writeRows(portal, table, rows, actor, 201);
}

/** `POST …/batch/update`: an invalid value fails the whole batch, whatever the trace ids; unknown ids fail alone. */
export function batchUpdate(portal: Portal, table: Table, body: JsonObject, actor: Actor): SandboxAnswer {
  const inputs = inputsOf(body);
  refuseDuplicates(inputs.map((input) => `${input["idProperty"] ?? ""}/${stringIn(input, "id")}`));
  const missing: string[] = [];
  const rows: Draft[] = [];
  for (const input of inputs) {
    const id = stringIn(input, "id");
    const record = recordFor(table, input, id);
    if (record === null) missing.push(id);
    else rows.push({ input, record, properties: propertiesIn(input) });
  }
  const problems = rows.flatMap(({ properties, record }) => checkValues(table, properties, record).problems);
  if (problems.length > 0) throw invalidValues(problems);
  const errors = missing.length === 0 ? [] : [notFoundItem(table, missing)];
  return writeRows(portal, table, rows, actor, 200, errors);
}

function recordFor(table: Table, input: JsonObject, id: string): StoredRecord | null {
  const idProperty = input["idProperty"];
  if (typeof idProperty === "string") return recordByProperty(table, idProperty, id);
  const record = findRecord(table, id);
  return record?.archivedAt === null ? record : null;
}

/** `POST …/batch/upsert` by a unique property, or by a contact's e-mail (then one bad row fails all). */
export function batchUpsert(portal: Portal, table: Table, body: JsonObject, actor: Actor): SandboxAnswer {
  const inputs = inputsOf(body);
  refuseDuplicates(inputs.map((input) => `${input["idProperty"] ?? ""}/${stringIn(input, "id")}`));
  let byEmail = false;
  const rows = inputs.map((input): Draft => {
    const idProperty = stringIn(input, "idProperty");
    const id = stringIn(input, "id");
    const record = recordByProperty(table, idProperty, id);
    if (idProperty === "email") byEmail = true;
    const key = idProperty === "hs_object_id" ? {} : { [idProperty]: id };
    return { input, record, properties: { ...key, ...propertiesIn(input) }, tellNew: true };
  });
  return writeRows(portal, table, rows, actor, 200, [], byEmail);
}

type Draft = {
  readonly input: JsonObject;
  readonly record: StoredRecord | null;
  readonly properties: JsonObject;
  readonly tellNew?: boolean;
};

function writeRows(
  portal: Portal,
  table: Table,
  drafts: readonly Draft[],
  actor: Actor,
  status: number,
  errors: readonly ErrorItem[] = [],
  allOrNothing = false,
): SandboxAnswer {
  const traced = !allOrNothing && drafts.every(({ input }) => traceIdOf(input) !== null);
  const failed: ErrorItem[] = [...errors];
  const rows: (Row & { readonly draft: Draft })[] = [];
  // Values that an earlier row of this batch will take.
  const claimed = new Set<string>();
  for (const draft of drafts) {
    const { values, problems } = checkValues(table, draft.properties, draft.record);
    const refusal = problems.length > 0 ? invalidValues(problems) : clashOf(table, values, draft, claimed);
    if (refusal === null) {
      for (const [name, value] of Object.entries(values)) claimed.add(`${name}\n${value}`);
      rows.push({ input: draft.input, record: draft.record, values, isNew: draft.record === null, draft });
      continue;
    }
    if (!traced) throw wholeRefusal(table, refusal, problems);
    failed.push(rowError(refusal, traceIdOf(draft.input)!));
  }
  const results = rows.map((row) => {
    const record =
      row.record === null
        ? create(portal, table, row.values, actor)
        : // Earlier rows may have changed it: two ids of one merged record.
          update(portal, table, table.records.get(row.record.id)!, row.values, actor);
    const links = row.input["associations"];
    if (Array.isArray(links)) associateAll(portal, table, record.id, links.filter(isObject), actor);
    const traceId = traceIdOf(row.input);
    return {
      ...renderWritten(portal, table, record, Object.keys(row.values)),
      ...(row.draft.tellNew ? { new: row.isNew } : {}),
      ...(traceId === null ? {} : { objectWriteTraceId: traceId }),
    };
  });
  return answer(portal, status, results, failed);
}

function traceIdOf(input: JsonObject): string | null {
  const traceId = input["objectWriteTraceId"];
  return typeof traceId === "string" ? traceId : null;
}

function clashOf(table: Table, values: Values, draft: Draft, claimed: ReadonlySet<string>): Refusal | null {
  const clash = uniqueClash(table, values, draft.record?.id ?? null);
  if (clash !== null) return clash.refusal;
  const unique = [...table.unique.keys()].find(
    (name) => (values[name] ?? "") !== "" && claimed.has(`${name}\n${values[name]}`),
  );
  return unique === undefined ? null : alreadyExists(table.type.singular, null);
}

/** As recorded, the whole-batch conflict does not tell the existing id. */
function wholeRefusal(table: Table, refusal: Refusal, problems: readonly ValueProblem[]): Refusal {
  return problems.length === 0 && refusal.status === 409 ? alreadyExists(table.type.singular, null) : refusal;
}

function rowError({ body }: Refusal, traceId: string): ErrorItem {
  const existing = /Existing ID: (\d+)|(\d+) already has that value/.exec(body.message);
  const existingId = existing?.[1] ?? existing?.[2];
  return {
    status: "error",
    ...(body.category === undefined ? {} : { category: body.category }),
    message: body.message,
    context: {
      objectWriteTraceId: [traceId],
      ...(existingId === undefined ? {} : { existingId: [existingId] }),
      ...propertyNames(body.errors ?? []),
    },
  };
}

function propertyNames(errors: readonly ErrorItem[]): { propertyName?: string[] } {
  const names = errors.flatMap((error) => error.context?.["propertyName"] ?? []);
  return names.length === 0 ? {} : { propertyName: names };
}

/** `POST …/batch/archive`: 204, also for ids that are unknown or archived already. */
export function batchArchive(portal: Portal, table: Table, body: JsonObject, actor: Actor): SandboxAnswer {
  for (const input of inputsOf(body)) {
    const record = findRecord(table, stringIn(input, "id"));
    if (record?.archivedAt === null) archive(portal, table, record, actor);
  }
  return { status: 204, body: null };
}
