import { fastify } from "fastify";
import type { Deps } from "../engine/deps.ts";
import type { Running } from "../engine/run.ts";
import { receiveWebhook } from "../engine/trigger.ts";

/** Vendors send at most a few hundred kB; more is refused before it is read. */
const bodyBytesMax = 4 * 1024 * 1024;

export type ServerOptions = {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** The URL under which vendors reach this server, for signatures that cover it; by default the address it listens on. */
  readonly publicUrl: string | null;
};

export type Server = { readonly url: string; close(): Promise<void> };

/**
 * The HTTP entrance: webhooks under `/webhooks/<system>`, health under `/healthz` (the process lives) and `/readyz` (every system has been read
 * once). Nothing else answers without authentication. Rejects when the address can't be taken.
 */
export async function startServer(
  deps: Deps,
  running: Pick<Running, "wake" | "isLoaded">,
  options: ServerOptions,
): Promise<Server> {
  const app = fastify({
    bodyLimit: bodyBytesMax,
    logger: false,
    requestTimeout: 30_000,
    forceCloseConnections: "idle",
  });
  // Signatures are over the raw bytes, so nothing is parsed before they are verified.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  app.get("/healthz", async () => ({ status: "ok" }));
  app.get("/readyz", async (_request, reply) => {
    const ready = running.isLoaded();
    return reply.code(ready ? 200 : 503).send({ status: ready ? "ready" : "reading the systems for the first time" });
  });
  let base = "";
  // Senders that sign nothing are known by a secret at the end of the address; the connector judges it.
  app.post<{ Params: { system: string } }>("/webhooks/:system/:secret?", async (request, reply) => {
    const { system } = request.params;
    if (!deps.connectors.has(system)) return reply.code(404).send({ error: `There is no system ${system}.` });
    const body = request.body instanceof Uint8Array ? request.body : new Uint8Array();
    const answer = await receiveWebhook(deps, system, {
      method: request.method,
      url: `${options.publicUrl ?? base}${request.url}`,
      headers: textHeaders(request.headers),
      body,
      receivedAt: deps.clock.now(),
    });
    if (answer.wake) running.wake(system);
    return reply.code(answer.status).send(answer.body);
  });
  base = await app.listen({ host: options.host, port: options.port });
  return { url: base, close: () => app.close() };
}

function textHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value]],
    ),
  );
}
