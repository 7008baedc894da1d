import { parse } from "csv-parse/sync";
import type { SystemId } from "../../model/record.ts";
import { type SyncError, SyncFailure } from "../../model/sync-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ScanPage } from "../../ports/connector.ts";
import { type JsonObject, objectOf, own, textOf } from "../../ports/json-object.ts";
import type { Client } from "./client.ts";
import { RefusedCall, senseless } from "./errors.ts";
import { parseExactly } from "./json.ts";
import { fieldsOf, recordOf, upsertOf, whereOf } from "./records.ts";
import type { BoundObject, Field } from "./schema.ts";

export type BulkDeps = { readonly system: SystemId; readonly client: Client; readonly clock: Clock };

/** Where the scan by a job stands: `bulk/<job>/<begun>/<total>/<locator>`. */
const prefix = "bulk";
/** Rows of one page. */
const pageMax = 5000;
/** How long one call waits for a job before it says that there is nothing yet. */
const waitMsMax = 20_000;
const waitMsBase = 500;

export function isBulkCursor(cursor: string): boolean {
  return cursor.startsWith(`${prefix}/`);
}

/** Begins the reading of a large object by a job of Bulk API 2.0. Returns the scan's first place. */
export async function beginBulkScan({ client, clock }: BulkDeps, bound: BoundObject, total: number): Promise<string> {
  const { name } = bound.sobject;
  const what = `beginning to read all ${name}`;
  const body = {
    operation: "query",
    query: `SELECT ${fieldsOf(bound).join(",")} FROM ${name} ${whereOf(bound)}`.trim(),
  };
  const begun = clock.now();
  const answer = await client.call({ method: "POST", path: "jobs/query", body, effect: "read", urgency: "scan", what });
  const id = textOf(own(objectOf(answer) ?? {}, "id"));
  if (id === "") throw senseless(what, "id");
  return [prefix, id, begun, total, ""].join("/");
}

/**
 * The next rows of a job, or none while it is being worked on. They say how the records were when it began. `null`: the job is gone or failed, and
 * the reading must begin again in another way.
 */
export async function bulkPage(deps: BulkDeps, bound: BoundObject, cursor: string): Promise<ScanPage | null> {
  const [, id = "", begun = "", total = "", locator = ""] = cursor.split("/");
  try {
    const isDone = locator !== "" || (await waitForJob(deps, bound, id));
    if (!isDone) return { observations: [], cursor, total: Number(total) };
    return await readPage(deps, bound, { id, begun: Number(begun), total: Number(total), locator });
  } catch (error) {
    if (error instanceof RefusedCall && error.error.code !== "UNAUTHORIZED") return null;
    if (error instanceof FailedJob) return null;
    throw error;
  }
}

class FailedJob extends SyncFailure {
  constructor(error: SyncError) {
    super(error);
    this.name = "FailedJob";
  }
}

/** True once the job is done. Rejects with FailedJob. */
async function waitForJob({ client, clock }: BulkDeps, { sobject }: BoundObject, id: string): Promise<boolean> {
  const what = `waiting for all ${sobject.name}`;
  const until = clock.now() + waitMsMax;
  for (let waitMs = waitMsBase; ; waitMs *= 2) {
    const path = `jobs/query/${id}`;
    const job = objectOf(await client.call({ method: "GET", path, effect: "read", urgency: "scan", what })) ?? {};
    const state = textOf(own(job, "state"));
    if (state === "JobComplete") return true;
    if (state === "Failed" || state === "Aborted") {
      const why = textOf(own(job, "errorMessage"));
      throw new FailedJob({ code: "UNREACHABLE", message: `${what}: the job is ${state} ${why}` });
    }
    if (clock.now() + waitMs > until) return false;
    await clock.sleep(waitMs);
  }
}

type Job = { readonly id: string; readonly begun: number; readonly total: number; readonly locator: string };

async function readPage(deps: BulkDeps, bound: BoundObject, job: Job): Promise<ScanPage> {
  const what = `reading all ${bound.sobject.name}`;
  const query = new URLSearchParams({
    maxRecords: String(pageMax),
    ...(job.locator === "" ? {} : { locator: job.locator }),
  });
  const path = `jobs/query/${job.id}/results?${query}`;
  const { text, headers } = await deps.client.download({ method: "GET", path, effect: "read", urgency: "scan", what });
  const rows = rowsOf(text, what);
  // A page that was cut off must not pass for a short one.
  if (String(rows.length) !== headers.get("sforce-numberofrecords")) throw senseless(what, "as many rows as it says");
  const observations = rows.map((row) => {
    const record = recordOf(typedRow(bound, row));
    if (record === undefined) throw senseless(what, "Id or SystemModstamp in one of its rows");
    return upsertOf(deps, bound, record, job.begun);
  });
  const next = headers.get("sforce-locator") ?? "null";
  const cursor = next === "null" ? null : [prefix, job.id, job.begun, job.total, next].join("/");
  return { observations, cursor, total: job.total };
}

function rowsOf(text: string, what: string): readonly Readonly<Record<string, string>>[] {
  try {
    return parse(text, { columns: true, skip_empty_lines: true });
  } catch {
    throw senseless(what, "CSV that can be read");
  }
}

/** Texts as the values that REST would answer. */
function typedRow({ sobject }: BoundObject, row: Readonly<Record<string, string>>): JsonObject {
  return Object.fromEntries(
    Object.entries(row).map(([name, text]) => [name, text === "" ? null : typed(sobject.fields.get(name), text)]),
  );
}

const numbers = new Set(["int", "long", "double", "currency", "percent"]);

function typed(field: Field | undefined, text: string): unknown {
  if (field?.type === "boolean") return text === "true";
  return field !== undefined && numbers.has(field.type) && /^-?\d/u.test(text) ? parseExactly(text) : text;
}
