import { accepted, type Normalized, quote, refused, type Scalar } from "./normalized.ts";

/**
 * A web address: https unless it says http, host in lower case and punycode, no default port, no "/" after a bare host; path, query
 * and fragment kept. Anything but http and https is refused.
 */
export function normalizeUrl(raw: Scalar): Normalized {
  if (typeof raw !== "string") return refused(`${quote(raw)} is not a web address like https://example.com`);
  if (control.test(raw)) return refused(`${quote(raw)} has a line break or tab in it; a web address is on one line`);
  if (second.test(raw)) return refused(`${quote(raw)} holds more than one web address; one field holds one`);
  const scheme = schemeOf(raw);
  if (scheme !== null && scheme !== "http" && scheme !== "https") {
    return refused(`${quote(raw)} is not a web address: only http and https are taken, not ${quote(scheme)}`);
  }
  const url = URL.parse(scheme === null ? `https:${raw.startsWith("//") ? raw : `//${raw}`}` : raw);
  if (url === null) return refused(`${quote(raw)} is not a web address like https://example.com`);
  if (scheme === null && url.username !== "") return refused(`${quote(raw)} looks like an e-mail address`);
  const problem = hostProblem(url.hostname, raw, scheme);
  if (problem !== null) return refused(`${quote(raw)} ${problem}`);
  const { href } = url;
  return accepted(isBareHost(url) ? href.slice(0, -1) : href);
}

const control = /[\0-\x1f\x7f]/;
const second = /[\s;](?:https?:\/\/|www\.)/i;

/** The scheme in lower case, `null` when there is none: in "example.com:8080" a port follows the colon. */
function schemeOf(text: string): string | null {
  const match = scheme.exec(text);
  return match === null ? null : match[1]!.toLowerCase();
}

const scheme = /^([a-z][a-z0-9+.-]*):(?!\d)/i;

function hostProblem(host: string, raw: string, scheme: string | null): string | null {
  if (host === "http" || host === "https") return "names its scheme twice; write it once, as in https://example.com";
  if (scheme === null && !host.includes(".")) return "has no domain with a dot in it, such as example.com";
  if (!hostCharacters.test(host)) return "has characters in its domain that no domain has";
  // The URL standard reads "1.5" as 1.0.0.5; nobody who types it means that.
  if (ipv4.test(host) && !raw.includes(host)) return "has a number where the domain belongs";
  return null;
}

const hostCharacters = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/;
const ipv4 = /^\d+\.\d+\.\d+\.\d+$/;

function isBareHost({ pathname, search, hash, href }: URL): boolean {
  return pathname === "/" && search === "" && hash === "" && href.endsWith("/");
}
