import { parse } from "tldts";
import { canonicalHost } from "./host.ts";
import { accepted, type Normalized, quote, refused, type Scalar } from "./normalized.ts";
import { isAscii } from "./text.ts";

/**
 * An e-mail address: lower case, international domains in punycode, a plus-tag kept. What RFC 5321 allows and no mailbox uses
 * (quoted names, comments, IP addresses as domain) is refused. Only A-Z are lowered in the local part: other scripts' case rules
 * (Turkish i, Kelvin sign) would make two mailboxes one.
 */
export function normalizeEmail(raw: Scalar): Normalized {
  if (typeof raw !== "string") return refused(`${quote(raw)} is not an e-mail address like name@example.com`);
  const text = raw.replace(mailto, "");
  const at = text.lastIndexOf("@");
  if (at === -1) return refused(`${quote(raw)} has no @; an e-mail address looks like name@example.com`);
  const local = lowerAscii(isAscii(text) ? text.slice(0, at) : text.slice(0, at).normalize("NFC"));
  const problem = localProblem(local);
  if (problem !== null) return refused(`${quote(raw)} ${problem}`);
  const domain = canonicalHost(text.slice(at + 1));
  if (domain === null) return refused(`${quote(raw)} has no valid domain after the @, such as example.com`);
  if (!domain.includes(".") && !isCountryTld(domain)) {
    return refused(`${quote(raw)} has a domain without a dot; a full domain, such as example.com, is needed`);
  }
  if (utf8Length(local) + 1 + domain.length > 254) return refused(`${quote(raw)} is longer than 254 bytes`);
  return accepted(`${local}@${domain}`);
}

const mailto = /^mailto:\s*/i;

function localProblem(local: string): string | null {
  if (local === "") return "has nothing before the @";
  if (local.includes("<")) return "has a name around the address; only name@example.com belongs here";
  if (local.includes("@")) return "has more than one @; one field holds one address";
  if (/[\s,;]/.test(local)) return "has a space, comma or semicolon before the @; one field holds one plain address";
  if (local.startsWith('"') || local.includes("(")) return "has a quoted name or a comment; a plain address is needed";
  if (!dotAtom.test(local) || invisible.test(local)) return "has a dot or a character out of place before the @";
  return utf8Length(local) > 64 ? "has more than 64 bytes before the @" : null;
}

const dotAtom = /^[\w!#$%&'*+/=?^`{|}~\u0080-\uffff-]+(?:\.[\w!#$%&'*+/=?^`{|}~\u0080-\uffff-]+)*$/;
const invisible = /[\p{Cc}\p{Cf}\p{Z}]/u;

/** Some country domains have mailboxes of their own (`me@io`); ICANN forbids that for all others. */
function isCountryTld(domain: string): boolean {
  return domain.length === 2 && parse(domain).isIcann === true;
}

function lowerAscii(text: string): string {
  return text.replace(upperAscii, (letters) => letters.toLowerCase());
}

const upperAscii = /[A-Z]+/g;

function utf8Length(text: string): number {
  if (isAscii(text)) return text.length;
  let length = 0;
  for (const char of text) {
    const code = char.codePointAt(0)!;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}
