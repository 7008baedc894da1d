import { type LimitLane, retryAfterMs } from "../../core/limits.ts";
import { type SyncError, SyncFailure } from "../../model/sync-error.ts";
import { createLimiter, type Limiter } from "../../ports/limiter.ts";
import { type Effect, isUnsent, lostError } from "../../ports/lost-answer.ts";
import { type Refusal, refusalOf, refusedError } from "./errors.ts";
import { type Json, listOf, objectOf } from "./json.ts";
import type { ActiveCampaignOptions } from "./options.ts";

export type Call = {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** After `/api/3/`, with query. */
  readonly path: string;
  readonly body?: unknown;
  readonly effect: Effect;
  readonly lane?: LimitLane;
  /** For messages: "reading contacts". */
  readonly what: string;
};

export type Client = {
  /** The answer's JSON. Rejects with `RefusedCall` for 4xx, and with a plain `SyncFailure` for everything else. */
  call(call: Call): Promise<Json>;
  /** All pages of a short list (fields, tags ...), by the name that the answer gives it. */
  listAll(path: string, name: string, what: string): Promise<readonly Json[]>;
  readonly limiters: readonly Limiter[];
};

/** A call that ActiveCampaign understood and refused: nothing was done. */
export class RefusedCall extends SyncFailure {
  readonly status: number;
  readonly refusal: Refusal;

  constructor(error: SyncError, status: number, refusal: Refusal) {
    super(error);
    this.status = status;
    this.refusal = refusal;
  }
}

const requestsPerSecondDefault = 4;
const timeoutMsDefault = 30_000;
/** Longest Retry-After that is obeyed; a larger one is taken for a mistake. */
const retryAfterMsMax = 600_000;
/** A page may need a call for each of its records: one that fails once does not fail the page. Good keys are now and then refused as well. */
const triesMax = 3;
const pageMax = 100;

/** Speaks HTTP with one account, paced below its limit, which all keys and tools share. */
export function createClient(options: ActiveCampaignOptions): Client {
  const { clock, token, timeoutMs = timeoutMsDefault } = options;
  const root = `${options.url.replace(/\/+$/u, "").replace(/\/api\/3$/u, "")}/api/3/`;
  const limiter = createLimiter(clock, "calls", {
    windows: [{ max: 1, windowMs: 1_000 / (options.requestsPerSecond ?? requestsPerSecondDefault) }],
    counts: "sent",
    parallelMax: 8,
    silenceMsMin: 1_000,
    silenceMsMax: 60_000,
    askedMsMax: retryAfterMsMax,
    penaltyMs: 0,
  });

  const exchange = async (call: Call): Promise<Json> => {
    const { answer, text } = await send(root, token, timeoutMs, call);
    const body = parse(text);
    limiter.heard(answer.headers.get("date"));
    if (answer.ok) {
      limiter.fine();
      if (body !== null) return body;
      throw new SyncFailure(lostError(call.effect, `${call.what}: the answer is no JSON (${text.length} characters)`));
    }
    const refusal = refusalOf(body);
    if (answer.status === 429) {
      const message = "ActiveCampaign's request limit was passed, by us or by another tool of this account";
      throw new SyncFailure(limiter.limited(retryAfterMs(answer.headers.get("retry-after"), clock.now()), message));
    }
    const error = refusedError(answer.status, refusal, call.effect, call.what);
    if (answer.status >= 500 || answer.status < 400) throw new SyncFailure(error);
    throw new RefusedCall(error, answer.status, refusal);
  };

  const call = async (one: Call): Promise<Json> => {
    for (let tries = 1; ; tries++) {
      const answered = await limiter.turn(one.lane);
      try {
        return await exchange(one);
      } catch (error) {
        if (!mayPass(error, one.effect) || tries === triesMax) throw error;
      } finally {
        answered();
      }
    }
  };

  return {
    call,
    async listAll(path, name, what) {
      const all: Json[] = [];
      for (;;) {
        const separator = path.includes("?") ? "&" : "?";
        const page = `${path}${separator}limit=${pageMax}&offset=${all.length}`;
        const answer = await call({ method: "GET", path: page, effect: "read", what });
        const rows = listOf(answer[name]);
        if (rows === null)
          throw new SyncFailure({ code: "UNREACHABLE", message: `${what}: the answer has no ${name}` });
        all.push(...rows);
        if (rows.length < pageMax) return all;
      }
    },
    limiters: [limiter],
  };
}

function mayPass(error: unknown, effect: Effect): boolean {
  if (error instanceof RefusedCall) return error.status === 403;
  return effect === "read" && error instanceof SyncFailure && error.error.code === "UNREACHABLE";
}

async function send(root: string, token: string, timeoutMs: number, call: Call) {
  try {
    const answer = await fetch(root + call.path, {
      method: call.method,
      headers: { "api-token": token, "content-type": "application/json", accept: "application/json" },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { answer, text: await answer.text() };
  } catch (error) {
    const reason = error instanceof Error ? causeOf(error) : String(error);
    const message = `${call.what}: no answer from ActiveCampaign (${reason})`;
    throw new SyncFailure(isUnsent(error) ? { code: "UNREACHABLE", message } : lostError(call.effect, message));
  }
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function parse(text: string): Json | null {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return null;
  }
}
