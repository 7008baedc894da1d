import { type Base, schemas, type TableState, tableNamed, type User } from "./base.ts";
import type { JsonObject } from "./json.ts";
import type { MetaCalls } from "./meta.ts";
import type { RecordCalls } from "./records.ts";
import { noSuchModel, notFound } from "./refusal.ts";
import type { WebhookCalls } from "./webhooks.ts";

export const allScopes = [
  "data.records:read",
  "data.records:write",
  "schema.bases:read",
  "schema.bases:write",
  "webhook:manage",
  "user.email:read",
] as const;

export type Scope = (typeof allScopes)[number];

/** A personal access token: who it acts as and what it may do. */
export type Token = { readonly token: string; readonly user: User; readonly scopes: readonly Scope[] };

/** One call, parsed: path segments after `/v0`, query parameters, body. */
export type ApiRequest = {
  readonly method: string;
  readonly path: readonly string[];
  readonly params: JsonObject;
  readonly body: JsonObject;
  readonly token: Token;
};

export type ApiDeps = {
  readonly base: Base;
  readonly records: RecordCalls;
  readonly meta: MetaCalls;
  readonly webhooks: WebhookCalls;
};

/** The base that a path is about, for its request limit; undefined for calls about none. */
export function baseOf(path: readonly string[]): string | undefined {
  return path.find((segment) => segment.startsWith("app"));
}

/** Answers one call of the Web API. Throws a `Refusal`. */
export function makeApi({ base, records, meta, webhooks }: ApiDeps): (request: ApiRequest) => JsonObject {
  const need = (request: ApiRequest, scope: Scope): void => {
    if (!request.token.scopes.includes(scope)) throw noSuchModel();
  };
  const needBase = (id: string | undefined): void => {
    if (id !== base.id) throw noSuchModel();
  };

  const answerMeta = (request: ApiRequest): JsonObject => {
    const { method, body } = request;
    const [, what, baseId, , tableId, , fieldId] = request.path;
    const length = request.path.length;
    const actor = { source: "publicApi", user: request.token.user } as const;
    if (what === "whoami" && method === "GET") return whoami(request.token);
    if (what !== "bases") throw notFound();
    need(request, method === "GET" ? "schema.bases:read" : "schema.bases:write");
    if (length === 2 && method === "GET") return meta.bases();
    needBase(baseId);
    if (length === 4 && method === "GET") return meta.tables(request.params);
    if (length === 4 && method === "POST") return meta.createTable(actor, body);
    if (length === 5 && method === "PATCH") return meta.updateTable(actor, tableId!, body);
    if (length === 6 && method === "POST") return meta.createField(actor, tableId!, body);
    if (length === 7 && method === "PATCH") return meta.updateField(actor, tableId!, fieldId!, body);
    throw notFound();
  };

  const answerWebhooks = (request: ApiRequest): JsonObject => {
    const { method, body, params } = request;
    const [, baseId, what, hookId, action] = request.path;
    if (what !== "webhooks") throw notFound();
    need(request, "webhook:manage");
    needBase(baseId);
    if (hookId === undefined) {
      if (method === "GET") return webhooks.list();
      if (method === "POST") return webhooks.create(body);
    } else if (action === undefined && method === "DELETE") {
      return webhooks.remove(hookId);
    } else if (action === "payloads" && method === "GET") {
      return webhooks.payloads(hookId, params);
    } else if (action === "refresh" && method === "POST") {
      return webhooks.refresh(hookId);
    } else if (action === "enableNotifications" && method === "POST") {
      return webhooks.enableNotifications(hookId, body);
    }
    throw notFound();
  };

  const tableOf = (key: string): TableState => {
    const table = tableNamed(base, key);
    if (!table || !schemas(base).includes(table.schema)) throw noSuchModel();
    return table;
  };

  const answerRecords = (request: ApiRequest): JsonObject => {
    const { method, params, body } = request;
    const [baseId, tableKey, recordId] = request.path;
    const isList = method === "GET" || recordId === "listRecords";
    need(request, isList ? "data.records:read" : "data.records:write");
    needBase(baseId);
    const table = tableOf(tableKey ?? "");
    const actor = { source: "publicApi", user: request.token.user } as const;
    const replace = method === "PUT";
    if (recordId === "listRecords" && method === "POST") return records.list(table, { ...params, ...body });
    if (recordId === undefined) {
      if (method === "GET") return records.list(table, params);
      if (method === "POST") return records.create(table, actor, body);
      if (method === "PATCH" || replace) return records.update(table, actor, body, { replace });
      if (method === "DELETE") return records.remove(table, actor, params);
    } else {
      if (method === "GET") return records.get(table, recordId, params);
      if (method === "PATCH" || replace) return records.updateOne(table, actor, recordId, body, { replace });
      if (method === "DELETE") return records.removeOne(table, actor, recordId);
    }
    throw notFound();
  };

  return (request) => {
    if (request.path[0] === "meta") return answerMeta(request);
    if (request.path[0] === "bases") return answerWebhooks(request);
    return answerRecords(request);
  };
}

function whoami({ user, scopes }: Token): JsonObject {
  return { id: user.id, scopes, ...(scopes.includes("user.email:read") ? { email: user.email } : {}) };
}
