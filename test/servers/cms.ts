import { createFaultBoard } from "../../sandbox/core/fault.ts";
import { createRandom } from "../../sandbox/core/random.ts";
import { type SandboxAnswer, type SandboxRequest, serve } from "../../sandbox/core/serve.ts";

type Entry = { readonly documentId: string; readonly fields: Record<string, unknown>; updatedAt: number };

const known = ["email", "name", "phone", "truceId"];

/** A headless CMS with contacts, as Strapi 5 answers: envelopes, bracketed parameters, PUT for changes, its own fields refused. */
export async function startCms() {
  const entries = new Map<string, Entry>();
  let ids = 0;
  let clock = Date.now();
  const shown = ({ documentId, fields, updatedAt }: Entry) => ({
    id: Number.parseInt(documentId.slice(3), 10),
    documentId,
    ...Object.fromEntries(known.map((name) => [name, fields[name] ?? null])),
    updatedAt: new Date(updatedAt).toISOString(),
    publishedAt: "2026-01-01T00:00:00.000Z",
  });
  const write = (documentId: string, fields: Record<string, unknown>) => {
    clock = Math.max(Date.now(), clock + 1);
    entries.set(documentId, {
      documentId,
      fields: { ...entries.get(documentId)?.fields, ...fields },
      updatedAt: clock,
    });
    return entries.get(documentId)!;
  };
  const refusal = (status: number, message: string, errors: readonly object[] = []): SandboxAnswer => ({
    status,
    body: { data: null, error: { status, name: "ValidationError", message, details: { errors } } },
  });
  const judge = (fields: Record<string, unknown>, own: string | null): SandboxAnswer | null => {
    const stranger = Object.keys(fields).find((name) => !known.includes(name));
    if (stranger !== undefined) return refusal(400, `Invalid key ${stranger}`);
    const twin = [...entries.values()].find(
      (one) => one.documentId !== own && fields["truceId"] != null && one.fields["truceId"] === fields["truceId"],
    );
    if (twin === undefined) return null;
    return refusal(400, "This attribute must be unique", [
      { path: ["truceId"], message: "This attribute must be unique" },
    ]);
  };

  const handle = (request: SandboxRequest): SandboxAnswer => {
    if (request.headers["authorization"] !== "Bearer cms-token") return refusal(401, "Missing or invalid credentials");
    const [, , , documentId] = request.path.split("/");
    const fields = () => (JSON.parse(request.body.toString()) as { readonly data: Record<string, unknown> }).data;
    if (documentId === undefined && request.method === "GET") return { status: 200, body: page(request.query) };
    if (documentId === undefined) {
      return judge(fields(), null) ?? { status: 201, body: { data: shown(write(`doc${++ids}`, fields())), meta: {} } };
    }
    const entry = entries.get(documentId);
    if (entry === undefined) return refusal(404, "Not Found");
    if (request.method === "GET") return { status: 200, body: { data: shown(entry), meta: {} } };
    if (request.method === "PUT") {
      return (
        judge(fields(), documentId) ?? { status: 200, body: { data: shown(write(documentId, fields())), meta: {} } }
      );
    }
    if (request.method !== "DELETE") return refusal(405, "Method Not Allowed");
    entries.delete(documentId);
    return { status: 204, body: null };
  };

  const page = (query: URLSearchParams) => {
    const since = Date.parse(query.get("filters[updatedAt][$gte]") ?? "");
    const wanted = known.flatMap((name) => {
      const text = query.get(`filters[${name}][$eq]`) ?? query.get(`filters[${name}][$eqi]`);
      return text === null ? [] : [[name, text.toLowerCase()] as const];
    });
    const all = [...entries.values()]
      .filter(({ updatedAt }) => Number.isNaN(since) || updatedAt >= since)
      .filter(({ fields }) => wanted.every(([name, text]) => String(fields[name]).toLowerCase() === text))
      .toSorted((a, b) => a.updatedAt - b.updatedAt);
    const number = Number(query.get("pagination[page]") ?? 1);
    const pageSize = Math.min(5, Number(query.get("pagination[pageSize]") ?? 25));
    const pagination = { page: number, pageSize, pageCount: Math.ceil(all.length / pageSize), total: all.length };
    return { data: all.slice((number - 1) * pageSize, number * pageSize).map(shown), meta: { pagination } };
  };

  const server = await serve({
    port: 0,
    faults: createFaultBoard(createRandom(1)),
    handle,
    admin: () => ({ status: 404, body: null }),
    rateLimited: () => ({ status: 429, body: null }),
    serverError: (status) => ({ status, body: null }),
  });
  return {
    url: server.url,
    create: (fields: Record<string, unknown>) => write(`doc${++ids}`, fields).documentId,
    edit: (documentId: string, fields: Record<string, unknown>) => void write(documentId, fields),
    entries: () => [...entries.values()].map(({ fields }) => fields),
    close: () => server.close(),
  };
}
