import { randomBytes } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Accounts } from "./access/accounts.ts";
import { cookieValue, type SessionCookie, setCookieText } from "./access/identify.ts";
import type { Oidc } from "./access/oidc.ts";
import { Problem } from "./problem.ts";
import type { ServerLog } from "./request-log.ts";

type OidcParts = {
  readonly accounts: Accounts;
  readonly cookie: () => SessionCookie;
  /** Where people reach this server. */
  readonly url: () => string;
  readonly log: ServerLog;
};

export const oidcPath = "/auth/oidc";
const backPath = `${oidcPath}/callback`;
const tripSeconds = 600;

/**
 * `GET /auth/oidc` sends the browser to the provider, `GET /auth/oidc/callback` is where it comes back, signed in or with the reason why not in
 * the address: `/?sign-in=REASON`.
 */
export function registerOidc(app: FastifyInstance, oidc: Oidc, parts: OidcParts): void {
  app.get(oidcPath, async (_request, reply) => {
    try {
      const { url, trip } = await oidc.leave(`${parts.url()}${backPath}`);
      const key = randomBytes(32).toString("base64url");
      await parts.accounts.keepTrip(key, trip, tripSeconds * 1_000);
      return reply.header("set-cookie", tripCookie(parts, key)).header("cache-control", "no-store").redirect(url);
    } catch (error) {
      return failed(reply, parts, error);
    }
  });
  app.get(backPath, async (request, reply) => {
    try {
      return await arrive(oidc, parts, request, reply);
    } catch (error) {
      return failed(reply, parts, error);
    }
  });
}

async function arrive(oidc: Oidc, parts: OidcParts, request: FastifyRequest, reply: FastifyReply) {
  const { accounts, cookie, url } = parts;
  const key = cookieValue(request.headers.cookie ?? "", `${cookie().name}-oidc`);
  const trip = key === null ? null : await accounts.takeTrip(key);
  // Another browser's trip, or one of long ago: whoever made this link is not let in by it.
  if (trip === null) return back(reply, parts, "expired");
  const person = await oidc.arrive(`${url()}${request.url}`, trip);
  const agent = request.headers["user-agent"] ?? "";
  const session = await accounts.signInFromProvider(person, agent, request.ip);
  await accounts.audit({
    who: person.name,
    via: null,
    what: "signInByOidc",
    target: {},
    status: 204,
    address: request.ip,
  });
  const cookies = [setCookieText(cookie(), session), tripCookie(parts, null)];
  return reply.header("set-cookie", cookies).header("cache-control", "no-store").redirect("/");
}

/** Lax: the browser must send it when it comes back from the provider's site. */
function tripCookie({ cookie }: OidcParts, key: string | null): string {
  const { name, isSecure } = cookie();
  const end = `; Max-Age=${key === null ? 0 : tripSeconds}`;
  return `${name}-oidc=${key ?? ""}; Path=/; HttpOnly; SameSite=Lax${end}${isSecure ? "; Secure" : ""}`;
}

/** Why, in words of ours only: what the provider or a forged link says is not shown on our pages. */
function failed(reply: FastifyReply, parts: OidcParts, error: unknown) {
  if (error instanceof Problem) return back(reply, parts, error.status === 403 ? "refused" : "taken");
  parts.log.bug(error, reply.request.id);
  return back(reply, parts, "failed");
}

function back(reply: FastifyReply, parts: OidcParts, reason: "expired" | "refused" | "taken" | "failed") {
  return reply
    .header("set-cookie", tripCookie(parts, null))
    .header("cache-control", "no-store")
    .redirect(`/?sign-in=${reason}`);
}
