import { createHash } from "node:crypto";
import type { SandboxAnswer, SandboxRequest } from "../core/serve.ts";
import { type Fields, Refused, type StoredRecord, type World } from "./world.ts";

/**
 * A CouchDB of one database for each object: `GET /contacts/_all_docs`, `GET /contacts/_changes`, `GET|PUT|DELETE /contacts/ID`, `POST /contacts`.
 * Every write names the revision that it replaces.
 */
export function answerCouch(world: World, request: SandboxRequest): SandboxAnswer {
  const [database = "", rawId, ...more] = request.path.split("/").slice(1);
  if (more.length > 0) throw new Refused(404, "missing");
  if (rawId === "_all_docs") return allDocs(world, database, request.query);
  if (rawId === "_changes") return changes(world, database, request.query);
  if (rawId === undefined) {
    if (request.method !== "POST") throw new Refused(405, "Only GET,POST allowed");
    return answerWritten(world.create(database, fieldsOf(request), "api", crypto.randomUUID()), 201);
  }
  const id = decodeURIComponent(rawId);
  if (request.method === "PUT") return put(world, database, id, request);
  const record = world.find(database, id);
  if (request.method === "GET") return { status: 200, headers: { etag: `"${revOf(record)}"` }, body: docOf(record) };
  if (request.method !== "DELETE") throw new Refused(405, "Method not allowed");
  if (request.query.get("rev") !== revOf(record)) throw new Refused(409, "Document update conflict.");
  return answerWritten(world.remove(database, id, "api"), 200);
}

function put(world: World, database: string, id: string, request: SandboxRequest): SandboxAnswer {
  const present = world.list(database).find((one) => one.id === id && one.deletedAt === null);
  const rev = (JSON.parse(request.body.toString()) as { readonly _rev?: string })._rev ?? request.query.get("rev");
  if (present === undefined && rev === null)
    return answerWritten(world.create(database, fieldsOf(request), "api", id), 201);
  if (present === undefined || rev !== revOf(present)) throw new Refused(409, "Document update conflict.");
  return answerWritten(world.write(database, id, fieldsOf(request), "api"), 201);
}

function fieldsOf({ body }: SandboxRequest): Fields {
  try {
    const doc = JSON.parse(body.toString()) as Record<string, unknown>;
    return Object.fromEntries(Object.entries(doc).filter(([name]) => name !== "_id" && name !== "_rev"));
  } catch {
    throw new Refused(400, "invalid UTF-8 JSON");
  }
}

function revOf({ version, fields }: StoredRecord): string {
  return `${version}-${createHash("md5").update(JSON.stringify(fields)).digest("hex")}`;
}

function docOf(record: StoredRecord): object {
  return { _id: record.id, _rev: revOf(record), ...record.fields };
}

function answerWritten(record: StoredRecord, status: number): SandboxAnswer {
  return { status, body: { ok: true, id: record.id, rev: revOf(record) } };
}

const byId = (a: StoredRecord, b: StoredRecord) => (a.id < b.id ? -1 : 1);

function allDocs(world: World, database: string, query: URLSearchParams): SandboxAnswer {
  const present = world
    .list(database)
    .filter(({ deletedAt }) => deletedAt === null)
    .toSorted(byId);
  const from = jsonParam(query, "startkey");
  const keys = jsonParam(query, "keys") as readonly string[] | undefined;
  const start = present
    .filter(({ id }) => from === undefined || id >= String(from))
    .slice(Number(query.get("skip") ?? 0));
  const rows =
    keys === undefined
      ? start.slice(0, Number(query.get("limit") ?? Number.POSITIVE_INFINITY)).map(rowOf)
      : keys.map((key) => {
          const found = present.find(({ id }) => id === key);
          return found === undefined ? { key, error: "not_found" } : rowOf(found);
        });
  return { status: 200, body: { total_rows: present.length, offset: 0, rows } };
}

function rowOf(record: StoredRecord): object {
  return { id: record.id, key: record.id, value: { rev: revOf(record) }, doc: docOf(record) };
}

function changes(world: World, database: string, query: URLSearchParams): SandboxAnswer {
  const all = world.list(database).toSorted((a, b) => a.modifiedAt - b.modifiedAt);
  const since = query.get("since") ?? "0";
  const last = all.at(-1)?.modifiedAt ?? 0;
  const after = since === "now" ? last : Number(since.split("-")[0]);
  const news = all.filter(({ modifiedAt }) => modifiedAt > after);
  const page = news.slice(0, Number(query.get("limit") ?? news.length));
  const results = page.map((record) => ({
    seq: `${record.modifiedAt}-g1AAAA`,
    id: record.id,
    changes: [{ rev: revOf(record) }],
    ...(record.deletedAt === null
      ? { doc: docOf(record) }
      : { deleted: true, doc: { _id: record.id, _rev: revOf(record), _deleted: true } }),
  }));
  const reached = page.at(-1)?.modifiedAt ?? Math.max(after, 0);
  return { status: 200, body: { results, last_seq: `${reached}-g1AAAA`, pending: news.length - page.length } };
}

function jsonParam(query: URLSearchParams, name: string): unknown {
  const text = query.get(name);
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused(400, "invalid UTF-8 JSON");
  }
}
