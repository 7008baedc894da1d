import { SyncFailure } from "../../model/sync-error.ts";
import type { Clock } from "../../ports/clock.ts";
import { at, type Json, objectOf, parseJson, textOf } from "./json.ts";
import type { RestAuth } from "./options.ts";
import { refusalOf } from "./refusal.ts";
import type { HttpAnswer, HttpRequest } from "./request.ts";

/** Where the headers that prove who we are come from. */
export type Credentials = {
  /** Rejects with UNAUTHORIZED or UNREACHABLE. */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** They were refused: true when new ones can be had. */
  refused(): boolean;
};

type Send = (request: HttpRequest) => Promise<HttpAnswer>;
type Token = { readonly text: string; readonly until: number };

/** A token is renewed this long before it ends. */
const marginMs = 60_000;

export function createCredentials(auth: RestAuth | undefined, base: URL, clock: Clock, send: Send): Credentials {
  switch (auth?.type) {
    case undefined:
      return fixed({});
    case "bearer":
      return fixed({ authorization: `Bearer ${auth.token}` });
    case "basic":
      return fixed({ authorization: basicOf(auth.user, auth.password) });
    case "header":
      return fixed(auth.headers);
    case "oauth":
      return renewed(clock, "authorization", "Bearer ", () => askOAuth(auth, clock, send));
    case "login": {
      const { header = "authorization", prefix = header.toLowerCase() === "authorization" ? "Bearer " : "" } = auth;
      return renewed(clock, header, prefix, () => logIn(auth, base, clock, send));
    }
  }
}

function fixed(headers: Readonly<Record<string, string>>): Credentials {
  return { headers: () => Promise.resolve(headers), refused: () => false };
}

/** One token for all calls, asked for once at a time. */
function renewed(clock: Clock, header: string, prefix: string, ask: () => Promise<Token>): Credentials {
  let current: Token | null = null;
  let asking: Promise<Token> | null = null;
  const get = async (): Promise<Token> => {
    if (current !== null && clock.now() < current.until) return current;
    asking ??= ask().finally(() => {
      asking = null;
    });
    current = await asking;
    return current;
  };
  return {
    headers: async () => ({ [header]: prefix + (await get()).text }),
    refused: () => {
      current = null;
      return true;
    },
  };
}

async function askOAuth(auth: RestAuth & { readonly type: "oauth" }, clock: Clock, send: Send): Promise<Token> {
  const isInBody = auth.credentials !== "basic";
  const form = new URLSearchParams({
    grant_type: "client_credentials",
    ...(auth.scope === undefined ? {} : { scope: auth.scope }),
    ...(isInBody ? { client_id: auth.clientId, client_secret: auth.clientSecret } : {}),
  });
  const headers = {
    accept: "application/json",
    "content-type": "application/x-www-form-urlencoded",
    ...(isInBody
      ? {}
      : { authorization: basicOf(encodeURIComponent(auth.clientId), encodeURIComponent(auth.clientSecret)) }),
  };
  const what = "asking for an access token";
  const request = { method: "POST", url: new URL(auth.tokenUrl), headers, body: form.toString() };
  const answer = await exchange(send, request, what);
  const seconds = at(answer, "expires_in");
  const lifeMs = (typeof seconds === "number" && seconds > 0 ? seconds : 3_600) * 1_000;
  const until = clock.now() + lifeMs - Math.min(marginMs, lifeMs / 2);
  return { text: tokenIn(answer, "access_token", what), until };
}

async function logIn(auth: RestAuth & { readonly type: "login" }, base: URL, clock: Clock, send: Send): Promise<Token> {
  const what = "logging in";
  const headers = { accept: "application/json", "content-type": "application/json" };
  const url = new URL(base.href.replace(/\/$/u, "") + auth.path);
  const answer = await exchange(send, { method: "POST", url, headers, body: JSON.stringify(auth.body) }, what);
  const until = auth.lasts === undefined ? Number.POSITIVE_INFINITY : clock.now() + auth.lasts;
  return { text: tokenIn(answer, auth.token ?? "token", what), until };
}

async function exchange(send: Send, request: HttpRequest, what: string): Promise<Json> {
  let answer: HttpAnswer;
  try {
    answer = await send(request);
  } catch (error) {
    // Asking twice does no harm, so a lost answer is as good as an unsent request.
    const reason = error instanceof Error ? error.message : String(error);
    throw new SyncFailure({ code: "UNREACHABLE", message: `${what}: no answer (${reason})` });
  }
  const body = parsed(answer.text);
  if (answer.status >= 200 && answer.status < 300 && objectOf(body) !== undefined) return body;
  const { message } = refusalOf(body);
  const isRefusal = answer.status >= 400 && answer.status < 500 && answer.status !== 429;
  const code = isRefusal ? "UNAUTHORIZED" : "UNREACHABLE";
  throw new SyncFailure({ code, message: `${what}: answered ${answer.status} ${message.slice(0, 200)}`.trim() });
}

function tokenIn(answer: Json, path: string, what: string): string {
  const token = textOf(at(answer, path));
  if (token !== "") return token;
  throw new SyncFailure({ code: "UNAUTHORIZED", message: `${what}: the answer holds no token at "${path}"` });
}

function parsed(text: string): Json {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function basicOf(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
}
