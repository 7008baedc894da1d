import { type LimitLane, retryAfterMs } from "../../core/limits.ts";
import { type SyncError, SyncFailure } from "../../model/sync-error.ts";
import { createLimiter, type Limiter } from "../../ports/limiter.ts";
import { type Effect, isUnsent, lostError } from "../../ports/lost-answer.ts";
import { type Refusal, refusalOf, refusedError } from "./errors.ts";
import type { AirtableOptions } from "./options.ts";

export type Call = {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** After `/v0/`, with query. */
  readonly path: string;
  readonly body?: unknown;
  readonly effect: Effect;
  readonly lane?: LimitLane;
  /** For messages: "reading People". */
  readonly what: string;
};

export type Client = {
  /** The answer's JSON. Rejects with `RefusedCall` for 4xx, and with a plain `SyncFailure` for everything else. */
  call(call: Call): Promise<Record<string, unknown>>;
  readonly limiters: readonly Limiter[];
};

/** A call that Airtable understood and refused: nothing was done. */
export class RefusedCall extends SyncFailure {
  readonly status: number;
  readonly refusal: Refusal;

  constructor(error: SyncError, status: number, refusal: Refusal) {
    super(error);
    this.status = status;
    this.refusal = refusal;
  }
}

const endpointUrlDefault = "https://api.airtable.com";
const requestsPerSecondDefault = 4;
const penaltyMsDefault = 30_000;
const timeoutMsDefault = 30_000;
/** Longest Retry-After that is obeyed; a larger one is taken for a mistake. */
const retryAfterMsMax = 3_600_000;

/**
 * Speaks HTTP with one base: paced below the limit, and silent during a penalty. Airtable lets nothing succeed for 30 s after a 429, so
 * calls made meanwhile are refused here, unsent.
 */
export function createClient(options: AirtableOptions): Client {
  const { clock, token, timeoutMs = timeoutMsDefault, penaltyMs = penaltyMsDefault } = options;
  const root = `${options.endpointUrl ?? endpointUrlDefault}/v0/`;
  const gate = { counts: "sent", parallelMax: Number.POSITIVE_INFINITY, askedMsMax: retryAfterMsMax } as const;
  // Even spacing, not bursts, as Airtable counts by a window of its own.
  const gapMs = 1_000 / (options.requestsPerSecond ?? requestsPerSecondDefault);
  const limiter = createLimiter(clock, "calls", {
    ...gate,
    windows: [{ max: 1, windowMs: gapMs }],
    silenceMsMin: penaltyMs,
    silenceMsMax: penaltyMs,
    penaltyMs,
  });
  const month = createLimiter(clock, "calls of the month", {
    ...gate,
    windows: [],
    silenceMsMin: retryAfterMsMax,
    silenceMsMax: retryAfterMsMax,
    penaltyMs: 0,
  });

  const rateLimited = (answer: Response, refusal: Refusal): SyncError => {
    if (refusal.type === "PUBLIC_API_BILLING_LIMIT_EXCEEDED") {
      const message =
        "the month's API calls of this Airtable workspace are used up; upgrade its plan or wait for the next month";
      const leftMs = msToNextMonth(clock.now());
      return { ...month.limited(Math.min(retryAfterMsMax, leftMs), message, true), retryAfterMs: leftMs };
    }
    const message = "Airtable's request limit was passed, by us or by another client of this base";
    return limiter.limited(retryAfterMs(answer.headers.get("retry-after"), clock.now()), message);
  };

  return {
    limiters: [limiter, month],
    async call(call) {
      // The schema can be read when the month's calls are used up.
      const isCounted = !call.path.startsWith("meta/");
      if (isCounted) month.refuse();
      const answered = await limiter.turn(call.lane);
      try {
        if (isCounted) month.refuse();
        return await exchange(call);
      } finally {
        answered();
      }
    },
  };

  async function exchange(call: Call): Promise<Record<string, unknown>> {
    const { answer, text } = await send(root, token, timeoutMs, call);
    const body = parse(text);
    limiter.heard(answer.headers.get("date"));
    if (answer.ok) {
      limiter.fine();
      if (body !== undefined) return body;
      const message = `${call.what}: Airtable's answer is no JSON (${text.length} characters)`;
      throw new SyncFailure(lostError(call.effect, message));
    }
    const refusal = refusalOf(body);
    if (answer.status === 429) throw new SyncFailure(rateLimited(answer, refusal));
    const error = refusedError(answer.status, refusal, call.effect, call.what);
    if (answer.status >= 500 || answer.status < 400) throw new SyncFailure(error);
    throw new RefusedCall(error, answer.status, refusal);
  }
}

async function send(root: string, token: string, timeoutMs: number, call: Call) {
  try {
    const answer = await fetch(root + call.path, {
      method: call.method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { answer, text: await answer.text() };
  } catch (error) {
    const reason = error instanceof Error ? causeOf(error) : String(error);
    const message = `${call.what}: no answer from Airtable (${reason})`;
    throw new SyncFailure(isUnsent(error) ? { code: "UNREACHABLE", message } : lostError(call.effect, message));
  }
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null && !Array.isArray(body)
      ? (body as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function msToNextMonth(now: number): number {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) - now;
}
