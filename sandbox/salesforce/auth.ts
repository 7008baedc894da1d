import { createVerify, generateKeyPairSync } from "node:crypto";
import type { SeededRandom } from "../core/random.ts";
import type { SandboxAnswer, SandboxRequest } from "../core/serve.ts";
import { Refusal } from "./refusal.ts";

/** A connected app, with what each way to log in needs. */
export type ConnectedApp = {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly username: string;
  /** PEM; its public half is the app's certificate. */
  readonly privateKey: string;
  readonly refreshToken: string;
};

export type Auth = {
  readonly app: ConnectedApp;
  /** A session that lasts until the sandbox ends, as one taken from a logged-in tool. */
  readonly token: string;
  /** `POST /services/oauth2/token` */
  exchange(request: SandboxRequest, instanceUrl: string): SandboxAnswer;
  /** Throws 401 for a session that is unknown or has expired. */
  admit(header: string | undefined): void;
  isValid(token: string): boolean;
  revoke(token: string): SandboxAnswer;
  /** Ends every session that a token call gave. */
  expireAll(): void;
};

export type AuthOptions = {
  readonly orgId: string;
  readonly userId: string;
  readonly now: () => number;
  readonly random: SeededRandom;
  /** Life of a session, ms. */
  readonly sessionMs: number;
};

/** Servers that a JWT may be meant for, besides the instance itself. */
const audiences = ["https://login.salesforce.com", "https://test.salesforce.com"];

/** Made once: it takes a while, and one certificate is as good as another. */
let madeKeys: { readonly publicKey: string; readonly privateKey: string } | null = null;

function keyPair() {
  madeKeys ??= generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return madeKeys;
}

export function createAuth(options: AuthOptions): Auth {
  const { orgId, userId, now, random } = options;
  const secret = (prefix: string) =>
    `${prefix}!${Array.from({ length: 4 }, () => random.below(2 ** 32).toString(36)).join("")}`;
  const keys = keyPair();
  const app: ConnectedApp = {
    clientId: "3MVG9sandbox.consumer.key",
    clientSecret: "sandbox-consumer-secret",
    username: "integration@example.com",
    privateKey: keys.privateKey,
    refreshToken: "5Aepsandbox.refresh.token",
  };
  const token = `${orgId.slice(0, 15)}!sandbox.session`;
  const sessions = new Map<string, number>();

  const grant = (instanceUrl: string): SandboxAnswer => {
    const accessToken = secret(orgId.slice(0, 15));
    sessions.set(accessToken, now() + options.sessionMs);
    return {
      status: 200,
      body: {
        access_token: accessToken,
        signature: "c2FuZGJveA==",
        scope: "api refresh_token",
        instance_url: instanceUrl,
        id: `${instanceUrl}/id/${orgId}/${userId}`,
        token_type: "Bearer",
        issued_at: String(now()),
      },
    };
  };
  const refused = (error: string, description: string): SandboxAnswer => ({
    status: 400,
    body: { error, error_description: description },
  });
  const isKnownClient = (form: URLSearchParams, header: string | undefined, needsSecret: boolean): boolean => {
    const basic = /^Basic (.+)$/u.exec(header ?? "")?.[1];
    const [id, password] =
      basic === undefined
        ? [form.get("client_id"), form.get("client_secret")]
        : Buffer.from(basic, "base64").toString().split(":");
    if (id !== app.clientId) return false;
    return password === app.clientSecret || (!needsSecret && (password ?? "") === "");
  };
  const isGoodAssertion = (assertion: string, instanceUrl: string): string | null => {
    const [head = "", body = "", signature = ""] = assertion.split(".");
    let claims: Record<string, unknown>;
    try {
      claims = JSON.parse(Buffer.from(body, "base64url").toString()) as Record<string, unknown>;
    } catch {
      return "invalid assertion";
    }
    const verified = createVerify("RSA-SHA256")
      .update(`${head}.${body}`)
      .verify(keys.publicKey, Buffer.from(signature, "base64url"));
    if (!verified) return "invalid assertion";
    if (claims["iss"] !== app.clientId) return "client identifier invalid";
    if (claims["sub"] !== app.username) return "user hasn't approved this consumer";
    if (![...audiences, instanceUrl].includes(String(claims["aud"]))) return "audience is invalid";
    const until = Number(claims["exp"]) * 1000;
    return until > now() && until < now() + 5 * 60_000 ? null : "assertion is expired";
  };

  return {
    app,
    token,
    exchange: ({ body, headers }, instanceUrl) => {
      const form = new URLSearchParams(body.toString());
      const kind = form.get("grant_type");
      const header = headers["authorization"];
      if (kind === "client_credentials") {
        if (!isKnownClient(form, header, true)) return refused("invalid_client", "invalid client credentials");
        return grant(instanceUrl);
      }
      if (kind === "refresh_token") {
        if (!isKnownClient(form, header, false)) return refused("invalid_client", "invalid client credentials");
        if (form.get("refresh_token") !== app.refreshToken) {
          return refused("invalid_grant", "expired access/refresh token");
        }
        return grant(instanceUrl);
      }
      if (kind === "urn:ietf:params:oauth:grant-type:jwt-bearer") {
        const fault = isGoodAssertion(form.get("assertion") ?? "", instanceUrl);
        return fault === null ? grant(instanceUrl) : refused("invalid_grant", fault);
      }
      return refused("unsupported_grant_type", "grant type not supported");
    },
    admit: (header) => {
      const given = /^(?:Bearer|OAuth) (.+)$/u.exec(header ?? "")?.[1] ?? "";
      if (given === token || (sessions.get(given) ?? 0) > now()) return;
      throw new Refusal(401, [{ errorCode: "INVALID_SESSION_ID", message: "Session expired or invalid" }]);
    },
    isValid: (given) => given === token || (sessions.get(given) ?? 0) > now(),
    revoke: (given) => {
      sessions.delete(given);
      return { status: 200, body: null };
    },
    expireAll: () => sessions.clear(),
  };
}
