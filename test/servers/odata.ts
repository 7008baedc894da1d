import { randomUUID } from "node:crypto";
import { createFaultBoard } from "../../sandbox/core/fault.ts";
import { createRandom } from "../../sandbox/core/random.ts";
import { type SandboxAnswer, type SandboxRequest, serve } from "../../sandbox/core/serve.ts";

type Fields = Readonly<Record<string, unknown>>;
type Person = { readonly ID: string; readonly fields: Fields; readonly modifiedAt: string };

const known = ["name", "note", "email", "birthDate", "vip", "truceId"];
const unique = ["email", "truceId"];
/** No more in one page, whatever is asked for. */
const pageMax = 3;

/**
 * People of an OData service, with the ways of the real ones: keys between brackets, a next page whose address is relative and has no slash, a count
 * only on request, filters in words, spaces only as %20, and no change without the ETag that stands in each record.
 */
export async function startOData() {
  const people = new Map<string, Person>();
  let clock = Date.now();
  const etagOf = ({ modifiedAt }: Person) => `W/"${modifiedAt}"`;
  const shown = (one: Person) => ({
    "@odata.etag": etagOf(one),
    ID: one.ID,
    modifiedAt: one.modifiedAt,
    ...Object.fromEntries(known.map((name) => [name, one.fields[name] ?? null])),
  });
  const write = (ID: string, fields: Fields): Person => {
    clock = Math.max(Date.now(), clock + 1);
    const one = {
      ID,
      fields: { ...people.get(ID)?.fields, ...fields },
      modifiedAt: new Date(clock).toISOString(),
    };
    people.set(ID, one);
    return one;
  };
  const refusal = (status: number, message: string, target?: string): SandboxAnswer => ({
    status,
    body: { error: { code: String(status), message, ...(target === undefined ? {} : { target }) } },
  });
  const judge = (fields: Fields, own: string | null): SandboxAnswer | null => {
    const { ID, modifiedAt, ...given } = fields;
    for (const [name, value] of Object.entries(given)) {
      if (!known.includes(name)) return refusal(400, `Property "${name}" does not exist in Crm.People`);
      const type = name === "vip" ? "boolean" : "string";
      if (value !== null && typeof value !== type) return refusal(400, `A ${type} value is expected.`, name);
      const isDate = /^\d{4}-\d\d-\d\d$/u.test(String(value));
      if (name === "birthDate" && value !== null && !isDate) return refusal(400, "A date is expected.", name);
      const twin = [...people.values()].some((one) => one.ID !== own && one.fields[name] === value);
      if (unique.includes(name) && value !== null && twin) return refusal(400, "Values must be unique", name);
    }
    return null;
  };

  const handle = (request: SandboxRequest): SandboxAnswer => {
    const { method, path, headers } = request;
    const [, id] = /^\/crm\/People\(([^)]*)\)$/u.exec(decodeURIComponent(path)) ?? [];
    const body = () => JSON.parse(request.body.toString()) as Fields;
    if (path === "/crm/People" && method === "GET") return { status: 200, body: page(request.query) };
    if (path === "/crm/People" && method === "POST")
      return judge(body(), null) ?? { status: 201, body: shown(write(randomUUID(), body())) };
    const one = people.get(id ?? "");
    if (one === undefined) return refusal(404, "Not Found");
    if (method === "GET") return { status: 200, headers: { etag: etagOf(one) }, body: shown(one) };
    if (headers["if-match"] === undefined) return refusal(428, "Precondition Required");
    if (headers["if-match"] !== etagOf(one)) return refusal(412, "Precondition Failed");
    if (method === "PATCH") return judge(body(), one.ID) ?? { status: 200, body: shown(write(one.ID, body())) };
    if (method !== "DELETE") return refusal(405, "Method Not Allowed");
    people.delete(one.ID);
    return { status: 204, body: null };
  };

  const page = (query: URLSearchParams) => {
    const all = [...people.values()].filter(passes(query.get("$filter")));
    const start = Number(query.get("$skip") ?? 0) + Number(query.get("$skiptoken") ?? 0);
    const size = Math.min(pageMax, Number(query.get("$top") ?? pageMax));
    const rest = new URLSearchParams([...query].filter(([name]) => name === "$filter" || name === "$count"));
    rest.set("$skiptoken", String(start + size));
    const isLast = query.has("$top") || start + size >= all.length;
    return {
      ...(query.get("$count") === "true" ? { "@odata.count": all.length } : {}),
      value: all.slice(start, start + size).map(shown),
      ...(isLast ? {} : { "@odata.nextLink": `People?${rest}` }),
    };
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
    url: `${server.url}/crm`,
    create: (fields: Fields) => write(randomUUID(), fields).ID,
    edit: (ID: string, fields: Fields) => void write(ID, fields),
    remove: (ID: string) => void people.delete(ID),
    fieldsOf: (ID: string) => people.get(ID)?.fields ?? null,
    count: () => people.size,
    close: () => server.close(),
  };
}

/** `modifiedAt ge 2026-01-01T00:00:00.000Z`, `email eq 'o''brien@example.org'`; what is no filter lets nobody through. */
function passes(filter: string | null): (one: Person) => boolean {
  if (filter === null) return () => true;
  const [, since] = /^modifiedAt ge (\S+)$/u.exec(filter) ?? [];
  if (since !== undefined) return ({ modifiedAt }) => modifiedAt >= since;
  const [, name = "", text = ""] = /^(\w+) eq '((?:[^']|'')*)'$/u.exec(filter) ?? [];
  return ({ fields }) => name !== "" && fields[name] === text.replaceAll("''", "'");
}
