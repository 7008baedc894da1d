import { type SyncError, SyncFailure } from "../../model/sync-error.ts";
import type { Instant } from "../../model/time.ts";
import type { Clock } from "../../ports/clock.ts";
import { type Effect, isUnsent, lostError, RefusedCall, refusalOf, refusedError } from "./errors.ts";
import { type JsonObject, objectOf, own, textOf } from "./json.ts";
import type { HubSpotOptions } from "./options.ts";
import { createPace, type Urgency } from "./pace.ts";
import { createTokens } from "./tokens.ts";

export type Call = {
  readonly method: "GET" | "POST";
  /** From the host on, with query. */
  readonly path: string;
  readonly body?: JsonObject;
  readonly effect: Effect;
  /** Searches have a limit of their own. */
  readonly kind?: "call" | "search";
  readonly urgency?: Urgency;
  /** For messages: "reading 50 contacts". */
  readonly what: string;
};

export type Client = {
  /** The answer's JSON, `{}` for 204. Rejects with `RefusedCall` for 4xx, and with a plain `SyncFailure` for everything else. */
  call(call: Call): Promise<JsonObject>;
  /** A moment of Truce's clock by HubSpot's, up to a second early, as far as answers have told it. */
  vendorTime(own: Instant): Instant;
  /** The other way round, up to a second late. */
  ownTime(vendor: Instant): Instant;
};

const baseUrlDefault = "https://api.hubapi.com";
const timeoutMsDefault = 20_000;
const limitShareDefault = 0.9;
const searchesPerSecondDefault = 4;
/** The smallest limit that an account has: calls of one app in ten seconds. */
const callsMaxDefault = 100;
const windowMsDefault = 10_000;
/** Longest Retry-After that is obeyed unless the day's calls are used up: no other limit is longer than ten seconds. */
const retryAfterMsMax = 60_000;
const dailyWaitMs = 15 * 60_000;

/** Speaks HTTP with one account: paced below its limits, and silent for a while after a 429. */
export function createClient(options: HubSpotOptions): Client {
  const { clock, timeoutMs = timeoutMsDefault, baseUrl = baseUrlDefault, limitShare = limitShareDefault } = options;
  const tokens = createTokens(options.auth, baseUrl, clock, timeoutMs);
  const paces = {
    call: createPace(clock, Math.floor(callsMaxDefault * limitShare), windowMsDefault),
    search: createPace(clock, options.searchesPerSecond ?? searchesPerSecondDefault, 1000),
  };
  const silences = { call: createSilence(clock), search: createSilence(clock) };
  /** HubSpot's clock less Truce's. */
  let aheadMs = 0;

  const learn = (answer: Response): void => {
    const date = Date.parse(answer.headers.get("date") ?? "");
    if (!Number.isNaN(date)) aheadMs = date - clock.now();
    const max = Number(answer.headers.get("x-hubspot-ratelimit-max"));
    const windowMs = Number(answer.headers.get("x-hubspot-ratelimit-interval-milliseconds"));
    if (max > 0 && windowMs > 0) paces.call.adjust(Math.floor(max * limitShare), windowMs);
  };

  const send = async (call: Call, token: string): Promise<{ answer: Response; text: string }> => {
    try {
      const answer = await fetch(baseUrl + call.path, {
        method: call.method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { answer, text: await answer.text() };
    } catch (error) {
      const message = `${call.what}: no answer from HubSpot (${causeOf(error)})`;
      throw new SyncFailure(isUnsent(error) ? { code: "UNREACHABLE", message } : lostError(call.effect, message));
    }
  };

  /** Sends a call when there is room for it. */
  const exchange = async (call: Call, kind: "call" | "search") => {
    silences[kind].refuse();
    const token = await tokens.get();
    const answered = await paces[kind].turn(call.urgency ?? "live");
    try {
      // While this call waited for its turn another one may have met the limit.
      silences[kind].refuse();
      return { token, ...(await send(call, token)) };
    } finally {
      answered();
    }
  };

  const attempt = async (call: Call, isSecond: boolean): Promise<JsonObject> => {
    const kind = call.kind ?? "call";
    const { token, answer, text } = await exchange(call, kind);
    const body = answer.status === 204 ? {} : parse(text);
    // What is no JSON is not HubSpot's, nor are its headers.
    if (body !== undefined) learn(answer);
    if (answer.ok) {
      if (body === undefined) {
        throw new SyncFailure(lostError(call.effect, `${call.what}: HubSpot's answer is no JSON object`));
      }
      silences[kind].end();
      return body;
    }
    const refusal = refusalOf(body);
    if (answer.status === 429)
      throw new SyncFailure(silences[kind].begin(retryAfterMsOf(answer, clock), body, call.what));
    if (answer.status === 401 && !isSecond && tokens.expired(token)) return attempt(call, true);
    const error = refusedError(answer.status, refusal, call.effect, call.what);
    if (error.code === "UNKNOWN_OUTCOME" || error.code === "UNREACHABLE") throw new SyncFailure(error);
    throw new RefusedCall(error, answer.status, refusal);
  };

  return {
    call: (call) => attempt(call, false),
    vendorTime: (own) => own + aheadMs,
    ownTime: (vendor) => vendor - aheadMs,
  };
}

/** After a 429, calls of its kind are refused here, unsent, until there should be room again. */
type Silence = {
  /** Throws RATE_LIMITED while it lasts. */
  refuse(): void;
  begin(askedMs: number | null, body: JsonObject | undefined, what: string): SyncError;
  end(): void;
};

function createSilence(clock: Clock): Silence {
  let until = 0;
  let message = "";
  let row = 0;
  return {
    refuse: () => {
      const leftMs = until - clock.now();
      if (leftMs > 0) throw new SyncFailure({ code: "RATE_LIMITED", retryAfterMs: leftMs, message });
    },
    begin: (askedMs, body, what) => {
      const policy = textOf(own(body ?? {}, "policyName"));
      const isDaily = policy === "DAILY";
      // A rolling window makes room bit by bit, so the first wait is short.
      const ownMs = isDaily ? dailyWaitMs : Math.min(windowMsDefault, 1000 * 2 ** row);
      const isBelieved = askedMs !== null && (isDaily || askedMs <= retryAfterMsMax);
      const waitMs = isBelieved ? askedMs : ownMs;
      row++;
      until = clock.now() + waitMs;
      message = `${what}: HubSpot's limit was passed (${policy || "no policy named"}), by us or by another client of this app`;
      return { code: "RATE_LIMITED", retryAfterMs: waitMs, message };
    },
    end: () => {
      row = 0;
    },
  };
}

function parse(text: string): JsonObject | undefined {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

/** Retry-After, as seconds or as a date. */
function retryAfterMsOf(answer: Response, clock: Clock): number | null {
  const header = answer.headers.get("retry-after");
  if (header === null) return null;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - clock.now());
}
