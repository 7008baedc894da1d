import type { CellName, RecordId } from "../../model/record.ts";
import { type SyncError, SyncFailure } from "../../model/sync-error.ts";
import { type JsonObject, objectOf, objectsOf, own, textOf, textsOf } from "../../ports/json-object.ts";
import { type Effect, lostError } from "../../ports/lost-answer.ts";
import { fullId } from "./record-id.ts";

/** One complaint. A call's say `errorCode`, a collection's rows `statusCode`. */
export type Complaint = {
  readonly code: string;
  readonly message: string;
  readonly fields: readonly CellName[];
  /** The record that stands in the way, where Salesforce names it. */
  readonly existingId: RecordId | null;
};

/** A call that Salesforce understood and refused: nothing was done. */
export class RefusedCall extends SyncFailure {
  readonly status: number;
  readonly complaints: readonly Complaint[];

  constructor(error: SyncError, status: number, complaints: readonly Complaint[]) {
    super(error);
    this.name = "RefusedCall";
    this.status = status;
    this.complaints = complaints;
  }
}

/** The complaints in an answer's body or in a row's `errors`; the token endpoint's form as well. */
export function complaintsOf(body: unknown): readonly Complaint[] {
  const listed = objectsOf(body).map(complaintOf);
  if (listed.length > 0) return listed;
  const told = objectOf(body) ?? {};
  const error = textOf(own(told, "error"));
  if (error === "") return [];
  return [{ code: error, message: textOf(own(told, "error_description")), fields: [], existingId: null }];
}

function complaintOf(json: JsonObject): Complaint {
  const message = textOf(own(json, "message"));
  return {
    code: textOf(own(json, "errorCode")) || textOf(own(json, "statusCode")),
    message,
    fields: textsOf(own(json, "fields")),
    existingId: duplicateIn(json) ?? existingIdIn(message),
  };
}

function existingIdIn(message: string): RecordId | null {
  const id = /duplicates value on record with id: (\w{15,18})/u.exec(message)?.[1];
  return id === undefined ? null : fullId(id);
}

/** The best match that a duplicate rule found. The older of both spellings is Salesforce's own. */
function duplicateIn(json: JsonObject): RecordId | null {
  const result = objectOf(own(json, "duplicateResult")) ?? objectOf(own(json, "duplicateResut"));
  const matches = objectsOf(own(result ?? {}, "matchResults")).flatMap((one) => objectsOf(own(one, "matchRecords")));
  const id = textOf(own(objectOf(own(matches[0] ?? {}, "record")) ?? {}, "Id"));
  return fullId(id);
}

/** True when another record holds what must be unique. */
export function isClash({ code }: Complaint): boolean {
  return code === "DUPLICATE_VALUE" || code === "DUPLICATES_DETECTED";
}

/** True when the record is not there (any more). */
export function isGone({ code }: Complaint): boolean {
  return code === "ENTITY_IS_DELETED" || code === "INVALID_CROSS_REFERENCE_KEY" || code === "NOT_FOUND";
}

/** Another transaction holds the record, or Salesforce gave up before it began: the same call may succeed later. */
const passing = new Set(["UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT", "TXN_SECURITY_METERING_ERROR"]);

/** The error of one row that was refused. */
export function rowError(complaints: readonly Complaint[], what: string): SyncError {
  const message = `${what}: Salesforce refuses: ${saying(complaints)}`;
  if (complaints.some(({ code }) => code === "UNABLE_TO_LOCK_ROW")) return { code: "UNREACHABLE", message };
  const cells = complaints.flatMap((one) => namedIn(one).map((cell) => [cell, one.message] as const));
  return { code: "REJECTED", message, cells: Object.fromEntries(cells) };
}

/** A field that is gone is named in the message alone. */
function namedIn({ code, message, fields }: Complaint): readonly CellName[] {
  if (fields.length > 0 || code !== "INVALID_FIELD") return fields;
  const name = /No such column '(\w+)'/u.exec(message)?.[1];
  return name === undefined ? [] : [name];
}

/** The error for a status that is no success. 401 and the limits are judged by the client, which knows more of them. */
export function refusedError(
  status: number,
  complaints: readonly Complaint[],
  effect: Effect,
  what: string,
): SyncError {
  const message = `${what}: Salesforce answered ${status} ${saying(complaints)}`;
  const codes = complaints.map(({ code }) => code);
  if (status === 401) return { code: "UNAUTHORIZED", message: `${message}; the session is not valid` };
  if (status === 403 || codes.some((code) => code === "API_DISABLED_FOR_ORG" || code.startsWith("INSUFFICIENT_"))) {
    return { code: "UNAUTHORIZED", message: `${message}; the integration user lacks a permission` };
  }
  if (codes.some((code) => passing.has(code)) && status < 500) return { code: "UNREACHABLE", message };
  if (status >= 500 || status === 408 || status < 400) return lostError(effect, message);
  if (status === 404 || codes.some((code) => code === "INVALID_TYPE" || code === "INVALID_FIELD")) {
    return { code: "SCHEMA", message };
  }
  return { code: "REJECTED", message, cells: {} };
}

export function saying(complaints: readonly Complaint[]): string {
  const said = complaints.map(({ code, message }) => [code, message.trim()].filter((text) => text !== "").join(": "));
  return said.join("; ") || "without a reason";
}

/** Thrown where an answer of a read is not what Salesforce documents. */
export function senseless(what: string, missing: string): SyncFailure {
  return new SyncFailure({ code: "UNREACHABLE", message: `${what}: Salesforce's answer has no ${missing}` });
}
