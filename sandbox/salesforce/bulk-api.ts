import { parse } from "csv-parse/sync";
import type { SandboxAnswer, SandboxRequest } from "../core/serve.ts";
import { type JsonObject, objectBody } from "./body.ts";
import type { Field } from "./field.ts";
import { makeId } from "./id.ts";
import { type Actor, findField, findRecord, type Org, recordBy, type Table, tableOf } from "./org.ts";
import { notFound, Refusal, refuse } from "./refusal.ts";
import { momentText } from "./render.ts";
import { keyField } from "./row-api.ts";
import { parseSoql } from "./soql/parse.ts";
import { runSoql } from "./soql/run.ts";
import { createRecord, deleteRecord, updateRecord } from "./write.ts";

export type BulkJobs = {
  /** Everything below `/jobs/query` and `/jobs/ingest`. */
  answer(request: SandboxRequest, version: string, path: readonly string[], actor: Actor): SandboxAnswer;
};

type State = "Open" | "UploadComplete" | "InProgress" | "JobComplete" | "Aborted" | "Failed";

type Job = {
  readonly id: string;
  readonly kind: "query" | "ingest";
  readonly info: JsonObject;
  state: State;
  /** When its work is done. */
  doneAt: number;
  errorMessage: string | null;
  /** Query: lines of CSV, the first with the names. */
  lines: readonly string[];
  /** Ingest: what was uploaded, and what became of each row. */
  upload: string | null;
  done: readonly string[];
  failed: readonly string[];
};

const resultsMax = 50_000;

/** Bulk API 2.0: jobs that are worked on for a while, with CSV in and out. `workMs`: how long. */
export function createBulkJobs(org: Org, workMs: number): BulkJobs {
  const jobs = new Map<string, Job>();
  let made = 0;
  const settle = (job: Job): void => {
    if (job.state === "UploadComplete") job.state = "InProgress";
    if (job.state === "InProgress" && org.now() >= job.doneAt)
      job.state = job.errorMessage === null ? "JobComplete" : "Failed";
  };
  const infoOf = (job: Job, version: string): JsonObject => ({
    id: job.id,
    ...job.info,
    createdById: org.integrationUserId,
    createdDate: momentText(job.doneAt),
    systemModstamp: momentText(org.now()),
    state: job.state,
    concurrencyMode: "Parallel",
    contentType: "CSV",
    apiVersion: Number(version),
    lineEnding: "LF",
    columnDelimiter: "COMMA",
    ...(job.kind === "ingest" && job.state === "Open"
      ? { contentUrl: `services/data/v${version}/jobs/ingest/${job.id}/batches` }
      : {}),
    ...(job.state === "JobComplete" || job.state === "Failed"
      ? {
          numberRecordsProcessed: job.kind === "query" ? job.lines.length - 1 : job.done.length + job.failed.length - 2,
          numberRecordsFailed: Math.max(0, job.failed.length - 1),
          retries: 0,
          totalProcessingTime: 1,
        }
      : {}),
    ...(job.errorMessage === null ? {} : { errorMessage: job.errorMessage }),
  });

  const open = (kind: Job["kind"], info: JsonObject, state: State): Job => {
    const id = makeId("750", ++made);
    const job: Job = {
      id,
      kind,
      info,
      state,
      doneAt: org.now() + workMs,
      errorMessage: null,
      lines: [],
      upload: null,
      done: [],
      failed: [],
    };
    jobs.set(id, job);
    return job;
  };
  const openQuery = (body: JsonObject): Job => {
    const { operation, query } = body;
    if (operation !== "query" && operation !== "queryAll")
      throw refuse("API_ERROR", `Invalid operation: ${String(operation)}`);
    const parsed = parseSoql(String(query ?? ""));
    if (parsed.select === null || parsed.offset > 0)
      throw refuse("API_ERROR", "count() and OFFSET are not supported by Bulk API 2.0");
    const found = runSoql(org, parsed, operation === "queryAll");
    const names = parsed.select.map(({ parts }) => parts.join("."));
    const job = open("query", { operation, object: found.table.type.name }, "UploadComplete");
    // What a job answers is what was there when it was made.
    const rows = (found.records ?? []).map((record) => {
      const json = found.render(record, "66.0");
      return names.map((name) => valueAt(json, name));
    });
    job.lines = [names, ...rows].map(csvLine);
    return job;
  };
  const openIngest = (body: JsonObject): Job => {
    const { object, operation, externalIdFieldName } = body;
    const table = tableOf(org, String(object));
    if (!["insert", "update", "upsert", "delete"].includes(String(operation))) {
      throw refuse("API_ERROR", `Invalid operation: ${String(operation)}`);
    }
    if (operation === "upsert") keyField(table, String(externalIdFieldName));
    return open(
      "ingest",
      { object: table.type.name, operation, ...(externalIdFieldName === undefined ? {} : { externalIdFieldName }) },
      "Open",
    );
  };
  const change = (job: Job, state: unknown, actor: Actor): void => {
    if (state === "Aborted" && job.state !== "JobComplete") job.state = "Aborted";
    else if (state === "UploadComplete" && job.state === "Open" && job.upload !== null) {
      job.state = "UploadComplete";
      job.doneAt = org.now() + workMs;
      ingest(org, job, actor);
    } else throw refuse("INVALIDJOBSTATE", `Job in state ${job.state} can't become ${String(state)}`);
  };

  const results = (job: Job, query: URLSearchParams): SandboxAnswer => {
    if (job.state !== "JobComplete") throw refuse("INVALIDJOBSTATE", `Job is ${job.state}`);
    const from = Number(Buffer.from(query.get("locator") ?? "MA", "base64url").toString());
    const max = Math.min(resultsMax, Number(query.get("maxRecords") ?? resultsMax));
    if (!Number.isInteger(from) || !(max > 0)) throw refuse("INVALID_QUERY_LOCATOR", "invalid query locator");
    const [head = "", ...rows] = job.lines;
    const page = rows.slice(from, from + max);
    const next = from + max >= rows.length ? "null" : Buffer.from(String(from + max)).toString("base64url");
    return {
      status: 200,
      headers: { "content-type": "text/csv", "sforce-locator": next, "sforce-numberofrecords": String(page.length) },
      body: `${[head, ...page].join("\n")}\n`,
    };
  };

  return {
    answer: (request, version, path, actor) => {
      const [kind, id, part] = path;
      const { method, body } = request;
      if (kind !== "query" && kind !== "ingest") throw notFound();
      if (id === undefined) {
        if (method === "POST") {
          const job = kind === "query" ? openQuery(objectBody(body)) : openIngest(objectBody(body));
          return { status: 200, body: infoOf(job, version) };
        }
        return {
          status: 200,
          body: {
            done: true,
            records: [...jobs.values()].filter((job) => job.kind === kind).map((job) => infoOf(job, version)),
            nextRecordsUrl: null,
          },
        };
      }
      const job = jobs.get(id);
      if (job === undefined || job.kind !== kind) throw notFound();
      settle(job);
      if (part === undefined) {
        if (method === "PATCH") change(job, objectBody(body)["state"], actor);
        if (method === "DELETE") jobs.delete(id);
        return method === "DELETE" ? { status: 204, body: null } : { status: 200, body: infoOf(job, version) };
      }
      if (kind === "query" && part === "results") return results(job, request.query);
      if (kind === "ingest" && part === "batches" && method === "PUT") {
        if (job.state !== "Open" || job.upload !== null) throw refuse("INVALIDJOBSTATE", "The job takes no more data");
        job.upload = body.toString();
        return { status: 201, body: null };
      }
      const lines = { successfulResults: job.done, failedResults: job.failed, unprocessedrecords: [] as string[] }[
        part
      ];
      if (kind !== "ingest" || lines === undefined) throw notFound();
      return { status: 200, headers: { "content-type": "text/csv" }, body: `${lines.join("\n")}\n` };
    },
  };
}

