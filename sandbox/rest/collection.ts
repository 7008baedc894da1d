import type { SandboxAnswer, SandboxRequest } from "../core/serve.ts";
import type { RestStyle } from "./style.ts";
import { type Fields, Refused, type StoredRecord, type World } from "./world.ts";

/**
 * The collection API: `GET /contacts`, `GET|PUT|PATCH|DELETE /contacts/7`, `POST /contacts`. Lists are in the order of the last change, filtered by
 * `updated_since` (ISO 8601) and by any field's value; `with_deleted=true` shows what was deleted.
 */
export function answerCollection(world: World, style: RestStyle, request: SandboxRequest, url: string): SandboxAnswer {
  const [object = "", rawId, ...more] = request.path.split("/").slice(1);
  if (more.length > 0) throw new Refused(404, "Not found.");
  if (rawId === undefined) {
    if (request.method === "GET") return list(world, style, object, request.query, url);
    if (request.method !== "POST") throw new Refused(405, "Method not allowed.");
    const made = world.create(object, bodyOf(request), "api");
    const location = `/${object}/${made.id}`;
    return style.answers === "record"
      ? answerRecord(style, made, 201)
      : { status: 201, headers: { location }, body: null };
  }
  const id = decodeURIComponent(rawId);
  const record = world.find(object, id);
  switch (request.method) {
    case "GET":
      return answerRecord(style, record, 200);
    case "DELETE":
      checkCondition(style, record, request);
      world.remove(object, id, "api");
      return { status: 204, body: null };
    case "PUT":
    case "PATCH": {
      if ((request.method === "PUT") !== (style.write === "put")) throw new Refused(405, "Method not allowed.");
      checkCondition(style, record, request);
      const given = bodyOf(request);
      const written = world.write(object, id, request.method === "PUT" ? given : { ...record.fields, ...given }, "api");
      return style.answers === "record" ? answerRecord(style, written, 200) : { status: 204, body: null };
    }
    default:
      throw new Refused(405, "Method not allowed.");
  }
}

const ownFields = ["id", "createdAt", "updatedAt", "deletedAt"];

/** The fields of a body; what the tool keeps for itself is passed over. */
function bodyOf({ body }: SandboxRequest): Fields {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString());
  } catch {
    throw new Refused(400, "The body is no JSON.");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new Refused(400, "The body is no object.");
  return Object.fromEntries(Object.entries(parsed).filter(([name]) => !ownFields.includes(name)));
}

function checkCondition({ version }: RestStyle, record: StoredRecord, { headers }: SandboxRequest): void {
  if (version !== "etag") return;
  const condition = headers["if-match"];
  if (condition === undefined) throw new Refused(428, "Send If-Match.");
  if (condition !== etagOf(record)) throw new Refused(412, "The record has changed.");
}

function etagOf({ version }: StoredRecord): string {
  return `"${version}"`;
}

function shown(record: StoredRecord): object {
  return {
    id: Number(record.id),
    ...record.fields,
    createdAt: new Date(record.createdAt).toISOString(),
    updatedAt: new Date(record.modifiedAt).toISOString(),
    ...(record.deletedAt === null ? {} : { deletedAt: new Date(record.deletedAt).toISOString() }),
  };
}

function answerRecord(style: RestStyle, record: StoredRecord, status: number): SandboxAnswer {
  const body = style.envelope ? { data: shown(record) } : shown(record);
  return { status, headers: style.version === "etag" ? { etag: etagOf(record) } : {}, body };
}

const listParams = ["page", "limit", "offset", "cursor", "updated_since", "with_deleted"];

function list(world: World, style: RestStyle, object: string, query: URLSearchParams, url: string): SandboxAnswer {
  const since = Date.parse(query.get("updated_since") ?? "");
  const filters = [...query].filter(([name]) => !listParams.includes(name));
  const all = world
    .list(object)
    .filter(({ deletedAt }) => deletedAt === null || query.get("with_deleted") === "true")
    .filter(({ modifiedAt }) => Number.isNaN(since) || modifiedAt >= since)
    .filter(({ fields }) => filters.every(([name, value]) => String(fields[name]) === value))
    .toSorted((a, b) => a.modifiedAt - b.modifiedAt);
  const size = Math.min(style.pageMax, Number(query.get("limit") ?? style.pageMax));
  const start = startOf(style, query, size);
  const page = all.slice(start, start + size).map(shown);
  const next = start + size < all.length ? start + size : null;
  const nextUrl = new URL(`${url}/${object}?${query}`);
  if (next !== null) nextUrl.searchParams.set("cursor", tokenOf(next));
  return {
    status: 200,
    headers: style.paging === "link" && next !== null ? { link: `<${nextUrl.href}>; rel="next"` } : {},
    body: style.envelope
      ? {
          data: page,
          meta: {
            total: all.length,
            ...(style.paging === "cursor" ? { next: next === null ? null : tokenOf(next) } : {}),
          },
        }
      : page,
  };
}

function startOf({ paging }: RestStyle, query: URLSearchParams, size: number): number {
  switch (paging) {
    case "page":
      return (Number(query.get("page") ?? 1) - 1) * size;
    case "offset":
      return Number(query.get("offset") ?? 0);
    case "cursor":
    case "link": {
      const cursor = query.get("cursor");
      if (cursor === null) return 0;
      const start = /^c(\d+)$/u.exec(Buffer.from(cursor, "base64url").toString())?.[1];
      if (start === undefined) throw new Refused(400, "The cursor is not valid.");
      return Number(start);
    }
  }
}

function tokenOf(start: number): string {
  return Buffer.from(`c${start}`).toString("base64url");
}
