import { type FastifyInstance, type FastifyReply, fastify } from "fastify";
import type { Metrics } from "../control/metrics.ts";
import type { Deps } from "../engine/deps.ts";
import type { Running } from "../engine/run.ts";
import { receiveWebhook } from "../engine/trigger.ts";
import type { Accounts } from "./access/accounts.ts";
import { sessionCookie } from "./access/identify.ts";
import { type OidcOptions, openOidc } from "./access/oidc.ts";
import type { ConfigFile } from "./config-file.ts";
import { registerConsole } from "./console-files.ts";
import { docsPage, docsStyle } from "./docs-page.ts";
import { registerApi, sendProblem } from "./http-api.ts";
import type { Live } from "./live.ts";
import { registerMetrics } from "./metrics-route.ts";
import { registerOidc } from "./oidc-routes.ts";
import { openApiDocument } from "./openapi.ts";
import { apiPath } from "./operations.ts";
import { Problem } from "./problem.ts";
import { registerRequestLog, requestIdOf, type ServerLog } from "./request-log.ts";
import { alertHandlers } from "./resources/alerts.ts";
import { careHandlers } from "./resources/care.ts";
import { configHandlers } from "./resources/config.ts";
import { configChangeHandlers } from "./resources/config-changes.ts";
import { convergenceHandlers } from "./resources/convergence.ts";
import { deadLetterHandlers } from "./resources/dead-letters.ts";
import { holdHandlers } from "./resources/holds.ts";
import { journalHandlers } from "./resources/journal.ts";
import { overviewHandlers } from "./resources/overview.ts";
import { type DryRun, planHandlers } from "./resources/plan.ts";
import { recordHandlers } from "./resources/records.ts";
import { sessionHandlers } from "./resources/sessions.ts";
import { sweepHandlers } from "./resources/sweeps.ts";
import { undoHandlers } from "./resources/undo.ts";
import { userHandlers } from "./resources/users.ts";

/** Vendors send at most a few hundred kB; more is refused before it is read. */
const bodyBytesMax = 4 * 1024 * 1024;
const apiBytesMax = 1024 * 1024;
/** Ids of holds are made of ids of records, which may be long. */
const pathParameterMax = 2_000;

export type ServerOptions = {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** The URL under which vendors and people reach this server; by default the address it listens on. */
  readonly publicUrl: string | null;
  readonly accounts: Accounts;
  /** `null`: people sign in with passwords only. */
  readonly oidc: OidcOptions | null;
  /** Must have been told of the engine's events, and the store be one that it has heard. */
  readonly live: Live;
  /** Where the built console lies; `null`: there is none. */
  readonly consoleFolder: string | null;
  readonly configFile: ConfigFile | null;
  /** Whether this is `truce demo`, which the console then says; `moved`: the mail address that the story's first contact moved to. */
  readonly demo: { readonly moved: string } | null;
  readonly dryRun: DryRun | null;
  readonly version: string;
  /** Counts what the engine tells; `null`: there are no figures under /metrics. */
  readonly metrics: Metrics | null;
  readonly log: ServerLog;
};

export type Server = {
  readonly url: string;
  /** Every route that is answered: "GET /healthz". */
  readonly routes: readonly string[];
  close(): Promise<void>;
};

/**
 * The HTTP entrance: the console, its API under `/api/v1`, webhooks under `/webhooks/<system>`, health under `/healthz` (the process lives) and
 * `/readyz` (every system has been read once), figures for Prometheus under `/metrics`. Rejects when the address can't be taken, and refuses any but this machine's own while nobody could
 * sign in.
 */
export async function startServer(
  deps: Deps,
  running: Pick<Running, "wake" | "isLoaded" | "waitsForApproval" | "approve" | "sweep">,
  options: ServerOptions,
): Promise<Server> {
  const canSignIn = options.oidc !== null || (await options.accounts.hasUsers());
  if (!isLoopback(options.host) && !canSignIn) throw new Error(unprotected(options.host));
  const app = fastify({
    bodyLimit: bodyBytesMax,
    logger: false,
    genReqId: requestIdOf,
    requestTimeout: 30_000,
    forceCloseConnections: "idle",
    routerOptions: { maxParamLength: pathParameterMax },
  });
  const routes: string[] = [];
  app.addHook(
    "onRoute",
    ({ method, url }) => void routes.push(`${[method].flat().length > 1 ? "ANY" : method} ${url}`),
  );
  registerRequestLog(app, options.log);
  app.setErrorHandler((error, request, reply) => sendProblem(error, reply, (bug) => options.log.bug(bug, request.id)));
  app.addHook("onSend", async (_request, reply) => void reply.headers(securityHeaders));
  await app.register(async (scope) => registerSystems(scope, deps, running, options, () => base));
  await app.register(async (scope) => registerApiScope(scope, deps, running, options, () => portOf(base)), {
    prefix: apiPath,
  });
  registerMetrics(app, deps, options, () => portOf(base));
  if (options.oidc !== null)
    registerOidc(app, openOidc(options.oidc), {
      accounts: options.accounts,
      cookie: () => sessionCookie(options.publicUrl, portOf(base)),
      url: () => options.publicUrl ?? base,
      log: options.log,
    });
  registerConsole(app, options.consoleFolder);
  const base = await app.listen({ host: options.host, port: options.port });
  return { url: base, routes, close: () => closeWithin(app, closeMs) };
}

