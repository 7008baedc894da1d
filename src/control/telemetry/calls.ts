import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Span } from "@opentelemetry/api";
import { withoutValues } from "../../core/without-values.ts";
import type { Sdk, StartSpan } from "./start.ts";

type Request = { readonly method: string; readonly origin?: string | URL; readonly path: string };
type Message = {
  readonly request: Request;
  readonly response?: { readonly statusCode: number };
  readonly error?: Error;
};

/**
 * Makes a span of every HTTP call that is part of a traced step, by what Node's own client tells of itself. Without the query, in which values may
 * stand, and without headers. Returns how to end that.
 */
export function followCalls({ api }: Pick<Sdk, "api">, startSpan: StartSpan): () => void {
  const spans = new WeakMap<Request, Span>();
  const begun = (message: unknown): void => {
    const { request } = message as Message;
    if (api.trace.getActiveSpan() === undefined) return;
    const { hostname, port } = new URL(String(request.origin));
    const attributes = {
      ...{ "http.request.method": request.method, "server.address": hostname },
      ...(port === "" ? {} : { "server.port": Number(port) }),
      "url.path": pathOf(request),
    };
    spans.set(request, startSpan(request.method, { kind: api.SpanKind.CLIENT, attributes }));
  };
  const answered = (message: unknown): void => {
    const { request, response } = message as Message;
    const status = response?.statusCode ?? 0;
    const span = spans.get(request);
    span?.setAttribute("http.response.status_code", status);
    if (status >= 400) span?.setStatus({ code: api.SpanStatusCode.ERROR });
  };
  const ended = (message: unknown): void => spans.get((message as Message).request)?.end();
  const failed = (message: unknown): void => {
    const { request, error } = message as Message;
    const span = spans.get(request);
    span?.setAttribute("error.type", error?.name ?? "Error");
    span?.setStatus({ code: api.SpanStatusCode.ERROR });
    span?.end();
  };
  const heard = Object.entries({ create: begun, headers: answered, trailers: ended, error: failed });
  for (const [name, listener] of heard) subscribe(`undici:request:${name}`, listener);
  return () => {
    for (const [name, listener] of heard) unsubscribe(`undici:request:${name}`, listener);
  };
}

/** Without the query, and without what is no name in the path: some vendors are asked by e-mail address there. */
function pathOf({ path }: Request): string {
  const parts = (path.split("?")[0] ?? "").replaceAll("%40", "@").split("/");
  return parts.map((part) => (withoutValues(part) === part ? part : "…")).join("/");
}
