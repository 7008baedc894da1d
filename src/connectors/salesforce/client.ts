import { SyncFailure } from "../../model/sync-error.ts";
import type { Instant } from "../../model/time.ts";
import { type Effect, isUnsent, lostError } from "../../ports/lost-answer.ts";
import { createAllocation } from "./allocation.ts";
import { complaintsOf, RefusedCall, refusedError, saying } from "./errors.ts";
import { parseExactly } from "./json.ts";
import type { SalesforceOptions } from "./options.ts";
import { createPace, type Urgency } from "./pace.ts";
import { createTokens, type Session } from "./tokens.ts";

export type Call = {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** After `/services/data/vXX.X/`, with query. */
  readonly path: string;
  readonly body?: unknown;
  readonly effect: Effect;
  readonly urgency?: Urgency;
  /** Further headers, lower-case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For messages: "reading 50 Contact". */
  readonly what: string;
};

export type Client = {
  /** The answer's JSON, `null` for an empty one. Rejects with `RefusedCall` for 4xx, and with a plain `SyncFailure` for everything else. */
  call(call: Call): Promise<unknown>;
  /** The answer as text, whatever it is, with its headers. Rejects like `call`. */
  download(call: Call): Promise<{ readonly text: string; readonly headers: Headers }>;
  /** The present session; logs in where there is none. */
  session(): Promise<Session>;
  /** This session was refused elsewhere: the next call logs in again. */
  expired(session: Session): void;
  /** A moment of Truce's clock by Salesforce's, never late, as far as answers have told it. */
  vendorTime(own: Instant): Instant;
  /** The other way round, never early. */
  ownTime(vendor: Instant): Instant;
};

/** Spring '26. Every release stays answered for years. */
export const apiVersion = "66.0";

const timeoutMsDefault = 30_000;
const allocationShareDefault = 0.9;
const answersKept = 20;

/** In every write: assignment rules must not hand records to other owners, and change events shall name their origin. */
const commonHeaders = { "sforce-call-options": "client=Truce", "sforce-auto-assign": "FALSE" };

/** Speaks HTTP with one org: logged in, within its allocation, a few calls at once. */
export function createClient(options: SalesforceOptions): Client {
  const { clock, timeoutMs = timeoutMsDefault } = options;
  const url = options.url.replace(/\/+$/u, "");
  const tokens = createTokens({ url, auth: options.auth, clock, timeoutMs });
  const pace = createPace();
  const allocation = createAllocation(clock, options.allocationShare ?? allocationShareDefault);
  /**
   * Salesforce's clock less Truce's, as each of the last answers told it. A date is a whole second that has passed when it arrives, so each is too
   * little, and the greatest comes closest.
   */
  let aheadMs: number[] = [];

  const learn = (answer: Response): void => {
    const date = Date.parse(answer.headers.get("date") ?? "");
    if (!Number.isNaN(date)) aheadMs = [...aheadMs, date - clock.now()].slice(-answersKept);
    allocation.learn(answer.headers.get("sforce-limit-info"));
  };

  const send = async (call: Call, session: Session) => {
    try {
      const answer = await fetch(`${session.instanceUrl}/services/data/v${apiVersion}/${call.path}`, {
        method: call.method,
        headers: {
          authorization: `Bearer ${session.accessToken}`,
          "content-type": "application/json",
          ...commonHeaders,
          ...call.headers,
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
      });
      return { answer, text: await answer.text() };
    } catch (error) {
      const message = `${call.what}: no answer from Salesforce (${causeOf(error)})`;
      throw new SyncFailure(isUnsent(error) ? { code: "UNREACHABLE", message } : lostError(call.effect, message));
    }
  };

  /** Sends a call when there is room for it. */
  const exchange = async (call: Call) => {
    const urgency = call.urgency ?? "live";
    allocation.refuse(urgency);
    const session = await tokens.get();
    const answered = await pace.turn(urgency);
    try {
      // While this call waited for its turn another one may have met the limit.
      allocation.refuse(urgency);
      return { session, ...(await send(call, session)) };
    } finally {
      answered();
    }
  };

  const attempt = async (
    call: Call,
    isSecond: boolean,
  ): Promise<{ readonly text: string; readonly answer: Response }> => {
    const { session, answer, text } = await exchange(call);
    if (answer.ok) return { text, answer };
    const body = parse(text);
    // What is no JSON is not Salesforce's, nor are its headers.
    if (body !== undefined) learn(answer);
    const complaints = complaintsOf(body);
    if (answer.status === 401 && !isSecond && tokens.expired(session)) return attempt(call, true);
    if (complaints.some(({ code }) => code === "REQUEST_LIMIT_EXCEEDED")) {
      const seconds = answer.headers.get("retry-after") ?? "";
      throw allocation.exceeded(saying(complaints), call.what, /^\d+$/u.test(seconds) ? Number(seconds) * 1000 : null);
    }
    const error = refusedError(answer.status, complaints, call.effect, call.what);
    if (error.code === "UNKNOWN_OUTCOME" || error.code === "UNREACHABLE") throw new SyncFailure(error);
    throw new RefusedCall(error, answer.status, complaints);
  };

  const ahead = () => (aheadMs.length === 0 ? 0 : Math.max(...aheadMs));
  return {
    call: async (call) => {
      const { text, answer } = await attempt(call, false);
      const body = text === "" ? null : parse(text);
      if (body !== undefined) {
        learn(answer);
        return body;
      }
      throw new SyncFailure(lostError(call.effect, `${call.what}: Salesforce's answer is no JSON`));
    },
    download: async (call) => {
      const { text, answer } = await attempt(call, false);
      learn(answer);
      return { text, headers: answer.headers };
    },
    session: tokens.get,
    expired: (session) => void tokens.expired(session),
    vendorTime: (own) => own + ahead(),
    ownTime: (vendor) => vendor - ahead(),
  };
}

function parse(text: string): unknown {
  try {
    return parseExactly(text);
  } catch {
    return undefined;
  }
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
