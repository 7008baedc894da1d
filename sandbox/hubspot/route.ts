import type { SandboxAnswer, SandboxRequest } from "../core/serve.ts";
import {
  associateDefault,
  batchAssociations,
  dissociate,
  listAssociations,
  listLabels,
  setLabels,
} from "./association-api.ts";
import { type Auth, scopeFor } from "./auth.ts";
import { batchArchive, batchCreate, batchRead, batchUpdate, batchUpsert } from "./batch.ts";
import { isObject, type JsonObject, jsonBody, stringIn } from "./body.ts";
import type { Limits } from "./limits.ts";
import {
  archiveObject,
  createObject,
  eraseContact,
  listObjects,
  mergeObjects,
  readObject,
  updateObject,
} from "./objects.ts";
import { type Portal, type Table, tableOf } from "./portal.ts";
import { answerProperties } from "./property-api.ts";
import type { Actor } from "./record.ts";
import { answerRefusal, badRequest, Refusal } from "./refusal.ts";
import { answerOwners, answerPipelines, answerSchemas, type User } from "./schema-api.ts";
import { searchObjects } from "./search.ts";
import type { Webhooks } from "./webhook.ts";

export type RouteDeps = {
  readonly portal: Portal;
  readonly auth: Auth;
  readonly limits: () => Limits;
  readonly webhooks: Webhooks;
  readonly users: readonly User[];
  readonly developerKey: string;
};

/** One API call: who calls, may they, is there room, and what is the answer. Refusals use up quota and carry its headers too. */
export function answerCall(deps: RouteDeps, request: SandboxRequest, correlationId: string): SandboxAnswer {
  let room: SandboxAnswer | Readonly<Record<string, string>> = {};
  try {
    const [family, ...path] = segmentsOf(request.path);
    if (family === "oauth") return answerOAuth(deps, request, path) ?? noSuchPath(request);
    if (family === "webhooks") return answerWebhooks(deps, request, path) ?? noSuchPath(request);
    const app = deps.auth.admit(request, null);
    const isSearch = path[0] === "v3" && path[1] === "objects" && path[3] === "search";
    room = deps.limits().take(isSearch ? "search" : "call", app);
    if (isAnswer(room)) return room;
    const answer = answerApi(deps, request, family ?? "", path) ?? noSuchPath(request);
    return { ...answer, headers: { ...room, ...answer.headers } };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { ...answerRefusal(error, correlationId), ...(isAnswer(room) ? {} : { headers: room }) };
  }
}

function isAnswer(room: SandboxAnswer | Readonly<Record<string, string>>): room is SandboxAnswer {
  return typeof room["status"] === "number";
}

/** Decoded segments; date-based versions are the numbered ones under another name, a slash at the end does not count. */
function segmentsOf(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "");
  let decoded: string[];
  try {
    decoded = parts.map(decodeURIComponent);
  } catch {
    throw badRequest("Malformed path");
  }
  if (decoded[0] === "crm" && decoded[1] === "objects" && /^\d{4}-\d{2}$/.test(decoded[2] ?? "")) {
    return ["crm", "v3", "objects", ...decoded.slice(3)];
  }
  if (decoded[0] === "crm-object-schemas") return ["crm", ...decoded.slice(1)];
  return decoded;
}

function noSuchPath({ method, path }: SandboxRequest): never {
  throw new Refusal(404, { message: `No such path: ${method} ${path}` });
}

function answerOAuth(
  { auth, portal }: RouteDeps,
  request: SandboxRequest,
  path: readonly string[],
): SandboxAnswer | null {
  const { method } = request;
  const [version, what, token] = path;
  if (version === "v1" && what === "token" && method === "POST") {
    return auth.exchange(new URLSearchParams(request.body.toString()));
  }
  if (version === "v1" && what === "access-tokens" && token && method === "GET") return auth.describeAccess(token);
  if (version === "v1" && what === "refresh-tokens" && token && method === "GET") return auth.describeRefresh(token);
  if (path.join("/") === "v2/private-apps/get/access-token-info" && method === "POST") {
    if (stringIn(jsonBody(request.body), "tokenKey") !== auth.token)
      throw new Refusal(404, { message: "unknown token" });
    return { status: 200, body: { userId: 1, hubId: portal.id, appId: portal.appId, scopes: auth.scopes() } };
  }
  return null;
}

function answerWebhooks(deps: RouteDeps, request: SandboxRequest, path: readonly string[]): SandboxAnswer | null {
  const [version, appId, ...rest] = path;
  if (request.query.get("hapikey") !== deps.developerKey) {
    throw new Refusal(401, { message: "The API key provided is invalid.", category: "INVALID_AUTHENTICATION" });
  }
  if (version !== "v3" || appId !== String(deps.portal.appId)) return null;
  return deps.webhooks.answer(request.method, rest, () => jsonBody(request.body));
}

