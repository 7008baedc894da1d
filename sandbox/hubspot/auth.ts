import type { SeededRandom } from "../core/random.ts";
import type { SandboxAnswer, SandboxRequest } from "../core/serve.ts";
import { badRequest, Refusal } from "./refusal.ts";

const allScopes = [
  "oauth",
  "crm.objects.contacts.read",
  "crm.objects.contacts.write",
  "crm.objects.companies.read",
  "crm.objects.companies.write",
  "crm.objects.deals.read",
  "crm.objects.deals.write",
  "crm.objects.custom.read",
  "crm.objects.custom.write",
  "crm.objects.owners.read",
  "crm.schemas.contacts.read",
  "crm.schemas.contacts.write",
  "crm.schemas.companies.read",
  "crm.schemas.companies.write",
  "crm.schemas.deals.read",
  "crm.schemas.deals.write",
  "crm.schemas.custom.read",
  "crm.schemas.custom.write",
  "tickets",
  "e-commerce",
];

export type OAuthApp = { readonly clientId: string; readonly clientSecret: string };

export type Auth = {
  /** A private app's token: valid until the sandbox ends. */
  readonly token: string;
  readonly app: OAuthApp;
  /** Throws 401 for a token that is missing, unknown or expired, 403 for a missing scope. Returns the kind of app. */
  admit(request: SandboxRequest, scope: string | null): "private" | "oauth";
  /** `POST /oauth/v1/token` */
  exchange(form: URLSearchParams): SandboxAnswer;
  describeAccess(token: string): SandboxAnswer;
  describeRefresh(token: string): SandboxAnswer;
  /** What a person's consent in the browser leads to: a code that is good for one exchange. */
  authorize(): string;
  setScopes(scopes: readonly string[]): void;
  scopes(): readonly string[];
  snapshot(): SavedAuth;
  restore(saved: SavedAuth): void;
};

export type SavedAuth = {
  readonly scopes: readonly string[];
  readonly access: readonly (readonly [string, number])[];
  readonly refresh: readonly string[];
  readonly codes: readonly string[];
};

export type AuthOptions = {
  readonly token: string;
  readonly portalId: number;
  readonly appId: number;
  readonly userId: number;
  readonly now: () => number;
  readonly random: SeededRandom;
  /** Life of an access token in seconds. */
  readonly expiresInS: number;
};

export function createAuth(options: AuthOptions): Auth {
  const app: OAuthApp = { clientId: "sandbox-client", clientSecret: "sandbox-client-secret" };
  let scopes: readonly string[] = allScopes;
  let access = new Map<string, number>();
  let refresh = new Set<string>();
  let codes = new Set<string>();
  const secret = (prefix: string) =>
    `${prefix}-${Array.from({ length: 4 }, () => options.random.below(2 ** 32)).join("-")}`;

  const exchange = (form: URLSearchParams): SandboxAnswer => {
    if (form.get("client_id") !== app.clientId || form.get("client_secret") !== app.clientSecret) {
      throw badRequest("missing or invalid client id or client secret", { category: "BAD_CLIENT_ID" });
    }
    const grant = form.get("grant_type");
    let refreshToken = form.get("refresh_token") ?? "";
    if (grant === "authorization_code") {
      if (!codes.delete(form.get("code") ?? ""))
        throw badRequest("missing or invalid auth code", { category: "BAD_AUTH_CODE" });
      refreshToken = secret("refresh");
      refresh.add(refreshToken);
    } else if (grant !== "refresh_token") {
      throw badRequest("missing or unknown grant type", { category: "BAD_GRANT_TYPE" });
    } else if (!refresh.has(refreshToken)) {
      throw badRequest("missing or invalid refresh token", { category: "BAD_REFRESH_TOKEN" });
    }
    const accessToken = secret("access");
    access.set(accessToken, options.now() + options.expiresInS * 1000);
    return {
      status: 200,
      body: {
        token_type: "bearer",
        access_token: accessToken,
        refresh_token: refreshToken,
        expires_in: options.expiresInS,
      },
    };
  };

  const kindOf = (token: string): "private" | "oauth" => {
    if (token === options.token) return "private";
    const until = access.get(token);
    if (until === undefined) throw unauthorized("INVALID_AUTHENTICATION", "Authentication credentials not found.");
    if (until <= options.now())
      throw unauthorized("EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired.");
    return "oauth";
  };

  const about = { hub_id: options.portalId, app_id: options.appId, user_id: options.userId };
  return {
    token: options.token,
    app,
    exchange,
    admit: ({ headers }, scope) => {
      const kind = kindOf(/^Bearer (.+)$/.exec(headers["authorization"] ?? "")?.[1] ?? "");
      if (scope !== null && !scopes.includes(scope)) throw missingScope(scope);
      return kind;
    },
    describeAccess: (token) => {
      const until = access.get(token);
      if (until === undefined) throw new Refusal(404, { message: "access token is invalid or expired" });
      const left = Math.max(0, Math.floor((until - options.now()) / 1000));
      const body = {
        token,
        token_type: "access",
        scopes,
        user: "owner@example.com",
        hub_domain: "example.com",
        ...about,
      };
      return { status: 200, body: { ...body, expires_in: left } };
    },
    describeRefresh: (token) => {
      if (!refresh.has(token)) throw new Refusal(404, { message: "refresh token is invalid" });
      const body = {
        token,
        token_type: "refresh",
        scopes,
        client_id: app.clientId,
        user: "owner@example.com",
        ...about,
      };
      return { status: 200, body };
    },
    authorize: () => {
      const code = secret("code");
      codes.add(code);
      return code;
    },
    setScopes: (wanted) => {
      scopes = wanted;
    },
    scopes: () => scopes,
    snapshot: () => ({ scopes, access: [...access], refresh: [...refresh], codes: [...codes] }),
    restore: (saved) => {
      scopes = saved.scopes;
      access = new Map(saved.access);
      refresh = new Set(saved.refresh);
      codes = new Set(saved.codes);
    },
  };
}

function unauthorized(category: string, reason: string): Refusal {
  const message = `${reason} This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview`;
  return new Refusal(401, { message, category });
}

function missingScope(scope: string): Refusal {
  return new Refusal(403, {
    message: "One or more of the following scopes are required.",
    context: { requiredGranularScopes: [scope], links: ["https://developers.hubspot.com/scopes"] },
    category: "MISSING_SCOPES",
  });
}

/** The scope that a call needs, `null` where the sandbox asks for none. */
export function scopeFor(
  family: "objects" | "schemas",
  typeName: string,
  custom: boolean,
  writes: boolean,
): string | null {
  const mode = writes ? "write" : "read";
  if (custom) return `crm.${family}.custom.${mode}`;
  if (typeName === "tickets") return "tickets";
  if (typeName === "products") return "e-commerce";
  return `crm.${family}.${typeName}.${mode}`;
}
