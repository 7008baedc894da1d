import type { Configuration } from "openid-client";
import { type Role, roles } from "./identity.ts";

/** How people sign in at an OpenID Connect provider. */
export type OidcOptions = {
  /** The provider's address, as its tokens name it. */
  readonly issuer: string;
  readonly clientId: string;
  /** `null`: a public client. */
  readonly clientSecret: string | null;
  /** What the button says. */
  readonly label: string;
  readonly scope: string;
  /** The claim that people are called by. */
  readonly nameClaim: string;
  /** `null`: whoever comes the first time is a viewer, and admins change that. */
  readonly roles: OidcRoles | null;
};

/** Roles by the values of a claim, taken anew at each sign-in. */
export type OidcRoles = {
  readonly claim: string;
  readonly values: Readonly<Partial<Record<Role, readonly string[]>>>;
  /** Of whoever has none of these values; `null`: they may not come in. */
  readonly others: Role | null;
};

/** What is kept between leaving for the provider and coming back. */
export type OidcTrip = { readonly state: string; readonly nonce: string; readonly verifier: string };

/** Who came back. `role`: `undefined` leaves it as it is, `null` lets nobody in. */
export type OidcPerson = {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
  readonly role: Role | null | undefined;
};

export type Oidc = {
  readonly label: string;
  /** Where the browser goes, and what must be kept until it is back. */
  leave(redirectUri: string): Promise<{ readonly url: string; readonly trip: OidcTrip }>;
  /** Who it is that came back to `url`. Rejects when the answer is not the provider's, not this trip's, or says no. */
  arrive(url: string, trip: OidcTrip): Promise<OidcPerson>;
};

/** Authorization code flow with PKCE, state and nonce. The provider is asked for its endpoints at the first sign-in. */
export function openOidc(options: OidcOptions): Oidc {
  let known: Promise<Configuration> | null = null;
  const configuration = () => {
    known ??= discover(options).catch((error: unknown) => {
      // Down now is not down for ever.
      known = null;
      throw error;
    });
    return known;
  };
  return {
    label: options.label,
    async leave(redirectUri) {
      const client = await import("openid-client");
      const trip = {
        state: client.randomState(),
        nonce: client.randomNonce(),
        verifier: client.randomPKCECodeVerifier(),
      };
      const url = client.buildAuthorizationUrl(await configuration(), {
        redirect_uri: redirectUri,
        scope: options.scope,
        state: trip.state,
        nonce: trip.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(trip.verifier),
        code_challenge_method: "S256",
      });
      return { url: url.href, trip };
    },
    async arrive(url, { state, nonce, verifier }) {
      const { authorizationCodeGrant } = await import("openid-client");
      const tokens = await authorizationCodeGrant(await configuration(), new URL(url), {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      });
      const claims: Readonly<Record<string, unknown>> = tokens.claims() ?? {};
      return {
        issuer: String(claims["iss"]),
        subject: String(claims["sub"]),
        name: nameIn(claims, options.nameClaim),
        role: options.roles === null ? undefined : roleIn(claims, options.roles),
      };
    },
  };
}

const timeoutSeconds = 15;

async function discover({ issuer, clientId, clientSecret }: OidcOptions): Promise<Configuration> {
  const { allowInsecureRequests, ClientSecretPost, discovery, enableNonRepudiationChecks, None } = await import(
    "openid-client"
  );
  const url = new URL(issuer);
  const isHere = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  const authentication = clientSecret === null ? None() : ClientSecretPost(clientSecret);
  // Plain http is for a provider on this machine. Signatures of ID tokens are verified in any case.
  const execute = [enableNonRepudiationChecks, ...(isHere && url.protocol === "http:" ? [allowInsecureRequests] : [])];
  return discovery(url, clientId, undefined, authentication, { execute, timeout: timeoutSeconds });
}

const nameMax = 80;

function nameIn(claims: Readonly<Record<string, unknown>>, wanted: string): string {
  const found = [wanted, "email", "preferred_username", "name", "sub"].map((claim) => claims[claim]);
  const name = found.find((value): value is string => typeof value === "string" && value.trim() !== "") ?? "";
  return name.trim().slice(0, nameMax);
}

/** The most that any value of the claim grants. */
function roleIn(claims: Readonly<Record<string, unknown>>, { claim, values, others }: OidcRoles): Role | null {
  const said = new Set([claims[claim]].flat().map(String));
  const granted = roles.filter((role) => values[role]?.some((value) => said.has(value)) === true);
  return granted.at(-1) ?? others;
}
