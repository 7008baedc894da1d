import { getDomain } from "tldts";
import { canonicalHost } from "./host.ts";
import { accepted, type Normalized, quote, refused, type Scalar } from "./normalized.ts";

/**
 * A domain: the host of a web address, an e-mail address or a plain host name; lower case, punycode, without "www.". A subdomain stays.
 */
export function normalizeDomain(raw: Scalar): Normalized {
  if (typeof raw !== "string") return refused(`${quote(raw)} is not a domain like example.com`);
  const host = canonicalHost(hostPart(raw));
  if (host === null || !host.includes(".")) {
    return refused(`${quote(raw)} is not a domain; example.com, a web address or an e-mail address would do`);
  }
  return accepted(withoutWww(host));
}

function hostPart(text: string): string {
  const rest = text.replace(leading, "");
  const end = rest.search(hostEnd);
  const authority = end === -1 ? rest : rest.slice(0, end);
  const host = authority.replace(mailbox, "").replace(port, "");
  return host.endsWith(".") ? host.slice(0, -1) : host;
}

const leading = /^(?:https?:)?\/\/|^mailto:/i;
const hostEnd = /[/?#]/;
const mailbox = /^[^@\s,;<>]*@/;
const port = /:\d{0,5}$/;

/** "www.de" and "www.co.uk" are domains of that name, not hosts under "de". */
function withoutWww(host: string): string {
  let rest = host;
  while (rest.startsWith("www.") && rest.indexOf(".", 4) !== -1 && getDomain(rest) !== rest) rest = rest.slice(4);
  return rest;
}
