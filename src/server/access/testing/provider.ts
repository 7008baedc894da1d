import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { fastify } from "fastify";

export type TestProvider = {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Who the provider takes the next browser for; what of it is `null` is left out of the token. */
  person: Readonly<Record<string, unknown>>;
  /** What is wrong with the next answer. */
  fault: "none" | "denied" | "other-nonce" | "other-audience" | "other-key";
  close(): Promise<void>;
};

type Grant = { readonly challenge: string; readonly nonce: string; readonly redirect: string };

/** A small OpenID Connect provider: it asks nobody anything, and minds what the standard says of the code flow with PKCE. */
export async function startTestProvider(): Promise<TestProvider> {
  const app = fastify();
  const [own, foreign] = [keyPair(), keyPair()];
  const grants = new Map<string, Grant>();
  app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  app.get("/.well-known/openid-configuration", () => ({
    issuer: provider.issuer,
    authorization_endpoint: `${provider.issuer}/authorize`,
    token_endpoint: `${provider.issuer}/token`,
    jwks_uri: `${provider.issuer}/jwks`,
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    code_challenge_methods_supported: ["S256"],
  }));
  app.get("/jwks", () => ({
    keys: [{ ...own.publicKey.export({ format: "jwk" }), kid: "1", alg: "RS256", use: "sig" }],
  }));
  app.get<{ Querystring: Record<string, string> }>("/authorize", (request, reply) => {
    const { redirect_uri: redirect = "", state = "", nonce = "", code_challenge: challenge = "" } = request.query;
    const back = new URL(redirect);
    back.searchParams.set("state", state);
    if (provider.fault === "denied") back.searchParams.set("error", "access_denied");
    else {
      const code = randomUUID();
      grants.set(code, { challenge, nonce, redirect });
      back.searchParams.set("code", code);
    }
    return reply.redirect(back.href);
  });
  app.post<{ Body: Record<string, string> }>("/token", (request, reply) => {
    const {
      code = "",
      code_verifier: verifier = "",
      client_id: id,
      client_secret: secret,
      redirect_uri,
    } = request.body;
    const grant = grants.get(code);
    // A code is good once.
    grants.delete(code);
    const isOurs = id === provider.clientId && secret === provider.clientSecret && redirect_uri === grant?.redirect;
    if (grant === undefined || !isOurs || createHash("sha256").update(verifier).digest("base64url") !== grant.challenge)
      return reply.code(400).send({ error: "invalid_grant" });
    const seconds = Math.floor(Date.now() / 1_000);
    const claims = {
      iss: provider.issuer,
      aud: provider.fault === "other-audience" ? "somebody else" : provider.clientId,
      iat: seconds,
      exp: seconds + 300,
      nonce: provider.fault === "other-nonce" ? "x" : grant.nonce,
      ...provider.person,
    };
    const { privateKey } = provider.fault === "other-key" ? foreign : own;
    return { access_token: randomUUID(), token_type: "Bearer", expires_in: 300, id_token: token(claims, privateKey) };
  });
  const provider: TestProvider = {
    issuer: "",
    clientId: "truce",
    clientSecret: "a secret of the test",
    person: {},
    fault: "none",
    close: () => app.close(),
  };
  return Object.assign(provider, { issuer: await app.listen({ host: "127.0.0.1", port: 0 }) });
}

function keyPair() {
  return generateKeyPairSync("rsa", { modulusLength: 2048 });
}

function token(claims: object, key: ReturnType<typeof keyPair>["privateKey"]): string {
  const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const text = `${encoded({ alg: "RS256", kid: "1", typ: "JWT" })}.${encoded(claims)}`;
  return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
}
