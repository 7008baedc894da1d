import { isObject, type JsonObject } from "./body.ts";
import type { Field } from "./field.ts";
import {
  type Actor,
  announce,
  type Change,
  findField,
  findTable,
  type Org,
  recordBy,
  type StoredRecord,
  type Table,
  tableOf,
  takeId,
  uniqueKey,
  type Value,
  wholeSecond,
} from "./org.ts";
import { type Complaint, Refusal, refuse } from "./refusal.ts";
import { storedValue, unwritable } from "./value.ts";

export type WriteOptions = {
  /** Alert rules for duplicates do not stop this write. */
  readonly allowDuplicates?: boolean;
  /** When it says that it happened; default: now, or for people some time before. */
  readonly at?: number;
  /** Salesforce's own write of a person account's contact, which nobody else may make. */
  readonly isMirror?: boolean;
};

type Values = Readonly<Record<string, Value>>;

export function createRecord(
  org: Org,
  table: Table,
  body: JsonObject,
  actor: Actor,
  options: WriteOptions = {},
): StoredRecord {
  const given = valuesIn(org, table, body, "createable");
  const values = { ...defaultsOf(org, table, actor), ...given };
  const missing = [...table.fields.values()].filter(
    (field) => field.createable && !field.nillable && !field.defaultedOnCreate && (values[field.name] ?? null) === null,
  );
  requireAll(needsLastName(table, values) ? missing.filter(({ name }) => name !== "Name") : missing);
  checkUnique(table, null, given);
  checkDuplicates(org, table, null, values, options);
  const at = stampOf(org, actor, 0, options);
  const record: StoredRecord = {
    id: takeId(table),
    values,
    isDeleted: false,
    masterRecordId: null,
    createdAt: at,
    createdBy: actor.userId,
    modifiedAt: at,
    modifiedBy: actor.userId,
    stamp: at,
  };
  settle(table, record);
  table.records.set(record.id, record);
  index(table, record);
  const set = Object.keys(values).filter((name) => (values[name] ?? null) !== null);
  told(org, { table, record, kind: "CREATE", fields: set, actor, at }, {}, given);
  if (needsLastName(table, values)) mirrorPerson(org, record, actor);
  return record;
}

export function updateRecord(
  org: Org,
  table: Table,
  record: StoredRecord,
  body: JsonObject,
  actor: Actor,
  options: WriteOptions = {},
): void {
  if (record.isDeleted) throw new Refusal(404, [{ errorCode: "ENTITY_IS_DELETED", message: "entity is deleted" }]);
  if (record.values["IsPersonAccount"] === true && table.type.name === "Contact" && options.isMirror !== true) {
    const message = "A person account's contact is changed by way of its account";
    throw refuse("INVALID_FIELD_FOR_INSERT_UPDATE", message, Object.keys(body));
  }
  const given = valuesIn(org, table, body, "updateable");
  requireAll(
    Object.keys(given).flatMap((name) => {
      const field = table.fields.get(name)!;
      return given[name] === null && !field.nillable ? [field] : [];
    }),
  );
  checkUnique(table, record, given);
  checkDuplicates(org, table, record, given, options);
  const before = Object.fromEntries(Object.keys(given).map((name) => [name, record.values[name] ?? null]));
  const changed = Object.keys(given).filter((name) => before[name] !== given[name]);
  unindex(table, record);
  record.values = { ...record.values, ...given };
  settle(table, record);
  index(table, record);
  touch(org, record, actor, options);
  told(org, { table, record, kind: "UPDATE", fields: changed, actor, at: record.stamp }, before, given);
  if (needsLastName(table, record.values)) mirrorPerson(org, record, actor);
}

const personParts = {
  FirstName: "FirstName",
  LastName: "LastName",
  Email: "PersonEmail",
  MobilePhone: "PersonMobilePhone",
};

/** Each person account has a contact behind it, which shows wherever contacts are asked for. */
function mirrorPerson(org: Org, account: StoredRecord, actor: Actor): void {
  const contacts = tableOf(org, "Contact");
  const body = Object.fromEntries(
    Object.entries(personParts).map(([contact, own]) => [contact, account.values[own] ?? null]),
  );
  const present = contacts.records.get(String(account.values["PersonContactId"] ?? ""));
  if (present !== undefined) return updateRecord(org, contacts, present, body, actor, { isMirror: true });
  const made = createRecord(org, contacts, { ...body, AccountId: account.id }, actor, { allowDuplicates: true });
  made.values["IsPersonAccount"] = true;
  account.values["PersonContactId"] = made.id;
}

export function deleteRecord(org: Org, table: Table, record: StoredRecord, actor: Actor): void {
  if (record.isDeleted) throw new Refusal(404, [{ errorCode: "ENTITY_IS_DELETED", message: "entity is deleted" }]);
  unindex(table, record);
  record.isDeleted = true;
  touch(org, record, actor, {});
  table.deleteLog.push({ id: record.id, at: record.stamp });
  const mirror = tableOf(org, "Contact").records.get(String(record.values["PersonContactId"] ?? ""));
  if (mirror !== undefined && !mirror.isDeleted) deleteRecord(org, tableOf(org, "Contact"), mirror, actor);
  told(org, { table, record, kind: "DELETE", fields: [], actor, at: record.stamp }, { ...record.values }, {});
}

