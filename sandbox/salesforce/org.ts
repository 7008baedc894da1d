import type { AuditLog } from "../core/audit.ts";
import type { SeededRandom } from "../core/random.ts";
import { completeField, type Field, type FieldDraft } from "./field.ts";
import { fullId, makeId } from "./id.ts";
import { Refusal } from "./refusal.ts";
import { type ObjectDraft, systemFields } from "./standard-objects.ts";

/** A field's value as it is stored: dates as `YYYY-MM-DD`, moments as ms, many choices joined by ";". */
export type Value = string | number | boolean | null;

export type StoredRecord = {
  readonly id: string;
  values: Record<string, Value>;
  isDeleted: boolean;
  masterRecordId: string | null;
  readonly createdAt: number;
  readonly createdBy: string;
  modifiedAt: number;
  modifiedBy: string;
  /** SystemModstamp: whole seconds, like every moment of Salesforce's own. */
  stamp: number;
};

export type ObjectType = Pick<ObjectDraft, "name" | "label" | "keyPrefix"> & {
  readonly mergeable: boolean;
  readonly hasRecordTypes: boolean;
};

export type Table = {
  readonly type: ObjectType;
  /** Those that the integration user may see. */
  readonly fields: Map<string, Field>;
  /** Made by the API, and nobody's to see until a permission is given. */
  readonly hiddenFields: Map<string, Field>;
  readonly records: Map<string, StoredRecord>;
  /** Live records by the value of each unique or external id field. */
  readonly unique: Map<string, Map<string, string>>;
  /** Deleted records, with when; the recycle bin may be emptied, this stays for `deleted`. */
  deleteLog: { readonly id: string; readonly at: number }[];
  nextNumber: number;
};

export type Actor = {
  readonly userId: string;
  /** `api`, `user:<id>` or `seed`, for the audit log. */
  readonly source: string;
  /** `com/salesforce/api/rest/66.0;client=Truce`; empty for the browser. */
  readonly origin: string;
};

/** A committed change of one record, for change events. */
export type Change = {
  readonly table: Table;
  readonly record: StoredRecord;
  readonly kind: "CREATE" | "UPDATE" | "DELETE" | "UNDELETE";
  readonly fields: readonly string[];
  readonly actor: Actor;
  readonly at: number;
};

export type Org = {
  readonly id: string;
  /** Whom API calls are made as. */
  readonly integrationUserId: string;
  readonly tables: Map<string, Table>;
  /** What is selected for Change Data Capture: `ContactChangeEvent`. */
  readonly selectedEntities: Set<string>;
  readonly audit: AuditLog;
  readonly random: SeededRandom;
  readonly now: () => number;
  /** How much longer ago than its commit a person's change says it was made. */
  readonly commitLagMs: () => number;
  readonly listeners: ((change: Change) => void)[];
  /** Changes of a call that may still be undone as a whole; `null` outside of one. */
  heldChanges: Change[] | null;
  /** The integration user may change the set-up. */
  mayCustomize: boolean;
  duplicateRules: readonly DuplicateRule[];
  /** Deletes before this moment are not listed any more, as when Salesforce has purged its log. */
  deletesKnownSince: number;
};

/** Records of `object` with an equal `field` are duplicates; an alert can be passed by `allowSave`, a block can't. */
export type DuplicateRule = { readonly object: string; readonly field: string; readonly action: "alert" | "block" };

export function addTable(org: Org, draft: ObjectDraft): Table {
  const { name, label, keyPrefix, mergeable = false, recordTypes = false } = draft;
  const table: Table = {
    type: { name, label, keyPrefix, mergeable, hasRecordTypes: recordTypes },
    fields: new Map(),
    hiddenFields: new Map(),
    records: new Map(),
    unique: new Map(),
    deleteLog: [],
    nextNumber: 1,
  };
  for (const field of [...systemFields(draft), ...draft.fields]) addField(table, field);
  org.tables.set(name.toLowerCase(), table);
  return table;
}

export function addField(table: Table, draft: FieldDraft): Field {
  return showField(table, completeField(draft));
}

export function showField(table: Table, field: Field): Field {
  table.hiddenFields.delete(field.name);
  table.fields.set(field.name, field);
  if (field.unique || field.externalId) table.unique.set(field.name, new Map());
  return field;
}

/** Object names are not case-sensitive. */
export function findTable(org: Org, name: string): Table | null {
  return org.tables.get(name.toLowerCase()) ?? null;
}

export function tableOf(org: Org, name: string): Table {
  const table = findTable(org, name);
  if (table !== null) return table;
  throw new Refusal(404, [{ errorCode: "NOT_FOUND", message: "The requested resource does not exist" }]);
}

/** Nor are field names. */
export function findField(table: Table, name: string): Field | null {
  const exact = table.fields.get(name);
  if (exact !== undefined) return exact;
  const lower = name.toLowerCase();
  for (const field of table.fields.values()) if (field.name.toLowerCase() === lower) return field;
  return null;
}

export function takeId(table: Table): string {
  return makeId(table.type.keyPrefix, table.nextNumber++);
}

/** The record of any form of its id, deleted or not. */
export function findRecord(table: Table, id: string): StoredRecord | null {
  const full = fullId(id);
  return full === null ? null : (table.records.get(full) ?? null);
}

/** How a unique field's value is looked up. */
export function uniqueKey(field: Field, value: Value): string {
  return field.caseSensitive ? String(value) : String(value).toLowerCase();
}

/** The live record that has this value in a unique or external id field. */
export function recordBy(table: Table, field: Field, value: Value): readonly StoredRecord[] {
  const key = uniqueKey(field, value);
  if (field.name === "Id") {
    const record = findRecord(table, String(value));
    return record === null || record.isDeleted ? [] : [record];
  }
  if (field.unique) {
    const id = table.unique.get(field.name)?.get(key);
    return id === undefined ? [] : [table.records.get(id)!];
  }
  return [...table.records.values()].filter((record) => {
    const own = record.values[field.name] ?? null;
    return !record.isDeleted && own !== null && uniqueKey(field, own) === key;
  });
}

/** Moments are kept in whole seconds. */
export function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}

export function announce(org: Org, change: Change): void {
  if (org.heldChanges !== null) org.heldChanges.push(change);
  else for (const listener of org.listeners) listener(change);
}
