import { type RawUpsert, revisionOf } from "../../model/observation.ts";
import type { CellName, RecordId, SystemId } from "../../model/record.ts";
import type { Instant, Interval } from "../../model/time.ts";
import type { RawValue } from "../../model/value.ts";
import { type JsonObject, objectOf, own, textOf } from "../../ports/json-object.ts";
import { rawOf } from "./cell.ts";
import type { Client } from "./client.ts";
import { senseless } from "./errors.ts";
import { fullId } from "./record-id.ts";
import type { BoundObject } from "./schema.ts";

/** A record as Salesforce answers it, parsed. Times by Salesforce's clock, in whole seconds. */
export type SalesforceRecord = {
  readonly id: RecordId;
  /** SystemModstamp: moves with every change, also those that leave the date of the last modification. */
  readonly stamp: Instant;
  /** What conditional writes compare. */
  readonly modifiedAt: Instant;
  readonly modifiedBy: RecordId | null;
  readonly isDeleted: boolean;
  /** What a deleted record was merged into. */
  readonly masterId: RecordId | null;
  /** `undefined` for a field that was not answered. */
  field(name: CellName): unknown;
};

/** Fields that are asked for besides the mapped ones. */
const ownFields = ["Id", "SystemModstamp", "LastModifiedDate", "LastModifiedById", "IsDeleted"];

const mirrorField = "IsPersonAccount";

/** True for a person account's contact: what is to be said of it is said of the account. */
export function isMirror({ hasMirrors }: BoundObject, record: SalesforceRecord): boolean {
  return hasMirrors && record.field(mirrorField) === true;
}

/** `WHERE` with the conditions that there are, and without the contacts of person accounts. */
export function whereOf({ hasMirrors }: BoundObject, ...conditions: readonly (string | null)[]): string {
  const all = [...conditions, hasMirrors ? `${mirrorField} = false` : null].filter((one) => one !== null);
  return all.length === 0 ? "" : `WHERE ${all.join(" AND ")}`;
}

/** Moments of Salesforce are whole seconds, and known to about this much. */
const slackMs = 2_000;

/** Field names of a query or read. Fields that the object does not have are left out: one of them would fail it all. */
export function fieldsOf({ cells, keyField, hasMerges, hasMirrors, sobject }: BoundObject): readonly string[] {
  const special = [...(hasMerges ? ["MasterRecordId"] : []), ...(hasMirrors ? [mirrorField] : [])];
  const named = [...ownFields, ...special, ...cells.map(({ field }) => field.name)];
  const all = keyField === null ? named : [...named, keyField.name];
  return [...new Set(all)].filter((name) => sobject.fields.has(name));
}

/** The record in an answer; `undefined` when it lacks what every record has. */
export function recordOf(json: JsonObject): SalesforceRecord | undefined {
  const id = fullId(textOf(own(json, "Id")));
  if (id === null) return undefined;
  const moment = (name: string) => Date.parse(String(rawOf({ type: "datetime" }, own(json, name))));
  const modifiedAt = moment("LastModifiedDate");
  const stamp = moment("SystemModstamp");
  if (Number.isNaN(stamp) && Number.isNaN(modifiedAt)) return undefined;
  return {
    id,
    stamp: Number.isNaN(stamp) ? modifiedAt : stamp,
    modifiedAt: Number.isNaN(modifiedAt) ? stamp : modifiedAt,
    modifiedBy: fullId(textOf(own(json, "LastModifiedById"))),
    isDeleted: own(json, "IsDeleted") === true,
    masterId: fullId(textOf(own(json, "MasterRecordId"))),
    field: (name) => own(json, name),
  };
}

/** The records of a list. Throws where it is not one: a page that can't be read must not pass for an empty one. */
export function recordsOf(body: unknown, key: "records" | null, what: string): readonly SalesforceRecord[] {
  const list = key === null ? body : own(objectOf(body) ?? {}, key);
  if (!Array.isArray(list)) throw senseless(what, "records");
  return list.map((one) => {
    const record = recordOf(objectOf(one) ?? {});
    if (record === undefined) throw senseless(what, "Id or SystemModstamp in one of its records");
    return record;
  });
}

/** The mapped cells that the record answered. */
export function cellsOf({ cells }: BoundObject, record: SalesforceRecord): Readonly<Record<CellName, RawValue>> {
  return Object.fromEntries(
    cells.flatMap(({ field }) => {
      const value = record.field(field.name);
      return value === undefined ? [] : [[field.name, rawOf(field, value)] as const];
    }),
  );
}

/** A moment of Salesforce's clock, as an interval of Truce's. */
export function intervalOf(client: Client, at: Instant): Interval {
  const ownAt = client.ownTime(at);
  return { from: ownAt - slackMs, until: ownAt + slackMs };
}

export type TellDeps = { readonly system: SystemId; readonly client: Client };

/** What the record says. `observedAt`: when the reading began. */
export function upsertOf(
  { system, client }: TellDeps,
  bound: BoundObject,
  record: SalesforceRecord,
  observedAt: Instant,
): RawUpsert {
  const cells = cellsOf(bound, record);
  const key = bound.keyField === null ? undefined : record.field(bound.keyField.name);
  return {
    kind: "upsert",
    ref: { system, object: bound.mapped.object, id: record.id },
    revision: revisionOf(record.stamp),
    observedAt,
    cells,
    complete: bound.mapped.cells.every(({ cell }) => Object.hasOwn(cells, cell)),
    changedAt: intervalOf(client, record.stamp),
    author: record.modifiedBy,
    ...(typeof key === "string" && key !== "" ? { createKey: key } : {}),
  };
}
