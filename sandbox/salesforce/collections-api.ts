import type { SandboxAnswer } from "../core/serve.ts";
import { isObject, type JsonObject } from "./body.ts";
import { fullId } from "./id.ts";
import { type Actor, announce, findTable, type Org, recordBy, type Table, tableOf } from "./org.ts";
import { Refusal, refuse, rowErrors } from "./refusal.ts";
import { renderRecord } from "./render.ts";
import { fieldIn, keyField, optionsIn, type RowCall } from "./row-api.ts";
import { createRecord, deleteRecord, updateRecord } from "./write.ts";

export type CollectionCall = Pick<RowCall, "org" | "version" | "headers" | "actor">;

const writesMax = 200;
const readsMax = 2000;

type Row = {
  readonly id?: string;
  readonly success: boolean;
  readonly errors: readonly object[];
  readonly created?: boolean;
};

/** `POST /composite/sobjects` */
export function createAll(call: CollectionCall, body: JsonObject): SandboxAnswer {
  return eachRow(call.org, recordsIn(body), body["allOrNone"] === true, (record) => {
    const table = tableOfRecord(call.org, record);
    const { id: _id, Id: _Id, ...fields } = record;
    if (_id !== undefined || _Id !== undefined) throw refuse("INVALID_FIELD", "cannot specify Id in an insert call");
    return { id: createRecord(call.org, table, fields, call.actor, optionsIn(call)).id };
  });
}

/** `PATCH /composite/sobjects` */
export function updateAll(call: CollectionCall, body: JsonObject): SandboxAnswer {
  return eachRow(call.org, recordsIn(body), body["allOrNone"] === true, (record) => {
    const table = tableOfRecord(call.org, record);
    const { id: lower, Id: upper, ...fields } = record;
    const id = lower ?? upper;
    if (typeof id !== "string") throw refuse("MISSING_ARGUMENT", "Id not specified in an update call");
    const own = rowOf(table, id);
    updateRecord(call.org, table, own, fields, call.actor, optionsIn(call));
    return { id: own.id };
  });
}

/** `PATCH /composite/sobjects/X/Field` */
export function upsertAll(
  call: CollectionCall,
  objectName: string,
  fieldName: string,
  body: JsonObject,
): SandboxAnswer {
  const table = tableOf(call.org, objectName);
  const field = keyField(table, fieldName);
  return eachRow(call.org, recordsIn(body), body["allOrNone"] === true, (record) => {
    const { [field.name]: value, ...fields } = record;
    const rest =
      field.name === "Id"
        ? fields
        : Object.fromEntries(Object.entries(fields).filter(([name]) => name.toLowerCase() !== "id"));
    if (typeof value !== "string") throw refuse("MISSING_ARGUMENT", `${field.name} not specified`);
    const [match, second] = recordBy(table, field, value);
    if (second !== undefined) {
      throw refuse(
        "DUPLICATE_EXTERNAL_ID",
        `${field.name}: more than one record found for external id field: [${value}]`,
      );
    }
    if (match !== undefined) {
      updateRecord(call.org, table, match, rest, call.actor, optionsIn(call));
      return { id: match.id, created: false };
    }
    const made = createRecord(call.org, table, { ...rest, [field.name]: value }, call.actor, optionsIn(call));
    return { id: made.id, created: true };
  });
}

