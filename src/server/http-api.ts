import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import type { Deps } from "../engine/deps.ts";
import type { Accounts } from "./access/accounts.ts";
import { checkOrigin, identify, type SessionCookie, setCookieText } from "./access/identify.ts";
import { type Identity, may } from "./access/identity.ts";
import { api } from "./api.ts";
import { type Kept, once } from "./idempotency.ts";
import { type OperationName, operations } from "./operations.ts";
import { Problem, problemDocument, problemType } from "./problem.ts";
import type { Call, Handlers, Route } from "./route.ts";

type ApiParts = {
  readonly deps: Deps;
  readonly accounts: Accounts;
  readonly cookie: () => SessionCookie;
  readonly publicUrl: string | null;
  readonly handlers: Handlers<typeof api>;
  /** Those that are being sent. */
  readonly streams: Set<Readable>;
};

/** Longest wait until a stream of events notices that its reader may not read any more. */
const recheckMs = 5_000;
const pathParameterMax = 200;

/** Registers every operation of `api`. What a handler rejects with is told as a problem; what is our own bug is told to nobody but the log. */
export function registerApi(app: FastifyInstance, given: Omit<ApiParts, "streams">): void {
  const parts: ApiParts = { ...given, streams: new Set() };
  // Requests under way are let finish; a stream never would.
  app.addHook("preClose", async () => {
    for (const stream of parts.streams) stream.destroy();
  });
  for (const name of Object.keys(operations) as OperationName[]) {
    const [method, path] = operations[name];
    const url = path.replaceAll(/\{(\w+)\}/gu, ":$1");
    app.route({ method, url, handler: (request, reply) => handle(parts, name, request, reply) });
  }
}

async function handle(parts: ApiParts, name: OperationName, request: FastifyRequest, reply: FastifyReply) {
  const route: Route = api[name];
  const isChange = operations[name][0] !== "GET";
  const who = await identify(parts.accounts, request.headers, parts.cookie());
  reply.header("cache-control", "no-store");
  let status = 500;
  try {
    if (isChange) checkOrigin(who, request.headers, parts.publicUrl);
    if (!may(who, route.access)) throw refusal(who, route);
    const input = inputOf(route, request);
    const call = callOf(parts, request, reply, who, input);
    if (route.content !== undefined) return sendStream(parts, name, route, call, request, reply);
    const answer = await answered(parts, name, route, call, request);
    status = answer.status;
    return reply.code(answer.status).send(answer.body ?? undefined);
  } catch (error) {
    status = error instanceof Problem ? error.status : 500;
    throw error;
  } finally {
    if (isChange && route.onlyLooks !== true && (who.name !== null || route.access === "anyone"))
      await audit(parts, name, request, who, status);
  }
}

function refusal(who: Identity, { access }: Route): Problem {
  if (who.name === null) return new Problem(401, "Sign in, or send an API token.");
  const needed = access === "session" ? "a person who is signed in" : `the permission ${access}`;
  return new Problem(403, `This needs ${needed}.`);
}

/** Parameters of path, query and body as one object. */
function inputOf({ input }: Route, request: FastifyRequest): z.output<Route["input"]> {
  const body = request.body ?? {};
  if (typeof body !== "object" || Array.isArray(body)) throw new Problem(422, "The body must be a JSON object.");
  const given = { ...(request.query as object), ...body, ...(request.params as object) };
  const parsed = input.safeParse(given);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
  const [first] = issues;
  throw new Problem(422, `${first?.path ?? ""}: ${first?.message ?? "not acceptable"}`, { issues });
}

function callOf(
  parts: ApiParts,
  request: FastifyRequest,
  reply: FastifyReply,
  who: Identity,
  input: unknown,
): Call<unknown> {
  const ifMatch = /^"(\d+)"$/u.exec(request.headers["if-match"] ?? "")?.[1];
  return {
    input,
    who,
    address: request.ip,
    agent: request.headers["user-agent"] ?? "",
    ifMatch: ifMatch === undefined ? null : Number(ifMatch),
    setHeader: (name, value) => void reply.header(name, value),
    setSession: (token) => void reply.header("set-cookie", setCookieText(parts.cookie(), token)),
  };
}

async function answered(
  { deps, handlers }: ApiParts,
  name: OperationName,
  route: Route,
  call: Call<unknown>,
  request: FastifyRequest,
): Promise<Kept> {
  const handler = handlers[name] as (call: Call<unknown>) => unknown;
  const work = async (): Promise<Kept> => {
    const answer = await handler(call);
    // Only what the schema names goes out.
    return route.answer === null ? { status: 204, body: null } : { status: 200, body: route.answer.parse(answer) };
  };
  const key = request.headers["idempotency-key"];
  if (typeof key !== "string" || request.method === "GET") return work();
  if (key.length > pathParameterMax) throw new Problem(422, "The Idempotency-Key is too long.");
  const said = JSON.stringify([name, call.input]);
  return once(deps, `${call.who.name ?? call.address}/${key}`, said, route.secret !== true, work);
}

/** Sends what the handler yields, for as long as its reader is there and may read. */
function sendStream(
  parts: ApiParts,
  name: OperationName,
  { access, content }: Route,
  call: Call<unknown>,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const handler = parts.handlers[name] as unknown as (call: Call<unknown>) => AsyncIterable<string>;
  const isAllowed = async () => may(await identify(parts.accounts, request.headers, parts.cookie()), access);
  reply.header("content-type", `${content}; charset=utf-8`).header("x-accel-buffering", "no");
  const ending = operations[name][1].split(".")[1];
  if (ending !== undefined) reply.header("content-disposition", `attachment; filename="truce-journal.${ending}"`);
  const stream = Readable.from(whileAllowed(handler(call), isAllowed));
  parts.streams.add(stream);
  stream.once("close", () => parts.streams.delete(stream));
  return reply.send(stream);
}

async function* whileAllowed(chunks: AsyncIterable<string>, isAllowed: () => Promise<boolean>): AsyncGenerator<string> {
  let checkedAt = Date.now();
  for await (const chunk of chunks) {
    if (Date.now() - checkedAt > recheckMs) {
      if (!(await isAllowed())) return;
      checkedAt = Date.now();
    }
    yield chunk;
  }
}

async function audit(
  { accounts }: ApiParts,
  name: OperationName,
  request: FastifyRequest,
  { name: who, via }: Identity,
  status: number,
): Promise<void> {
  const target = Object.fromEntries(
    Object.entries(request.params as Record<string, string>).map(([key, value]) => [
      key,
      value.slice(0, pathParameterMax),
    ]),
  );
  await accounts.audit({ who, via: via?.kind ?? null, what: name, target, status, address: request.ip });
}

/** Tells whatever went wrong as RFC 9457 asks. */
export function sendProblem(error: unknown, reply: FastifyReply, log: (error: unknown) => void): FastifyReply {
  const problem = problemOf(error);
  if (problem.status >= 500) log(error);
  const { retryAfter } = problem.extra;
  if (typeof retryAfter === "number") reply.header("retry-after", String(retryAfter));
  if (problem.status === 401) reply.header("www-authenticate", "Bearer");
  return reply
    .code(problem.status)
    .type(problemType)
    .send(JSON.stringify(problemDocument(problem)));
}

function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const status = error instanceof Error && "statusCode" in error ? Number(error.statusCode) : 500;
  // Fastify's own: a body that is too long, of another type, or no JSON.
  if (status < 500) return new Problem(status, error instanceof Error ? error.message : "Bad request.");
  return new Problem(status, "Something went wrong here. The log of Truce tells more.");
}
