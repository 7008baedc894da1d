import type { IncomingHttpHeaders } from "node:http";
import { Problem } from "../problem.ts";
import type { Accounts } from "./accounts.ts";
import { type Identity, nobody } from "./identity.ts";

/** The cookie that a browser is signed in by. */
export type SessionCookie = { readonly name: string; readonly isSecure: boolean };

/**
 * Under https a cookie that no other host and no plain connection can set. Without it, on one machine, cookies of all ports are one jar: the
 * port keeps two of us apart.
 */
export function sessionCookie(publicUrl: string | null, port: number): SessionCookie {
  const isSecure = publicUrl?.startsWith("https://") === true;
  return { name: isSecure ? "__Host-truce" : `truce-${port}`, isSecure };
}

/** The header that signs a browser in, or out with `null`. It ends with the browser; the server ends it sooner. */
export function setCookieText({ name, isSecure }: SessionCookie, token: string | null): string {
  const end = token === null ? "; Max-Age=0" : "";
  return `${name}=${token ?? ""}; Path=/; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}${end}`;
}

/** Who sends these headers. A token that is not good is nobody, not an error: what is open to anyone stays so. */
export async function identify(
  accounts: Accounts,
  headers: IncomingHttpHeaders,
  cookie: SessionCookie,
): Promise<Identity> {
  const { authorization } = headers;
  if (authorization !== undefined) {
    const token = /^Bearer (\S+)$/iu.exec(authorization)?.[1];
    return token === undefined ? nobody : accounts.byToken(token);
  }
  const session = cookieValue(headers.cookie ?? "", cookie.name);
  return session === null ? nobody : accounts.bySession(session);
}

/** A cookie's value in a Cookie header; `null`: it is not there. */
export function cookieValue(text: string, name: string): string | null {
  for (const part of text.split(";")) {
    const [key = "", ...value] = part.split("=");
    if (key.trim() === name) return value.join("=").trim();
  }
  return null;
}

/**
 * A change that a browser is signed in for must come from our own pages: its Origin is then ours. Whoever is not in a browser sends a token, and
 * needs none.
 */
export function checkOrigin(who: Identity, headers: IncomingHttpHeaders, publicUrl: string | null): void {
  const { origin } = headers;
  if (who.via?.kind === "token" || (origin === undefined && who.via === null)) return;
  const own = [`http://${headers.host ?? ""}`, `https://${headers.host ?? ""}`];
  const isOwn =
    publicUrl === null ? own.includes(origin ?? "") : [...own, new URL(publicUrl).origin].includes(origin ?? "");
  if (!isOwn) throw new Problem(403, "This request comes from another site.");
}
