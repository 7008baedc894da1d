import { SyncFailure } from "../../model/sync-error.ts";
import type { Clock } from "../../ports/clock.ts";
import { objectOf, own } from "../../ports/json-object.ts";
import { isUnsent } from "../../ports/lost-answer.ts";
import { refusalOf } from "./errors.ts";
import type { HubSpotAuth } from "./options.ts";

/** Where the bearer token of a call comes from. */
export type Tokens = {
  /** A token that is valid for the next minute. Rejects with UNAUTHORIZED or UNREACHABLE. */
  get(): Promise<string>;
  /** The token was refused as expired: true when a new one can be had. */
  expired(token: string): boolean;
};

/** A token is renewed this long before it ends. */
const marginMs = 60_000;

export function createTokens(auth: HubSpotAuth, baseUrl: string, clock: Clock, timeoutMs: number): Tokens {
  if ("token" in auth) return { get: () => Promise.resolve(auth.token), expired: () => false };
  let current: { readonly token: string; readonly until: number } | null = null;
  let renewal: Promise<string> | null = null;
  let { refreshToken } = auth;

  const renew = async (): Promise<string> => {
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      client_id: auth.clientId,
      client_secret: auth.clientSecret,
      refresh_token: refreshToken,
    });
    const renewed = await exchange(`${baseUrl}/oauth/v1/token`, form, timeoutMs);
    refreshToken = renewed.refreshToken ?? refreshToken;
    const lifeMs = renewed.expiresInS * 1000;
    current = { token: renewed.token, until: clock.now() + lifeMs - Math.min(marginMs, lifeMs / 2) };
    return renewed.token;
  };

  return {
    get: () => {
      if (current !== null && clock.now() < current.until) return Promise.resolve(current.token);
      renewal ??= renew().finally(() => {
        renewal = null;
      });
      return renewal;
    },
    expired: (token) => {
      if (current?.token === token) current = null;
      return true;
    },
  };
}

async function exchange(url: string, form: URLSearchParams, timeoutMs: number) {
  const what = "renewing the access token";
  let status: number;
  let body: unknown;
  try {
    const answer = await fetch(url, {
      method: "POST",
      body: form,
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    status = answer.status;
    body = JSON.parse(await answer.text());
  } catch (error) {
    // Renewing twice does no harm, so a lost answer is as good as an unsent request.
    const reason = isUnsent(error) ? "not reached" : "no answer that makes sense";
    throw new SyncFailure({ code: "UNREACHABLE", message: `${what}: HubSpot was ${reason}` });
  }
  const told = objectOf(body) ?? {};
  const [token, refreshToken, expiresInS] = ["access_token", "refresh_token", "expires_in"].map((key) =>
    own(told, key),
  );
  if (status === 200 && typeof token === "string" && typeof expiresInS === "number") {
    return { token, expiresInS, refreshToken: typeof refreshToken === "string" ? refreshToken : null };
  }
  const message = `${what}: HubSpot answered ${status} ${refusalOf(body).message}`;
  const isRefusal = status >= 400 && status < 500 && status !== 429;
  throw new SyncFailure({ code: isRefusal ? "UNAUTHORIZED" : "UNREACHABLE", message });
}