/** `DELETE /composite/sobjects?ids=` */
export function deleteAll(call: CollectionCall, query: URLSearchParams): SandboxAnswer {
  const ids = (query.get("ids") ?? "").split(",").filter((id) => id !== "");
  if (ids.length === 0) throw emptyList();
  if (ids.length > writesMax) throw tooMany(writesMax);
  return eachRow(call.org, ids, query.get("allOrNone") === "true", (id) => {
    const full = fullId(id);
    if (full === null) throw refuse("MALFORMED_ID", `malformed id ${id}`);
    const table = [...call.org.tables.values()].find(({ type }) => full.startsWith(type.keyPrefix));
    if (table === undefined) throw refuse("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
    deleteRecord(call.org, table, rowOf(table, id), call.actor);
    return { id: full };
  });
}

/** `GET` or `POST /composite/sobjects/X`: records by id, `null` for those that are not there. */
export function retrieveAll(
  { org, version }: CollectionCall,
  objectName: string,
  ids: readonly string[],
  names: readonly string[],
): SandboxAnswer {
  const table = tableOf(org, objectName);
  if (ids.length === 0 || names.length === 0) throw emptyList();
  if (ids.length > readsMax) throw tooMany(readsMax);
  const fields = names.map((name) => fieldIn(table, name));
  const rows = ids.map((id) => {
    const full = fullId(id);
    if (full === null) throw refuse("MALFORMED_ID", `malformed id ${id}`);
    const record = table.records.get(full);
    return record === undefined || record.isDeleted ? null : renderRecord(table, record, fields, version);
  });
  return { status: 200, body: rows };
}

function recordsIn(body: JsonObject): readonly JsonObject[] {
  const records = body["records"];
  if (!Array.isArray(records) || records.length === 0) throw emptyList();
  if (records.length > writesMax) throw tooMany(writesMax);
  return records.map((record) => {
    if (isObject(record)) return record;
    throw refuse("JSON_PARSER_ERROR", "A record was expected");
  });
}

function emptyList() {
  return refuse("REQUIRED_FIELD_MISSING", "The list of records is empty", []);
}

function tooMany(max: number) {
  return refuse("LIMIT_EXCEEDED", `The number of records is over the maximum of ${max}`);
}

function tableOfRecord(org: Org, record: JsonObject): Table {
  const attributes = record["attributes"];
  const type = isObject(attributes) ? attributes["type"] : undefined;
  const table = typeof type === "string" ? findTable(org, type) : null;
  if (table !== null) return table;
  if (type === undefined) {
    throw refuse("INVALID_TYPE", "Each record must have attributes with its type", []);
  }
  throw refuse("INVALID_TYPE", `sObject type '${String(type)}' is not supported.`, []);
}

function rowOf(table: Table, id: string) {
  const full = fullId(id);
  if (full === null) throw refuse("MALFORMED_ID", `${table.type.label} ID: id value of incorrect type: ${id}`, ["Id"]);
  const record = table.records.get(full);
  if (record === undefined) throw refuse("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
  if (record.isDeleted) throw refuse("ENTITY_IS_DELETED", "entity is deleted");
  return record;
}

/** Answers 200 with one entry a row. With `allOrNone` the first fault undoes what came before it. */
function eachRow<Item>(
  org: Org,
  items: readonly Item[],
  allOrNone: boolean,
  work: (item: Item) => { readonly id: string; readonly created?: boolean },
): SandboxAnswer {
  const undo = allOrNone ? savepoint(org) : null;
  if (undo !== null) org.heldChanges = [];
  const rows = items.map((item): Row => {
    try {
      return { ...work(item), success: true, errors: [] };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { success: false, errors: rowErrors(error) };
    }
  });
  const held = org.heldChanges ?? [];
  org.heldChanges = null;
  if (undo === null || rows.every(({ success }) => success)) {
    for (const change of held) announce(org, change);
    return { status: 200, body: rows };
  }
  undo();
  const rolledBack = {
    statusCode: "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    message: "Record rolled back because not all records were valid and the request was using AllOrNone header",
    fields: [],
  };
  return {
    status: 200,
    body: rows.map((row) => (row.success ? { id: row.id, success: false, errors: [rolledBack] } : row)),
  };
}

/** Puts every table back as it is now. */
function savepoint(org: Org): () => void {
  const saved = [...org.tables.values()].map((table) => ({
    table,
    records: [...table.records].map(([id, record]) => [id, { ...record, values: { ...record.values } }] as const),
    unique: [...table.unique].map(([name, owners]) => [name, new Map(owners)] as const),
    deleteLog: [...table.deleteLog],
  }));
  const audit = org.audit.list();
  return () => {
    for (const { table, records, unique, deleteLog } of saved) {
      table.records.clear();
      for (const [id, record] of records) table.records.set(id, record);
      for (const [name, owners] of unique) table.unique.set(name, owners);
      table.deleteLog = deleteLog;
    }
    org.audit.restore(audit);
  };
}

export function actorOf(org: Org, version: string, headers: Readonly<Record<string, string>>): Actor {
  const client = /client=([^;,]+)/iu.exec(headers["sforce-call-options"] ?? "")?.[1]?.trim();
  const origin = `com/salesforce/api/rest/${version}${client === undefined ? "" : `;client=${client}`}`;
  return { userId: org.integrationUserId, source: "api", origin };
}
