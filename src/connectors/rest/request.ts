import { lookup } from "node:dns";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import { forbiddenMessage, isForbiddenAddress } from "./address.ts";

export type HttpRequest = {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
};

export type HttpAnswer = {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
};

export type Limits = { readonly timeoutMs: number; readonly linkLocal: boolean };

/** A request that was surely not carried out. */
export class Unsent extends Error {}

/** An answer larger than this is no page of records. */
const answerBytesMax = 64 * 1024 * 1024;

/**
 * One request, one answer: redirects are answers like any other. The address is judged when the name is resolved, for the very connection
 * that is made, so a name can't point elsewhere meanwhile. Rejects with `Unsent` where nothing can have been done.
 */
export function sendRequest(request: HttpRequest, { timeoutMs, linkLocal }: Limits): Promise<HttpAnswer> {
  const { url, method, headers, body } = request;
  if (!linkLocal && isForbiddenAddress(url.hostname)) {
    return Promise.reject(new Unsent(`${url.hostname} ${forbiddenMessage}`));
  }
  const send = url.protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const length = body === null ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const signal = AbortSignal.timeout(timeoutMs);
    const options = {
      method,
      headers: { ...headers, ...length },
      signal,
      ...(linkLocal ? {} : { lookup: guardedLookup }),
    };
    const outgoing = send(url, options, (incoming) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      incoming.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > answerBytesMax) incoming.destroy(new Error(`the answer is larger than ${answerBytesMax} bytes`));
        else chunks.push(chunk);
      });
      incoming.on("error", reject);
      incoming.on("end", () => {
        const headers = flat(incoming.headers);
        try {
          const text = unpacked(Buffer.concat(chunks), headers["content-encoding"]).toString("utf8");
          resolve({ status: incoming.statusCode ?? 0, headers, text });
        } catch (error) {
          reject(error);
        }
      });
    });
    outgoing.on("error", (error) => {
      const reason = signal.aborted ? new Error(`no answer within ${timeoutMs / 1000} s`) : error;
      reject(isUnsent(error) ? new Unsent(error.message, { cause: error }) : reason);
    });
    outgoing.end(body ?? undefined);
  });
}

/** Resolves a name, and refuses it when any of its addresses is forbidden. */
const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, "", 0);
    const bad = addresses.find(({ address }) => isForbiddenAddress(address));
    if (bad !== undefined) return callback(new Unsent(`${hostname} ${forbiddenMessage}`), "", 0);
    const [first] = addresses;
    if (options.all === true) return (callback as (e: null, all: typeof addresses) => void)(null, addresses);
    callback(null, first?.address ?? "", first?.family ?? 0);
  });
};

/** None is asked for, but some servers pack their answers all the same. */
function unpacked(bytes: Buffer, encoding = "identity"): Buffer {
  const limit = { maxOutputLength: answerBytesMax };
  switch (encoding.toLowerCase()) {
    case "gzip":
      return gunzipSync(bytes, limit);
    case "br":
      return brotliDecompressSync(bytes, limit);
    case "deflate":
      return inflateSync(bytes, limit);
    default:
      return bytes;
  }
}

function isUnsent(error: Error): boolean {
  return error instanceof Unsent || unsentCodes.has(String((error as NodeJS.ErrnoException).code));
}

const unsentCodes = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

function flat(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value]],
    ),
  );
}