function valueAt(record: unknown, path: string): unknown {
  return path.split(".").reduce((at: unknown, part) => (at as Record<string, unknown> | null)?.[part], record);
}

/** Every value in quotes, a blank as nothing. */
function csvLine(values: readonly unknown[]): string {
  return values
    .map((value) => {
      if (value === null || value === undefined) return "";
      // Bulk writes moments with a Z.
      const text = String(value).replace(/\.000\+0000$/u, ".000Z");
      return `"${text.replaceAll('"', '""')}"`;
    })
    .join(",");
}

/** Works through an upload: an empty value leaves a field as it is, `#N/A` clears it. */
function ingest(org: Org, job: Job, actor: Actor): void {
  const table = tableOf(org, String(job.info["object"]));
  let rows: Record<string, string>[];
  try {
    rows = parse(job.upload ?? "", { columns: true, skip_empty_lines: true });
  } catch (error) {
    job.errorMessage = `InvalidBatch : ${(error as Error).message}`;
    return;
  }
  const names = Object.keys(rows[0] ?? {});
  const unknown = names.find((name) => findField(table, name) === null);
  if (unknown !== undefined) {
    job.errorMessage = `InvalidBatch : Field name not found : ${unknown}`;
    return;
  }
  const done = [csvLine(["sf__Id", "sf__Created", ...names])];
  const failed = [csvLine(["sf__Id", "sf__Error", ...names])];
  for (const row of rows) {
    const own = names.map((name) => row[name]);
    try {
      const { id, created } = ingestRow(org, table, job.info, row, actor);
      done.push(csvLine([id, created, ...own]));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const [complaint] = error.complaints;
      const fields = complaint?.fields?.join(",") ?? "";
      failed.push(csvLine(["", `${complaint?.errorCode}:${complaint?.message}:${fields || "--"}`, ...own]));
    }
  }
  job.done = done;
  job.failed = failed;
}

function ingestRow(
  org: Org,
  table: Table,
  { operation, externalIdFieldName }: JsonObject,
  row: Readonly<Record<string, string>>,
  actor: Actor,
): { readonly id: string; readonly created: boolean } {
  const { Id: id = "", ...rest } = row;
  const key = operation === "upsert" ? keyField(table, String(externalIdFieldName)) : null;
  const values: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(rest)) {
    const field = findField(table, name);
    if (field !== null && text !== "" && field !== key)
      values[field.name] = text === "#N/A" ? null : typed(field, text);
  }
  if (operation === "insert") return { id: createRecord(org, table, values, actor).id, created: true };
  if (key !== null) {
    const [match] = recordBy(table, key, row[key.name] ?? "");
    if (match === undefined) {
      const made = createRecord(org, table, { ...values, [key.name]: row[key.name] }, actor);
      return { id: made.id, created: true };
    }
    updateRecord(org, table, match, values, actor);
    return { id: match.id, created: false };
  }
  const record = findRecord(table, id);
  if (record === null) throw refuse("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id");
  if (operation === "delete") deleteRecord(org, table, record, actor);
  else updateRecord(org, table, record, values, actor);
  return { id: record.id, created: false };
}

function typed({ type }: Field, text: string): unknown {
  if (type === "boolean") return text.toLowerCase() === "true";
  return ["int", "double", "currency", "percent"].includes(type) ? Number(text) : text;
}
