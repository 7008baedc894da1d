import { type SyncError, SyncFailure } from "../../model/sync-error.ts";
import type { Clock } from "../../ports/clock.ts";
import { type Effect, isUnsent, lostError, type Refusal, refusalOf, refusedError } from "./errors.ts";
import type { AirtableOptions } from "./options.ts";
import { createPace, type Urgency } from "./pace.ts";

export type Call = {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** After `/v0/`, with query. */
  readonly path: string;
  readonly body?: unknown;
  readonly effect: Effect;
  readonly urgency?: Urgency;
  /** For messages: "reading People". */
  readonly what: string;
};

export type Client = {
  /** The answer's JSON. Rejects with `RefusedCall` for 4xx, and with a plain `SyncFailure` for everything else. */
  call(call: Call): Promise<Record<string, unknown>>;
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
  const pace = createPace(clock, options.requestsPerSecond ?? requestsPerSecondDefault);
  let silence: { readonly until: number; readonly message: string; readonly metaToo: boolean } | null = null;

  const refuseInSilence = ({ path }: Call): void => {
    if (silence === null || (path.startsWith("meta/") && !silence.metaToo)) return;
    const retryAfterMs = silence.until - clock.now();
    if (retryAfterMs > 0) throw new SyncFailure({ code: "RATE_LIMITED", retryAfterMs, message: silence.message });
    silence = null;
  };

  const rateLimited = (answer: Response, refusal: Refusal): SyncError => {
    const isQuota = refusal.type === "PUBLIC_API_BILLING_LIMIT_EXCEEDED";
    const askedMs = retryAfterMsOf(answer, clock);
    const waitMs = isQuota
      ? Math.min(retryAfterMsMax, msToNextMonth(clock.now()))
      : Math.min(retryAfterMsMax, Math.max(penaltyMs, askedMs ?? 0));
    const message = isQuota
      ? "the month's API calls of this Airtable workspace are used up; upgrade its plan or wait for the next month"
      : "Airtable's request limit was passed, by us or by another client of this base";
    silence = { until: clock.now() + waitMs, message, metaToo: !isQuota };
    return { code: "RATE_LIMITED", retryAfterMs: isQuota ? msToNextMonth(clock.now()) : waitMs, message };
  };

  return {
    async call(call) {
      refuseInSilence(call);
      await pace.turn(call.urgency ?? "live");
      // While this call waited for its turn another one may have met the limit.
      refuseInSilence(call);
      const { answer, text } = await send(root, token, timeoutMs, call);
      const body = parse(text);
      if (answer.ok) {
        if (body !== undefined) return body;
        const message = `${call.what}: Airtable's answer is no JSON (${text.length} characters)`;
        throw new SyncFailure(lostError(call.effect, message));
      }
      const refusal = refusalOf(body);
      if (answer.status === 429) throw new SyncFailure(rateLimited(answer, refusal));
      const error = refusedError(answer.status, refusal, call.effect, call.what);
      if (answer.status >= 500 || answer.status < 400) throw new SyncFailure(error);
      throw new RefusedCall(error, answer.status, refusal);
    },
  };
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

/** Retry-After, as seconds or as a date. */
function retryAfterMsOf(answer: Response, clock: Clock): number | null {
  const header = answer.headers.get("retry-after");
  if (header === null) return null;
  if (/^\d+$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - clock.now());
}

function msToNextMonth(now: number): number {
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) - now;
}