function answerApi(
  deps: RouteDeps,
  request: SandboxRequest,
  family: string,
  path: readonly string[],
): SandboxAnswer | null {
  const { portal } = deps;
  const [version, what, ...rest] = path;
  if (family === "account-info" && what === "details") {
    const body = {
      portalId: portal.id,
      accountType: "STANDARD",
      timeZone: "Etc/UTC",
      companyCurrency: "USD",
      utcOffset: "+00:00",
    };
    return {
      status: 200,
      body: { ...body, utcOffsetMilliseconds: 0, uiDomain: "app.hubspot.com", dataHostingLocation: "na1" },
    };
  }
  if (family !== "crm") return null;
  if (version === "v4") return answerAssociations(deps, request, path.slice(1));
  if (version !== "v3") return null;
  const body = () => jsonBody(request.body);
  const [name, ...deeper] = rest;
  const writes = request.method !== "GET";
  switch (what) {
    case "objects":
      return name === undefined ? null : answerObjects(deps, request, tableOf(portal, name), deeper);
    case "properties": {
      if (name === undefined) return null;
      const table = tableOf(portal, name);
      deps.auth.admit(request, scopeFor("schemas", table.type.name, table.type.custom, writes));
      return answerProperties(portal, table, request.method, deeper, body);
    }
    case "schemas":
      deps.auth.admit(request, scopeFor("schemas", "", true, writes));
      return answerSchemas(portal, request.method, rest, body);
    case "owners":
      deps.auth.admit(request, "crm.objects.owners.read");
      return writes ? null : answerOwners(deps.users, name, request.query);
    case "pipelines":
      return name === undefined || writes || deeper.length > 0 ? null : answerPipelines(tableOf(portal, name));
    default:
      return null;
  }
}

function apiActor(portal: Portal): Actor {
  return { sourceType: "INTEGRATION", sourceId: String(portal.appId), userId: null, source: "api" };
}

const readingPosts = ["search", "batch/read"];

function answerObjects(
  deps: RouteDeps,
  request: SandboxRequest,
  table: Table,
  rest: readonly string[],
): SandboxAnswer | null {
  const { portal } = deps;
  const { method, query } = request;
  const what = rest.join("/");
  const writes = method !== "GET" && !readingPosts.includes(what);
  deps.auth.admit(request, scopeFor("objects", table.type.name, table.type.custom, writes));
  const actor = apiActor(portal);
  const body = () => jsonBody(request.body);
  if (method === "POST") {
    switch (what) {
      case "":
        return createObject(portal, table, body(), actor);
      case "search":
        return searchObjects(portal, table, body(), request.body.toString());
      case "merge":
        return mergeObjects(portal, table, body(), actor);
      case "gdpr-delete":
        return table.type.name === "contacts" ? eraseContact(portal, table, body(), actor) : null;
      case "batch/read":
        return batchRead(portal, table, body(), query.get("archived") === "true");
      case "batch/create":
        return batchCreate(portal, table, body(), actor);
      case "batch/update":
        return batchUpdate(portal, table, body(), actor);
      case "batch/upsert":
        return batchUpsert(portal, table, body(), actor);
      case "batch/archive":
        return batchArchive(portal, table, body(), actor);
      default:
        return null;
    }
  }
  const [id, ...deeper] = rest;
  if (deeper.length > 0) return null;
  if (id === undefined) {
    const link = `https://api.hubapi.com/crm/v3/objects/${table.type.name}`;
    return method === "GET" ? listObjects(portal, table, query, link) : null;
  }
  if (method === "GET") return readObject(portal, table, id, query);
  if (method === "PATCH") return updateObject(portal, table, id, query.get("idProperty"), body(), actor);
  return method === "DELETE" ? archiveObject(portal, table, id, actor) : null;
}

function answerAssociations(deps: RouteDeps, request: SandboxRequest, path: readonly string[]): SandboxAnswer | null {
  const { portal } = deps;
  const { method } = request;
  const actor = apiActor(portal);
  const [what, a, b, c, d, e, f] = path;
  if (what === "associations" && a !== undefined && b !== undefined) {
    const [from, to] = [tableOf(portal, a), tableOf(portal, b)];
    if (c === "labels" && method === "GET") return listLabels(portal, from, to);
    if (c !== "batch" || method !== "POST") return null;
    return batchAssociations(portal, from, to, path.slice(4).join("/"), jsonBody(request.body), actor);
  }
  if (what !== "objects" || a === undefined || b === undefined || c !== "associations" || d === undefined) return null;
  const from = { table: tableOf(portal, a), id: b };
  if (d === "default" && e !== undefined && f !== undefined) {
    return method === "PUT" ? associateDefault(portal, from, { table: tableOf(portal, e), id: f }, actor) : null;
  }
  const to = tableOf(portal, d);
  if (e === undefined) return method === "GET" ? listAssociations(portal, from.table, b, to, request.query) : null;
  if (method === "PUT") return setLabels(portal, from, { table: to, id: e }, labelsIn(request), actor);
  return method === "DELETE" ? dissociate(portal, from, { table: to, id: e }, actor) : null;
}

function labelsIn(request: SandboxRequest): readonly JsonObject[] {
  try {
    const parsed: unknown = JSON.parse(request.body.toString());
    if (Array.isArray(parsed) && parsed.every(isObject)) return parsed;
  } catch {
    // Refused below like any other body that is no list.
  }
  throw badRequest("Invalid input JSON: a list of labels was expected");
}
