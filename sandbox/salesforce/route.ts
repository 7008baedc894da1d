import type { SandboxAnswer, SandboxRequest } from "../core/serve.ts";
import type { Auth } from "./auth.ts";
import { objectBody } from "./body.ts";
import type { BulkJobs } from "./bulk-api.ts";
import {
  actorOf,
  type CollectionCall,
  createAll,
  deleteAll,
  retrieveAll,
  updateAll,
  upsertAll,
} from "./collections-api.ts";
import { answerComposite } from "./composite-api.ts";
import { describeTable, globalEntry } from "./describe.ts";
import type { Limits } from "./limits.ts";
import { type Org, recordBy, tableOf } from "./org.ts";
import { batchSizeIn, type Queries, queryIn } from "./query-api.ts";
import { answerRefusal, notFound, Refusal } from "./refusal.ts";
import { listDeleted, listUpdated } from "./replication-api.ts";
import { createRow, deleteRow, keyField, liveRow, type RowCall, readRow, updateRow, upsertRow } from "./row-api.ts";
import { createCustomField } from "./setup-api.ts";

export type RouteDeps = {
  readonly org: Org;
  readonly auth: Auth;
  readonly queries: Queries;
  readonly bulk: BulkJobs;
  readonly toolingQueries: Queries;
  readonly limits: () => Limits;
  readonly instanceUrl: () => string;
};

const versions = Array.from({ length: 36 }, (_, n) => `${31 + n}.0`);

/** Answers one request, from the token endpoint to a record. */
export function answerCall(deps: RouteDeps, request: SandboxRequest): SandboxAnswer {
  try {
    return answerPath(deps, request);
  } catch (error) {
    if (error instanceof Refusal) return withUsage(deps, answerRefusal(error));
    throw error;
  }
}

function answerPath(deps: RouteDeps, request: SandboxRequest): SandboxAnswer {
  const { method, path, headers } = request;
  if (path.startsWith("/services/oauth2/")) return answerOAuth(deps, request);
  const parts = path
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent);
  const [services, data, versionPart, ...rest] = parts;
  if (services !== "services" || data !== "data") throw notFound();
  if (versionPart === undefined) {
    if (method !== "GET") throw notAllowed(method);
    const listed = versions.map((version) => ({
      label: `Release ${version}`,
      url: `/services/data/v${version}`,
      version,
    }));
    return { status: 200, body: listed };
  }
  const version = /^v(\d+\.0)$/u.exec(versionPart)?.[1];
  if (version === undefined || !versions.includes(version)) throw notFound();
  deps.auth.admit(headers["authorization"]);
  deps.limits().take();
  return withUsage(deps, answerData(deps, request, version, rest));
}

function answerOAuth(deps: RouteDeps, request: SandboxRequest): SandboxAnswer {
  const { auth, org } = deps;
  const form = () => new URLSearchParams(request.body.toString());
  switch (`${request.method} ${request.path}`) {
    case "POST /services/oauth2/token":
      return auth.exchange(request, deps.instanceUrl());
    case "POST /services/oauth2/revoke":
      return auth.revoke(form().get("token") ?? "");
    case "GET /services/oauth2/userinfo":
      auth.admit(request.headers["authorization"]);
      return {
        status: 200,
        body: {
          sub: `${deps.instanceUrl()}/id/${org.id}/${org.integrationUserId}`,
          user_id: org.integrationUserId,
          organization_id: org.id,
          preferred_username: auth.app.username,
        },
      };
    default:
      throw notFound();
  }
}

function answerData(deps: RouteDeps, request: SandboxRequest, version: string, rest: readonly string[]): SandboxAnswer {
  const { org, queries } = deps;
  const { method, query, headers, path } = request;
  const [what, first] = rest;
  switch (what) {
    case undefined: {
      const names = ["sobjects", "query", "queryAll", "limits", "composite", "jobs"];
      return {
        status: 200,
        body: Object.fromEntries(names.map((name) => [name, `/services/data/v${version}/${name}`])),
      };
    }
    case "limits": {
      const { used, max } = deps.limits().usage();
      return { status: 200, body: { DailyApiRequests: { Max: max, Remaining: Math.max(0, max - used) } } };
    }
    case "query":
    case "queryAll":
      if (method !== "GET") throw notAllowed(method);
      if (first !== undefined) return queries.more(first, version);
      return queries.run(queryIn(query), what === "queryAll", version, batchSizeIn(headers["sforce-query-options"]));
    case "jobs":
      return deps.bulk.answer(request, version, rest.slice(1), actorOf(org, version, headers));
    case "tooling":
      if (method === "POST" && rest.slice(1).join("/") === "sobjects/CustomField") {
        return createCustomField(org, objectBody(request.body));
      }
      if (method !== "GET" || first !== "query") throw notFound();
      return deps.toolingQueries.run(queryIn(query), false, version, batchSizeIn(headers["sforce-query-options"]));
    case "sobjects":
      return answerObject(org, request, version, rest.slice(1));
    case "composite": {
      const call: CollectionCall = { org, version, headers, actor: actorOf(org, version, headers) };
      if (first === "sobjects") return answerCollection(call, request, rest.slice(2));
      if (first !== undefined || method !== "POST") throw notFound();
      return answerComposite(request, objectBody(request.body), (part) => answerSubrequest(deps, part));
    }
    default:
      throw notFound(`The requested resource does not exist: ${path}`);
  }
}

