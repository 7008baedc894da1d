import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { FaultBoard, FaultName } from "./fault.ts";

export type SandboxRequest = {
  readonly method: string;
  /** Decoded by nobody: as it came, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
};

/** `body`: an object is sent as JSON, a string as it is, `null` as nothing. */
export type SandboxAnswer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object | string | null;
};

export type ServeOptions = {
  /** 0 takes a free port. */
  readonly port: number;
  readonly faults: FaultBoard;
  /** Must not throw: refusals are answers. A throw is a bug of the sandbox and answers 500 with its stack. */
  handle(request: SandboxRequest): Promise<SandboxAnswer> | SandboxAnswer;
  /** Requests under `/_sandbox/`: no fault ever touches them. */
  admin(request: SandboxRequest): Promise<SandboxAnswer> | SandboxAnswer;
  /** The vendor's 429. `retryAfterS: null` leaves the header out. */
  rateLimited(retryAfterS: number | null): SandboxAnswer;
  /** The vendor's 5xx. */
  serverError(status: number): SandboxAnswer;
  /** The vendor's clock, for the Date of its answers. Default: the machine's. */
  readonly now?: () => number;
  /** Body size in bytes above which the connection is refused with 413. Default 20 MB. */
  readonly bodyBytesMax?: number;
};

export type RunningServer = { readonly port: number; readonly url: string; close(): Promise<void> };

const requestFaults: readonly FaultName[] = [
  "latency",
  "rate-limit",
  "error-before",
  "error-after",
  "hang-before",
  "hang-after",
  "reset-after",
  "truncated",
  "wrong-length",
  "html",
  "outage",
];

/** An HTTP server on 127.0.0.1 that answers by `handle`, and misbehaves as its fault board says. */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const server = createServer((incoming, response) => {
    respond(options, incoming, response).catch((error: unknown) => {
      if (!response.headersSent) send(response, { status: 500, body: String((error as Error).stack) });
      else response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(options: ServeOptions, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  if (options.now !== undefined) response.setHeader("date", new Date(options.now()).toUTCString());
  const url = new URL(incoming.url ?? "/", "http://127.0.0.1");
  const head = { method: incoming.method ?? "GET", path: url.pathname };
  if (head.path.startsWith("/_sandbox/")) {
    const request = await readRequest(incoming, url, options.bodyBytesMax);
    return send(response, request === null ? tooLarge : await options.admin(request));
  }

  const struck = options.faults.strike(requestFaults, head);
  if (struck.some(({ kind }) => kind === "outage")) return void incoming.socket.destroy();
  const request = await readRequest(incoming, url, options.bodyBytesMax);
  if (request === null) return send(response, tooLarge);

  for (const fault of struck) {
    if (fault.kind === "latency") await sleep(fault.ms, undefined, { ref: false });
  }
  for (const fault of struck) {
    if (fault.kind === "rate-limit") return send(response, options.rateLimited(retryAfterS[fault.retryAfter]));
    if (fault.kind === "error-before") return send(response, options.serverError(fault.status));
    if (fault.kind === "hang-before") return;
  }
  const answer = await options.handle(request);
  for (const fault of struck) {
    if (fault.kind === "error-after") return send(response, options.serverError(fault.status));
    if (fault.kind === "hang-after") return;
    if (fault.kind === "reset-after") return void incoming.socket.destroy();
    if (fault.kind === "truncated") return sendTruncated(response, answer);
    if (fault.kind === "wrong-length") return sendWrongLength(response, answer);
    if (fault.kind === "html") return send(response, { status: answer.status, headers: htmlHeaders, body: htmlPage });
  }
  send(response, answer);
}

const tooLarge: SandboxAnswer = { status: 413, body: "" };
const retryAfterS = { honest: 1, absurd: 86_400 * 365, missing: null } as const;
const htmlHeaders = { "content-type": "text/html;charset=utf-8" };
const htmlPage = "<!doctype html><html><head><title>We'll be right back</title></head><body>Maintenance</body></html>";

async function readRequest(
  incoming: IncomingMessage,
  url: URL,
  bodyBytesMax = 20 * 1024 * 1024,
): Promise<SandboxRequest | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming) {
    length += (chunk as Buffer).length;
    if (length > bodyBytesMax) return null;
    chunks.push(chunk as Buffer);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) headers[name] = String(value);
  return {
    method: incoming.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    headers,
    body: Buffer.concat(chunks),
  };
}

function send(response: ServerResponse, answer: SandboxAnswer): void {
  const bytes = bytesOf(answer);
  response.writeHead(answer.status, { ...jsonType(answer), "content-length": bytes.length, ...answer.headers });
  response.end(bytes);
}

function sendTruncated(response: ServerResponse, answer: SandboxAnswer): void {
  const bytes = bytesOf(answer);
  const half = bytes.subarray(0, Math.floor(bytes.length / 2));
  response.writeHead(answer.status, { ...jsonType(answer), ...answer.headers, "content-length": half.length });
  response.end(half);
}

function sendWrongLength(response: ServerResponse, answer: SandboxAnswer): void {
  const bytes = bytesOf(answer);
  response.writeHead(answer.status, { ...jsonType(answer), ...answer.headers, "content-length": bytes.length + 1 });
  response.write(bytes, () => response.destroy());
}

function bytesOf({ body }: SandboxAnswer): Buffer {
  if (body === null) return Buffer.alloc(0);
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}

function jsonType({ body }: SandboxAnswer): Record<string, string> {
  return typeof body === "object" && body !== null ? { "content-type": "application/json;charset=utf-8" } : {};
}
