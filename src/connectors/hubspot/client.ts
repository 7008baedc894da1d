import { type LimitLane, type LimitPolicy, retryAfterMs } from "../../core/limits.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Instant } from "../../model/time.ts";
import { type JsonObject, objectOf, own, textOf } from "../../ports/json-object.ts";
import { createLimiter, type Limiter } from "../../ports/limiter.ts";
import { type Effect, isUnsent, lostError } from "../../ports/lost-answer.ts";
import { RefusedCall, refusalOf, refusedError } from "./errors.ts";
import type { HubSpotOptions } from "./options.ts";
import { createTokens } from "./tokens.ts";

export type Call = {
  readonly method: "GET" | "POST";
  /** From the host on, with query. */
  readonly path: string;
  readonly body?: JsonObject;
  readonly effect: Effect;
  /** Searches have a limit of their own. */
  readonly kind?: "call" | "search";
  readonly lane?: LimitLane;
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
  readonly limiters: readonly Limiter[];
};

const baseUrlDefault = "https://api.hubapi.com";
const timeoutMsDefault = 20_000;
/** Calls take up room from when they are sent until a window after their answer, so that the limit itself is never passed. */
const limitShareDefault = 0.95;
const searchesPerSecondDefault = 4;
/** The smallest limit that an account has: calls of one app in ten seconds. */
const callsMaxDefault = 100;
const windowMsDefault = 10_000;
/** Of all calls, and of searches. No limit but the day's is longer than ten seconds, and a rolling window makes room bit by bit. */
const limitPolicy: Omit<LimitPolicy, "windows"> = {
  counts: "answered",
  parallelMax: 8,
  silenceMsMin: 1_000,
  silenceMsMax: windowMsDefault,
  askedMsMax: 60_000,
  penaltyMs: 0,
};

/** Speaks HTTP with one account: paced below its limits, and silent for a while after a 429. */
export function createClient(options: HubSpotOptions): Client {
  const { clock, timeoutMs = timeoutMsDefault, baseUrl = baseUrlDefault, limitShare = limitShareDefault } = options;
  const tokens = createTokens(options.auth, baseUrl, clock, timeoutMs);
  const limiterOf = (name: string, max: number, windowMs: number) =>
    createLimiter(clock, name, { ...limitPolicy, windows: [{ max, windowMs }] });
  const limiters = {
    call: limiterOf("calls", Math.floor(callsMaxDefault * limitShare), windowMsDefault),
    search: limiterOf("searches", options.searchesPerSecond ?? searchesPerSecondDefault, 1_000),
  };
  /** HubSpot's clock less Truce's. */
  let aheadMs = 0;

  const learn = (answer: Response): void => {
    const date = Date.parse(answer.headers.get("date") ?? "");
    if (!Number.isNaN(date)) aheadMs = date - clock.now();
    limiters.call.heard(answer.headers.get("date"));
    const max = Number(answer.headers.get("x-hubspot-ratelimit-max"));
    const windowMs = Number(answer.headers.get("x-hubspot-ratelimit-interval-milliseconds"));
    if (max > 0 && windowMs > 0) limiters.call.learn([{ max: Math.floor(max * limitShare), windowMs }]);
    const [perDay, left] = ["", "-remaining"].map((end) => answer.headers.get(`x-hubspot-ratelimit-daily${end}`));
    if (perDay != null && left != null) limiters.call.learnDay(Number(perDay), Number(left));
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
    limiters[kind].refuse();
    const token = await tokens.get();
    const answered = await limiters[kind].turn(call.lane);
    try {
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
      limiters[kind].fine();
      return body;
    }
    const refusal = refusalOf(body);
    if (answer.status === 429) {
      const policy = textOf(own(body ?? {}, "policyName"));
      const message = `${call.what}: HubSpot's limit was passed (${policy || "no policy named"}), by us or by another client of this app`;
      const askedMs = retryAfterMs(answer.headers.get("retry-after"), clock.now());
      throw new SyncFailure(limiters[kind].limited(askedMs, message, policy === "DAILY"));
    }
    if (answer.status === 401 && !isSecond && tokens.expired(token)) return attempt(call, true);
    const error = refusedError(answer.status, refusal, call.effect, call.what);
    if (error.code === "UNKNOWN_OUTCOME" || error.code === "UNREACHABLE") throw new SyncFailure(error);
    throw new RefusedCall(error, answer.status, refusal);
  };

  return {
    call: (call) => attempt(call, false),
    vendorTime: (own) => own + aheadMs,
    ownTime: (vendor) => vendor - aheadMs,
    limiters: Object.values(limiters),
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
