import type { SandboxAnswer } from "../core/serve.ts";
import type { JsonObject } from "./body.ts";
import type { Field } from "./field.ts";
import { fullId } from "./id.ts";
import { type Actor, findField, type Org, recordBy, type StoredRecord, type Table, wholeSecond } from "./org.ts";
import { notFound, Refusal, refuse } from "./refusal.ts";
import { renderRecord } from "./render.ts";
import { grantField, mustBeAllowed } from "./setup-api.ts";
import { createRecord, deleteRecord, updateRecord, type WriteOptions } from "./write.ts";

/** A call on one record, whether it came by itself or within a composite. */
export type RowCall = {
  readonly org: Org;
  readonly table: Table;
  readonly version: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly actor: Actor;
};

/** The live record of an id in a path. */
export function liveRow(table: Table, id: string): StoredRecord {
  const full = fullId(id);
  if (full === null) {
    throw new Refusal(404, [
      { errorCode: "NOT_FOUND", message: `Provided external ID field does not exist or is not accessible: ${id}` },
    ]);
  }
  const record = table.records.get(full);
  if (record === undefined) throw notFound();
  if (record.isDeleted) throw new Refusal(404, [{ errorCode: "ENTITY_IS_DELETED", message: "entity is deleted" }]);
  return record;
}

export function readRow(
  { table, version, headers }: RowCall,
  record: StoredRecord,
  names: string | null,
): SandboxAnswer {
  const since = dateIn(headers, "if-modified-since");
  if (since !== null && wholeSecond(record.modifiedAt) <= since) return { status: 304, body: null };
  checkUnmodified(headers, record);
  return {
    status: 200,
    headers: { "last-modified": new Date(record.modifiedAt).toUTCString() },
    body: renderRecord(table, record, fieldsIn(table, names), version),
  };
}

/** The fields that a list names; all of them without a list. */
function fieldsIn(table: Table, names: string | null): readonly Field[] {
  if (names === null) return [...table.fields.values()];
  return names.split(",").map((name) => fieldIn(table, name.trim()));
}

export function fieldIn(table: Table, name: string): Field {
  const field = findField(table, name);
  if (field !== null) return field;
  throw refuse("INVALID_FIELD", `No such column '${name}' on sobject of type ${table.type.name}`);
}

export function createRow(call: RowCall, body: JsonObject): SandboxAnswer {
  const { org, table, version, actor } = call;
  if (Object.keys(body).some((name) => name.toLowerCase() === "id")) {
    throw refuse("INVALID_FIELD", "cannot specify Id in an insert call");
  }
  if (table.type.name === "FieldPermissions") mustBeAllowed(org);
  const record = createRecord(org, table, body, actor, optionsIn(call));
  if (table.type.name === "FieldPermissions") grantField(org, body);
  return {
    status: 201,
    headers: { location: `/services/data/v${version}/sobjects/${table.type.name}/${record.id}` },
    body: { id: record.id, success: true, errors: [] },
  };
}

export function updateRow(call: RowCall, record: StoredRecord, body: JsonObject): SandboxAnswer {
  checkUnmodified(call.headers, record);
  if (Object.keys(body).some((name) => name.toLowerCase() === "id")) {
    throw refuse("INVALID_FIELD", "The Id field should not be specified in the sobject data.");
  }
  updateRecord(call.org, call.table, record, body, call.actor, optionsIn(call));
  return { status: 204, body: null };
}

export function deleteRow({ org, table, actor }: RowCall, record: StoredRecord): SandboxAnswer {
  deleteRecord(org, table, record, actor);
  return { status: 204, body: null };
}

/** `PATCH /sobjects/X/Field/value`: one record made or updated. Several matches answer 300 with their addresses. */
export function upsertRow(
  call: RowCall,
  fieldName: string,
  value: string,
  body: JsonObject,
  updateOnly: boolean,
): SandboxAnswer {
  const { org, table, version, actor } = call;
  const field = keyField(table, fieldName);
  const matches = recordBy(table, field, value);
  if (matches.length > 1) {
    const urls = matches.map(({ id }) => `/services/data/v${version}/sobjects/${table.type.name}/${id}`);
    return { status: 300, body: urls };
  }
  const [match] = matches;
  if (match === undefined) {
    if (updateOnly) throw notFound();
    const key = field.name === "Id" ? {} : { [field.name]: value };
    const { id } = createRecord(org, table, { ...body, ...key }, actor, optionsIn(call));
    return { status: 201, body: { id, success: true, errors: [], created: true } };
  }
  checkUnmodified(call.headers, match);
  updateRecord(org, table, match, body, actor, optionsIn(call));
  return { status: 200, body: { id: match.id, success: true, errors: [], created: false } };
}

/** A field that records can be found by. */
export function keyField(table: Table, name: string): Field {
  const field = findField(table, name);
  if (field?.idLookup === true) return field;
  throw notFound(`Provided external ID field does not exist or is not accessible: ${name}`);
}

export function optionsIn({ headers }: Pick<RowCall, "headers">): WriteOptions {
  return { allowDuplicates: /allowSave=true/iu.test(headers["sforce-duplicate-rule-header"] ?? "") };
}

/** Compares whole seconds: a change in the same second as the date given passes unseen. */
function checkUnmodified(headers: Readonly<Record<string, string>>, record: StoredRecord): void {
  const since = dateIn(headers, "if-unmodified-since");
  if (since === null || wholeSecond(record.modifiedAt) <= since) return;
  throw new Refusal(412, [
    { errorCode: "PRECONDITION_FAILED", message: "The entity was modified after the date in If-Unmodified-Since" },
  ]);
}

function dateIn(headers: Readonly<Record<string, string>>, name: string): number | null {
  const text = headers[name];
  if (text === undefined) return null;
  const at = Date.parse(text);
  if (Number.isNaN(at) || !text.endsWith("GMT")) throw refuse("INVALID_HEADER", `Invalid value for header ${name}`);
  return at;
}