export function undeleteRecord(org: Org, table: Table, record: StoredRecord, actor: Actor): void {
  if (!record.isDeleted) throw new Error(`${record.id} is not deleted.`);
  record.isDeleted = false;
  record.masterRecordId = null;
  index(table, record);
  touch(org, record, actor, {});
  const set = Object.keys(record.values).filter((name) => (record.values[name] ?? null) !== null);
  told(org, { table, record, kind: "UNDELETE", fields: set, actor, at: record.stamp }, {}, record.values);
}

/** What a merge in the browser does: the losers go to the recycle bin and name their master; what points to them is moved. */
export function mergeRecords(
  org: Org,
  table: Table,
  master: StoredRecord,
  losers: readonly StoredRecord[],
  chosen: JsonObject,
  actor: Actor,
): void {
  if (!table.type.mergeable) throw new Error(`${table.type.label} records can't be merged.`);
  if (losers.length === 0 || losers.length > 2) throw new Error("A merge takes one or two losers.");
  for (const loser of losers) {
    loser.masterRecordId = master.id;
    deleteRecord(org, table, loser, actor);
  }
  const lost = new Set(losers.map(({ id }) => id));
  for (const other of org.tables.values()) {
    for (const field of other.fields.values()) {
      if (!field.referenceTo.includes(table.type.name) || !field.updateable) continue;
      for (const record of other.records.values()) {
        if (record.isDeleted || !lost.has(String(record.values[field.name] ?? ""))) continue;
        updateRecord(org, other, record, { [field.name]: master.id }, actor);
      }
    }
  }
  updateRecord(org, table, master, chosen, actor);
}

/** The fields that a body sets. `attributes`, `Id` and the path's key are the caller's. */
function valuesIn(org: Org, table: Table, body: JsonObject, need: "createable" | "updateable"): Values {
  const values: Record<string, Value> = {};
  const locked: string[] = [];
  for (const [name, raw] of Object.entries(body)) {
    if (name === "attributes") continue;
    const field = findField(table, name);
    const lookup = field === null && isObject(raw) ? lookupOf(org, table, name, raw) : null;
    if (lookup !== null) {
      values[lookup.field.name] = lookup.id;
      continue;
    }
    if (field === null) {
      throw refuse("INVALID_FIELD", `No such column '${name}' on sobject of type ${table.type.name}`);
    }
    if (!field[need]) locked.push(field.name);
    else values[field.name] = storedValue(org, field, raw);
  }
  if (locked.length > 0) throw refuse("INVALID_FIELD_FOR_INSERT_UPDATE", unwritable(locked.join(", ")), locked);
  return values;
}

/** `"Account": {"Ext__c": "k"}`: the lookup by the target's external id. */
function lookupOf(
  org: Org,
  table: Table,
  name: string,
  raw: JsonObject,
): { readonly field: Field; readonly id: string } | null {
  const field = [...table.fields.values()].find((one) => one.relationshipName?.toLowerCase() === name.toLowerCase());
  const target = field === undefined ? null : findTable(org, field.referenceTo[0] ?? "");
  if (field === undefined || target === null) return null;
  const [[key, value] = ["", null]] = Object.entries(raw).filter(([part]) => part !== "attributes");
  const by = findField(target, key);
  if (by === null || !by.idLookup) {
    throw refuse("INVALID_FIELD", `Foreign key external ID field does not exist or is not accessible: ${key}`);
  }
  const [found, second] = recordBy(target, by, value as Value);
  if (found === undefined || second !== undefined) {
    const message = `Foreign key external ID: ${String(value).toLowerCase()} not found for field ${by.name} in entity ${target.type.name}`;
    throw refuse("INVALID_FIELD", message, []);
  }
  return { field, id: found.id };
}

function defaultsOf(org: Org, table: Table, actor: Actor): Record<string, Value> {
  const values: Record<string, Value> = {};
  for (const field of table.fields.values()) {
    if (field.type === "boolean" && !isSystem(field)) values[field.name] = false;
    if (field.name === "OwnerId") values[field.name] = actor.userId;
    const chosen = field.picklistValues.find(({ defaultValue }) => defaultValue);
    if (chosen !== undefined) values[field.name] = chosen.value;
  }
  if (table.type.hasRecordTypes) values["RecordTypeId"] = defaultRecordType(org, table);
  return values;
}

/** The first active record type; an org without any has only the master, which is null. */
function defaultRecordType(org: Org, table: Table): string | null {
  const types = [...tableOf(org, "RecordType").records.values()];
  const own = types.find(
    ({ values, isDeleted }) => !isDeleted && values["SobjectType"] === table.type.name && values["IsActive"] === true,
  );
  return own?.id ?? null;
}

function isSystem({ name }: Field): boolean {
  return name === "IsDeleted";
}