/** What vendors and probes call, without authentication of ours. */
function registerSystems(
  app: FastifyInstance,
  deps: Deps,
  running: Pick<Running, "wake" | "isLoaded" | "waitsForApproval">,
  { publicUrl }: ServerOptions,
  base: () => string,
): void {
  // Signatures are over the raw bytes, so nothing is parsed before they are verified.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.get("/healthz", async () => ({ status: "ok" }));
  app.get("/readyz", async (_request, reply) => {
    const ready = running.isLoaded() || running.waitsForApproval();
    return reply.code(ready ? 200 : 503).send({ status: ready ? "ready" : "reading the systems for the first time" });
  });
  // Senders that sign nothing are known by a secret at the end of the address; the connector judges it.
  app.post<{ Params: { system: string } }>("/webhooks/:system/:secret?", async (request, reply) => {
    const { system } = request.params;
    if (!deps.connectors.has(system)) return reply.code(404).send({ error: `There is no system ${system}.` });
    const body = request.body instanceof Uint8Array ? request.body : new Uint8Array();
    const answer = await receiveWebhook(deps, system, {
      method: request.method,
      url: `${publicUrl ?? base()}${request.url}`,
      headers: textHeaders(request.headers),
      body,
      receivedAt: deps.clock.now(),
    });
    if (answer.wake) running.wake(system);
    return reply.code(answer.status).send(answer.body);
  });
}

function registerApiScope(
  app: FastifyInstance,
  deps: Deps,
  running: Pick<Running, "isLoaded" | "waitsForApproval" | "approve" | "sweep">,
  options: ServerOptions,
  port: () => number,
): void {
  const { accounts, oidc, live, publicUrl, configFile, dryRun, version } = options;
  const document = openApiDocument(version);
  // What can't be parsed can't be ours: another site's form can send text, but no JSON.
  app.removeContentTypeParser("text/plain");
  app.addHook("onRoute", (route) => {
    route.bodyLimit = apiBytesMax;
  });
  app.get("/openapi.json", () => document);
  app.get("/docs", (_request, reply: FastifyReply) => reply.type("text/html; charset=utf-8").send(docsPage(document)));
  app.get("/docs.css", (_request, reply: FastifyReply) => reply.type("text/css").send(docsStyle));
  registerApi(app, {
    deps,
    accounts,
    publicUrl,
    cookie: () => sessionCookie(publicUrl, port()),
    handlers: {
      ...overviewHandlers(deps, running, live, options.demo),
      ...holdHandlers(deps),
      ...recordHandlers(deps),
      ...journalHandlers(deps),
      ...undoHandlers(deps),
      ...careHandlers(deps),
      ...sweepHandlers(deps, running),
      ...convergenceHandlers(deps),
      ...planHandlers(deps, running, configFile, dryRun),
      ...alertHandlers(deps),
      ...configHandlers(deps.policy, configFile),
      ...configChangeHandlers(deps, configFile),
      ...deadLetterHandlers(deps),
      ...sessionHandlers(accounts, oidc?.label ?? null),
      ...userHandlers(accounts, deps.clock),
    },
  });
  app.all("/*", () => {
    throw new Problem(404, "The API has no such operation. See /api/v1/docs.");
  });
}

const securityHeaders = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/u.test(host);
}

function unprotected(host: string): string {
  return `Nobody could sign in yet, so ${host} is not listened on: anyone who reaches it could. Make an admin first: truce users add NAME --role admin.`;
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

function textHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value]],
    ),
  );
}

/** How long answers under way may take when the server closes. A client that reads no further must not keep it from ending. */
const closeMs = 2_000;

async function closeWithin(app: Pick<FastifyInstance, "close" | "server">, ms: number): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), ms);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}