/** Parts of a composite are neither counted nor admitted by themselves. */
function answerSubrequest(deps: RouteDeps, part: SandboxRequest): SandboxAnswer {
  try {
    const [, , versionPart = "", ...rest] = part.path
      .split("/")
      .filter((one) => one !== "")
      .map(decodeURIComponent);
    const version = versionPart.slice(1);
    if (!versions.includes(version)) throw notFound();
    return answerData(deps, part, version, rest);
  } catch (error) {
    if (error instanceof Refusal && error.complaints[0]?.errorCode !== "PROCESSING_HALTED") return answerRefusal(error);
    throw error;
  }
}

function answerObject(org: Org, request: SandboxRequest, version: string, rest: readonly string[]): SandboxAnswer {
  const { method, query, headers } = request;
  const [name, second, third] = rest;
  if (name === undefined) {
    const sobjects = [...org.tables.values()].map((table) => globalEntry(table, version));
    return { status: 200, body: { encoding: "UTF-8", maxBatchSize: 200, sobjects } };
  }
  const table = tableOf(org, name);
  const call: RowCall = { org, table, version, headers, actor: actorOf(org, version, headers) };
  if (second === undefined) {
    if (method === "POST") return createRow(call, objectBody(request.body));
    if (method === "GET")
      return { status: 200, body: { objectDescribe: globalEntry(table, version), recentItems: [] } };
    throw notAllowed(method);
  }
  if (third === undefined && method === "GET") {
    if (second === "describe") return { status: 200, body: describeTable(org, table, version) };
    if (second === "updated") return listUpdated(org, table, query);
    if (second === "deleted") return listDeleted(org, table, query);
  }
  if (third === undefined) return answerRow(call, request, second);
  return answerByKey(call, request, second, third);
}

function answerRow(call: RowCall, request: SandboxRequest, id: string): SandboxAnswer {
  const record = liveRow(call.table, id);
  switch (request.method) {
    case "GET":
      return readRow(call, record, request.query.get("fields"));
    case "PATCH":
      return updateRow(call, record, objectBody(request.body));
    case "DELETE":
      return deleteRow(call, record);
    default:
      throw notAllowed(request.method);
  }
}

function answerByKey(call: RowCall, request: SandboxRequest, fieldName: string, value: string): SandboxAnswer {
  const { table, version } = call;
  const { method, query } = request;
  if (method === "PATCH") {
    return upsertRow(call, fieldName, value, objectBody(request.body), query.get("updateOnly") === "true");
  }
  const [match, ...more] = recordBy(table, keyField(table, fieldName), value);
  if (match === undefined) throw notFound();
  if (more.length > 0) {
    const urls = [match, ...more].map(({ id }) => `/services/data/v${version}/sobjects/${table.type.name}/${id}`);
    return { status: 300, body: urls };
  }
  if (method === "GET") return readRow(call, match, query.get("fields"));
  if (method === "DELETE") return deleteRow(call, match);
  throw notAllowed(method);
}

function answerCollection(call: CollectionCall, request: SandboxRequest, rest: readonly string[]): SandboxAnswer {
  const { method, query } = request;
  const [name, key] = rest;
  const body = () => objectBody(request.body);
  if (name === undefined) {
    if (method === "POST") return createAll(call, body());
    if (method === "PATCH") return updateAll(call, body());
    if (method === "DELETE") return deleteAll(call, query);
    throw notAllowed(method);
  }
  if (key !== undefined) {
    if (method !== "PATCH") throw notAllowed(method);
    return upsertAll(call, name, key, body());
  }
  if (method === "GET") {
    const listed = (text: string | null) => (text ?? "").split(",").filter((one) => one !== "");
    return retrieveAll(call, name, listed(query.get("ids")), listed(query.get("fields")));
  }
  if (method !== "POST") throw notAllowed(method);
  const { ids, fields } = body();
  const texts = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  return retrieveAll(call, name, texts(ids), texts(fields));
}

function notAllowed(method: string): Refusal {
  const message = `HTTP Method '${method}' not allowed. Allowed are HEAD,GET,POST,PATCH,DELETE`;
  return new Refusal(405, [{ errorCode: "METHOD_NOT_ALLOWED", message }]);
}

function withUsage({ limits }: RouteDeps, answer: SandboxAnswer): SandboxAnswer {
  const { used, max } = limits().usage();
  return { ...answer, headers: { "sforce-limit-info": `api-usage=${used}/${max}`, ...answer.headers } };
}
