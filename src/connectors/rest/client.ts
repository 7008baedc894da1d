import { type LimitLane, retryAfterMs } from "../../core/limits.ts";
import { type SyncError, SyncFailure } from "../../model/sync-error.ts";
import type { Instant } from "../../model/time.ts";
import { createLimiter, type Limiter } from "../../ports/limiter.ts";
import { type Effect, lostError } from "../../ports/lost-answer.ts";
import { createCredentials } from "./auth.ts";
import { type Json, parseJson } from "./json.ts";
import type { Query, RestOptions } from "./options.ts";
import { type Refusal, refusalOf, refusedError } from "./refusal.ts";
import { type HttpAnswer, type HttpRequest, sendRequest, Unsent } from "./request.ts";

export type Call = {
  readonly method: string;
  /** After the API's address, or a whole address of the same host, as paging links are. */
  readonly path: string;
  readonly query?: Query | undefined;
  readonly body?: Json;
  readonly headers?: Readonly<Record<string, string>>;
  readonly effect: Effect;
  readonly lane?: LimitLane;
  /** For messages: "reading contacts". */
  readonly what: string;
};

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** `undefined` where the answer is empty. */
  readonly body: Json;
  /** The tool's own time, `null` if it doesn't tell. */
  readonly at: Instant | null;
  /** The address that answered; links in it are relative to this one. */
  readonly url: string;
};

export type Client = {
  /** Rejects with `RefusedCall` for 4xx, and with a plain `SyncFailure` for everything else. */
  call(call: Call): Promise<Answer>;
  readonly limiters: readonly Limiter[];
};

/** A call that the tool understood and refused: nothing was done. */
export class RefusedCall extends SyncFailure {
  readonly status: number;
  readonly refusal: Refusal;

  constructor(error: SyncError, status: number, refusal: Refusal) {
    super(error);
    this.status = status;
    this.refusal = refusal;
  }
}

const parallelDefault = 4;
const timeoutMsDefault = 30_000;
/** Of a tool that says nothing else: so long after a 429, and twice as long after each that follows. */
const silence = { silenceMsMin: 1_000, silenceMsMax: 60_000, askedMsMax: 3_600_000, penaltyMs: 0 } as const;
const redirectsMax = 3;

/** Speaks HTTP with one tool: one host, one gate, one set of credentials. */
export function createClient(options: RestOptions): Client {
  const { clock, timeoutMs = timeoutMsDefault, linkLocal = false, rateLimit } = options;
  const base = new URL(options.url);
  const limiter = createLimiter(clock, "calls", {
    ...silence,
    windows: rateLimit === undefined ? [] : [{ max: rateLimit.requests, windowMs: rateLimit.per }],
    counts: "answered",
    parallelMax: options.parallel ?? parallelDefault,
  });
  const send = (request: HttpRequest) => sendRequest(request, { timeoutMs, linkLocal });
  const credentials = createCredentials(options.auth, base, clock, send);
  const exchange = async (call: Call, url: URL): Promise<HttpAnswer> => {
    const headers = {
      // Tools of a standard name a kind of JSON of their own, and refuse who does not want it.
      accept: "application/json, application/*+json;q=0.9, */*;q=0.5",
      "accept-encoding": "identity",
      ...(call.body === undefined ? {} : { "content-type": "application/json" }),
      ...options.headers,
      ...call.headers,
      ...(await credentials.headers()),
    };
    const body = call.body === undefined ? null : JSON.stringify(call.body);
    try {
      return await send({ method: call.method, url, headers, body });
    } catch (error) {
      const message = `${call.what}: no answer from ${base.host} (${reasonOf(error)})`;
      throw new SyncFailure(
        error instanceof Unsent ? { code: "UNREACHABLE", message } : lostError(call.effect, message),
      );
    }
  };

  /** Follows where a read is sent on to, within the host. */
  const follow = async (call: Call): Promise<{ readonly answer: HttpAnswer; readonly url: URL }> => {
    let url = addressOf(base, call);
    for (let times = 0; ; times++) {
      const answer = await exchange(call, url);
      const { location } = answer.headers;
      if (answer.status < 300 || answer.status >= 400 || answer.status === 304 || location === undefined) {
        return { answer, url };
      }
      const next = new URL(location, url);
      const where = `${call.what}: ${base.host} sends on to ${next.origin}${next.pathname}`;
      if (!isSameHost(base, next)) {
        throw new SyncFailure({
          code: "SCHEMA",
          message: `${where}, another host, where Truce does not follow; correct url`,
        });
      }
      if (call.method !== "GET" || times >= redirectsMax) {
        throw new SyncFailure({ code: "SCHEMA", message: `${where}; write url and path as they are there` });
      }
      url = next;
    }
  };

  const answered = async (call: Call): Promise<Answer> => {
    let { answer, url } = await follow(call);
    if (answer.status === 401 && credentials.refused()) ({ answer, url } = await follow(call));
    const { status, headers } = answer;
    limiter.heard(headers["date"] ?? null);
    if (status === 429) {
      const askedMs = retryAfterMs(headers["retry-after"] ?? null, clock.now());
      const message = `${call.what}: answered 429, the tool's request limit was passed, by us or by another client of it`;
      throw new SyncFailure(limiter.limited(askedMs, message));
    }
    limiter.fine();
    const isOk = status >= 200 && status < 300;
    const body = bodyOf(answer.text);
    if (isOk && body !== broken) return { status, headers, body, at: momentOf(headers["date"]), url: url.href };
    if (isOk) {
      const message = `${call.what}: the answer is no JSON (${answer.text.length} characters)`;
      throw new SyncFailure(lostError(call.effect, message));
    }
    const refusal = refusalOf(body === broken ? undefined : body, options.errors);
    const error = refusedError(status, refusal, call.effect, call.what);
    if (status < 400 || status >= 500) throw new SyncFailure(error);
    throw new RefusedCall(error, status, refusal);
  };

  return {
    limiters: [limiter],
    async call(call) {
      const done = await limiter.turn(call.lane);
      try {
        return await answered(call);
      } finally {
        done();
      }
    },
  };
}

/** The whole address of a call. Throws SCHEMA for a paging link to another host. */
function addressOf(base: URL, call: Call): URL {
  const isWhole = /^https?:\/\//iu.test(call.path);
  const url = new URL(isWhole ? call.path : base.href.replace(/\/$/u, "") + call.path);
  if (isWhole) {
    if (!isSameHost(base, url)) {
      const message = `${call.what}: the next page is said to be at ${url.origin}, which is not ${base.origin}`;
      throw new SyncFailure({ code: "SCHEMA", message });
    }
    // A tool behind a proxy may not know by which scheme and port it is reached.
    url.protocol = base.protocol;
    url.port = base.port;
  }
  const query = Object.entries(call.query ?? {});
  for (const [name, value] of query) url.searchParams.set(name, String(value));
  // A plus means a space in forms; some tools take it for a plus.
  if (query.length > 0) url.search = url.search.replaceAll("+", "%20");
  return url;
}

function isSameHost(base: URL, other: URL): boolean {
  if (other.hostname !== base.hostname) return false;
  return other.port === base.port || other.port === "" || other.protocol !== base.protocol;
}

const broken = Symbol("no JSON");

function bodyOf(text: string): Json | typeof broken {
  if (text.trim() === "") return undefined;
  try {
    return parseJson(text.replace(/^\u{FEFF}/u, ""));
  } catch {
    return broken;
  }
}

function momentOf(date: string | undefined): Instant | null {
  const at = Date.parse(date ?? "");
  return Number.isNaN(at) ? null : at;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
