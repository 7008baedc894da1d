import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { FastifyInstance } from "fastify";

/** One answered request. `route` is the pattern, since addresses can hold field values: what a person searched for, for example. */
export type RequestLine = {
  readonly requestId: string;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly ms: number;
};

/** What the server tells of itself. */
export type ServerLog = {
  answered(line: RequestLine): void;
  /** A bug of ours that a request met. */
  bug(error: unknown, requestId: string): void;
};

/** The sender's own, where it has the form of one, so that one id is found in its log and in ours. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && /^[\w.-]{1,64}$/u.test(given) ? given : randomUUID();
}

/** Each answer says its request's id, and is logged under it. */
export function registerRequestLog(app: FastifyInstance, log: ServerLog): void {
  app.addHook("onRequest", async ({ id }, reply) => void reply.header("x-request-id", id));
  app.addHook("onResponse", async ({ id, method, routeOptions }, reply) => {
    const ms = Math.round(reply.elapsedTime);
    log.answered({ requestId: id, method, route: routeOptions.url ?? "", status: reply.statusCode, ms });
  });
}
