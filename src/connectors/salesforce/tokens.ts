import { createSign } from "node:crypto";
import type { RecordId } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Clock } from "../../ports/clock.ts";
import { objectOf, own, textOf } from "../../ports/json-object.ts";
import { isUnsent } from "../../ports/lost-answer.ts";
import { complaintsOf, saying } from "./errors.ts";
import type { SalesforceAuth } from "./options.ts";
import { fullId } from "./record-id.ts";

/** A session of the org: calls go to `instanceUrl`, whatever server gave it. */
export type Session = {
  readonly accessToken: string;
  readonly instanceUrl: string;
  /** Whose session it is, and of which org; `null` where it came from elsewhere. */
  readonly identity: { readonly userId: RecordId; readonly orgId: RecordId } | null;
};

export type Tokens = {
  /** The present session; logs in where there is none. Rejects with UNAUTHORIZED or UNREACHABLE. */
  get(): Promise<Session>;
  /** The session was refused as expired: true when a new one can be had. Salesforce does not say beforehand how long one lasts. */
  expired(session: Session): boolean;
};

export type TokenOptions = {
  readonly url: string;
  readonly auth: SalesforceAuth;
  readonly clock: Clock;
  readonly timeoutMs: number;
};

const assertionS = 180;

export function createTokens({ url, auth, clock, timeoutMs }: TokenOptions): Tokens {
  if (auth.kind === "session") {
    const session: Session = { accessToken: auth.accessToken, instanceUrl: url, identity: null };
    return { get: () => Promise.resolve(session), expired: () => false };
  }
  let current: Session | null = null;
  let login: Promise<Session> | null = null;
  const logIn = async (): Promise<Session> => {
    current = await exchange(url, formOf(auth, url, clock.now()), timeoutMs);
    return current;
  };
  return {
    get: () => {
      if (current !== null) return Promise.resolve(current);
      login ??= logIn().finally(() => {
        login = null;
      });
      return login;
    },
    expired: (session) => {
      if (current === session) current = null;
      return true;
    },
  };
}

type Flow = Exclude<SalesforceAuth, { readonly kind: "session" }>;

function formOf(auth: Flow, url: string, now: number): URLSearchParams {
  switch (auth.kind) {
    case "client-credentials":
      return new URLSearchParams({
        grant_type: "client_credentials",
        client_id: auth.clientId,
        client_secret: auth.clientSecret,
      });
    case "refresh-token":
      return new URLSearchParams({
        grant_type: "refresh_token",
        client_id: auth.clientId,
        refresh_token: auth.refreshToken,
        ...(auth.clientSecret === null ? {} : { client_secret: auth.clientSecret }),
      });
    case "jwt":
      return new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
        assertion: assertionOf(auth, url, now),
      });
  }
}

/** The audience is the login server: sandboxes of Salesforce have one of their own. */
function assertionOf(auth: Flow & { readonly kind: "jwt" }, url: string, now: number): string {
  const isTest = /\.sandbox\.|^https:\/\/test\./u.test(url);
  const claims = {
    iss: auth.clientId,
    sub: auth.username,
    aud: isTest ? "https://test.salesforce.com" : "https://login.salesforce.com",
    exp: Math.floor(now / 1000) + assertionS,
  };
  const encoded = [{ alg: "RS256" }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  const body = encoded.join(".");
  try {
    return `${body}.${createSign("RSA-SHA256").update(body).sign(auth.privateKey, "base64url")}`;
  } catch {
    const message = "logging in: the private key can't be read; it must be PEM, without a passphrase";
    throw new SyncFailure({ code: "UNAUTHORIZED", message });
  }
}

async function exchange(url: string, form: URLSearchParams, timeoutMs: number): Promise<Session> {
  const what = "logging in";
  let status: number;
  let body: unknown;
  try {
    const answer = await fetch(`${url}/services/oauth2/token`, {
      method: "POST",
      body: form,
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    });
    status = answer.status;
    body = JSON.parse(await answer.text());
  } catch (error) {
    // Logging in twice does no harm, so a lost answer is as good as an unsent request.
    const reason = isUnsent(error) ? "was not reached" : "gave no answer that makes sense";
    throw new SyncFailure({ code: "UNREACHABLE", message: `${what}: ${url} ${reason}` });
  }
  const told = objectOf(body) ?? {};
  const [accessToken, instanceUrl] = [textOf(own(told, "access_token")), textOf(own(told, "instance_url"))];
  if (status === 200 && accessToken !== "" && instanceUrl !== "") {
    if (!isTrusted(instanceUrl, url)) {
      const message = `${what}: the login names ${instanceUrl} as the org, which is no address of Salesforce's`;
      throw new SyncFailure({ code: "UNAUTHORIZED", message });
    }
    return { accessToken, instanceUrl, identity: identityOf(textOf(own(told, "id"))) };
  }
  const message = `${what}: Salesforce answered ${status} ${saying(complaintsOf(body))}`;
  const isRefusal = status >= 400 && status < 500 && status !== 429;
  throw new SyncFailure({ code: isRefusal ? "UNAUTHORIZED" : "UNREACHABLE", message });
}

/** Whoever answers a login must not be able to send what follows elsewhere. */
function isTrusted(instanceUrl: string, url: string): boolean {
  if (!URL.canParse(instanceUrl)) return false;
  const instance = new URL(instanceUrl);
  if (instance.host === new URL(url).host) return true;
  return instance.protocol === "https:" && /\.(?:salesforce|force)\.(?:com|mil)$/u.test(instance.hostname);
}

/** `https://login.salesforce.com/id/<org>/<user>` */
function identityOf(url: string): Session["identity"] {
  const [orgId, userId] = url.split("/").slice(-2).map(fullId);
  return orgId && userId ? { orgId, userId } : null;
}