/** What Salesforce works out by itself. */
function settle(table: Table, record: StoredRecord): void {
  const { values } = record;
  if (table.type.name === "Opportunity") {
    values["IsWon"] = values["StageName"] === "Closed Won";
    values["IsClosed"] = String(values["StageName"]).startsWith("Closed");
  }
  if (needsLastName(table, values)) {
    values["IsPersonAccount"] = true;
    values["Name"] = [values["FirstName"], values["LastName"]].filter((part) => typeof part === "string").join(" ");
  }
  // A custom object's name is its id until somebody names it.
  const name = [...table.fields.values()].find(({ nameField, custom }) => nameField && !custom);
  if (table.type.name.endsWith("__c") && name !== undefined) values[name.name] ??= record.id;
}

/** A person account: an account with a last name. */
function needsLastName(table: Table, values: Values): boolean {
  return table.type.name === "Account" && table.fields.has("IsPersonAccount") && typeof values["LastName"] === "string";
}

function requireAll(missing: readonly Field[]): void {
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name);
  throw refuse("REQUIRED_FIELD_MISSING", `Required fields are missing: [${names.join(", ")}]`, names);
}

function checkUnique(table: Table, self: StoredRecord | null, given: Values): void {
  for (const [name, value] of Object.entries(given)) {
    const field = table.fields.get(name)!;
    if (!field.unique || value === null) continue;
    const owner = table.unique.get(name)?.get(uniqueKey(field, value));
    if (owner === undefined || owner === self?.id) continue;
    const message = `duplicate value found: ${name} duplicates value on record with id: ${owner.slice(0, 15)}`;
    throw refuse("DUPLICATE_VALUE", message, []);
  }
}

function checkDuplicates(
  org: Org,
  table: Table,
  self: StoredRecord | null,
  values: Values,
  options: WriteOptions,
): void {
  for (const { object, field, action } of org.duplicateRules) {
    const value = values[field] ?? null;
    if (object !== table.type.name || value === null || (action === "alert" && options.allowDuplicates)) continue;
    const matches = recordBy(table, table.fields.get(field)!, value).filter(({ id }) => id !== self?.id);
    if (matches.length === 0) continue;
    const told: Complaint = {
      errorCode: "DUPLICATES_DETECTED",
      message: "Use one of these records?",
      fields: [],
      duplicateResult: duplicateResult(table, matches, action),
    };
    throw new Refusal(400, [told]);
  }
}

function duplicateResult(table: Table, matches: readonly StoredRecord[], action: DuplicateAction): object {
  return {
    allowSave: action === "alert",
    duplicateRule: `Standard_${table.type.name}_Duplicate_Rule`,
    duplicateRuleEntityType: table.type.name,
    errorMessage: "Use one of these records?",
    matchResults: [
      {
        entityType: table.type.name,
        errors: [],
        matchEngine: "ExactMatchEngine",
        matchRecords: matches.map(({ id }) => ({
          additionalInformation: [],
          fieldDiffs: [],
          matchConfidence: 100.0,
          record: {
            attributes: { type: table.type.name, url: `/services/data/v66.0/sobjects/${table.type.name}/${id}` },
            Id: id,
          },
        })),
        rule: "Exact_Match_Rule",
        size: matches.length,
        success: true,
      },
    ],
  };
}

type DuplicateAction = "alert" | "block";

function touch(org: Org, record: StoredRecord, actor: Actor, options: WriteOptions): void {
  record.stamp = stampOf(org, actor, record.stamp, options);
  record.modifiedAt = record.stamp;
  record.modifiedBy = actor.userId;
}

/** People's transactions may take a while: what they change says when it was changed, not when it could first be seen. */
function stampOf(org: Org, actor: Actor, last: number, { at }: WriteOptions): number {
  if (at !== undefined) return wholeSecond(at);
  const now = org.now();
  const lag = actor.source.startsWith("user:") ? org.commitLagMs() : 0;
  return wholeSecond(Math.min(now, Math.max(last + (lag > 0 ? 1000 : 0), now - lag)));
}

function index(table: Table, record: StoredRecord): void {
  for (const [name, owners] of table.unique) {
    const value = record.values[name] ?? null;
    if (value !== null) owners.set(uniqueKey(table.fields.get(name)!, value), record.id);
  }
}

function unindex(table: Table, record: StoredRecord): void {
  for (const [name, owners] of table.unique) {
    const value = record.values[name] ?? null;
    if (value !== null) owners.delete(uniqueKey(table.fields.get(name)!, value));
  }
}

const auditKinds = { CREATE: "create", UPDATE: "update", DELETE: "archive", UNDELETE: "restore" } as const;

function told(org: Org, change: Change, before: Values, after: Values): void {
  const { table, record, actor } = change;
  const isMerge = change.kind === "DELETE" && record.masterRecordId !== null;
  org.audit.add({
    at: org.now(),
    object: table.type.name,
    id: record.id,
    kind: isMerge ? "merge" : auditKinds[change.kind],
    before,
    after,
    source: actor.source,
  });
  announce(org, change);
}
