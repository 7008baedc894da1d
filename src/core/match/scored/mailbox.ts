import { parse } from "tldts";
import { normalizeDomain } from "../../normalize/domain.ts";
import { normalizeEmail } from "../../normalize/email.ts";
import { isFreeMailDomain, isRoleMailbox } from "../../normalize/email-parts.ts";
import { isPlaceholderEmail } from "../../normalize/placeholder.ts";
import type { PersonName } from "./person-name.ts";
import { remembered } from "./remembered.ts";
import { oneEditApart } from "./similarity.ts";
import { comparable, squash } from "./text.ts";

/** An e-mail address as it is compared. */
export type Mailbox = {
  /** Where mail arrives: tag dropped, Gmail's dots dropped. */
  readonly address: string;
  readonly local: string;
  /** Its words of letters, as names are compared. */
  readonly words: readonly string[];
  readonly domain: string;
  /** Registrable domain of an organisation; null for a free-mail provider. */
  readonly company: string | null;
  readonly role: boolean;
  /** Names the family and nobody in it, as far as the record's own name tells. */
  readonly family: boolean;
};

export const emailLevels = [
  "same mailbox",
  "same family's mailbox",
  "same role mailbox",
  "same name at another domain",
  "slip",
  "same company domain",
  "another mailbox at one company",
  "different",
] as const;

/**
 * Reads an address for comparison; null when it is none. `name` is the record's own, to tell a family's mailbox. `isCanonical`: it has been read before.
 */
export function mailboxOf(text: string, name: PersonName | null, isCanonical = false): Mailbox | null {
  const email = isCanonical ? text : addressIn(text);
  if (email === null || isPlaceholderEmail(email)) return null;
  const at = email.lastIndexOf("@");
  const domain = email.slice(at + 1);
  const host = domain === "googlemail.com" ? "gmail.com" : domain;
  const untagged = email.slice(0, at).replace(/\+.*$/, "") || email.slice(0, at);
  const local = host === "gmail.com" ? untagged.replaceAll(".", "") : untagged;
  const words = wordsIn(untagged);
  return {
    address: `${local}@${host}`,
    local,
    words,
    domain: host,
    company: companyOfHost(host),
    role: isRoleMailbox(email),
    family: namesFamilyOnly(words, name),
  };
}

function addressIn(text: string): string | null {
  const normalized = normalizeEmail(text.trim().replace(/^.*<([^>]+)>$/, "$1"));
  return normalized.ok && typeof normalized.value === "string" ? normalized.value : null;
}

const companyOfHost = remembered((host) => (isFreeMailDomain(host) ? null : ownDomain(host)), 20_000);

/** Registrable domain of a web address that is a company's own: not a platform's (facebook.com/acme keeps its path) or a mail provider's. */
export function companyDomainOf(text: string): string | null {
  const normalized = normalizeDomain(text.trim());
  if (!normalized.ok || typeof normalized.value !== "string") return null;
  const domain = ownDomain(normalized.value);
  if (platforms.has(domain)) {
    const path = /^(?:https?:\/\/)?[^/]+\/([^?#]+)/i.exec(text.trim())?.[1]?.toLowerCase().replace(/\/+$/, "");
    return path === undefined || path === "" ? null : `${domain}/${path}`;
  }
  return isFreeMailDomain(domain) ? null : domain;
}

/** Registrable domain; the whole host where the ending is no known one (an intranet's). */
function ownDomain(host: string): string {
  const { domain, isIcann } = parse(host);
  return isIcann === true && domain !== null ? domain : host.replace(/^www\./, "");
}

export function compareMailboxes(a: Mailbox, b: Mailbox): number {
  if (a.address === b.address) return a.role ? 2 : a.family && b.family ? 1 : 0;
  const personal = !a.role && !b.role;
  if (a.domain === b.domain) {
    if (personal && isSlip(a.local, b.local)) return 4;
    return a.company === null ? 7 : personal ? 6 : 5;
  }
  if (a.local === b.local && personal) {
    if (oneEditApart(a.domain, b.domain)) return 4;
    if (a.local.length >= 5) return 3;
  }
  return a.company === null || a.company !== b.company ? 7 : personal ? 6 : 5;
}

/** A typing error in the letters: other digits are another person, and outside Gmail other dots are too. */
function isSlip(a: string, b: string): boolean {
  return a.length >= 5 && oneEditApart(a, b) && sameDigits(a, b) && lettersOf(a) !== lettersOf(b);
}

const lettersOf = (local: string) => local.replace(/[^a-z]+/g, "");

/** jsmith12 and jsmith13 are two people; jsmith12 and jsmiht12 are one. */
function sameDigits(a: string, b: string): boolean {
  return a.replace(/\D+/g, "") === b.replace(/\D+/g, "");
}

/** The words of letters in a personal mailbox's local part: estelle, newton of estelle.newton.514. */
export function mailboxWords({ role, family, words }: Mailbox): readonly string[] {
  return role || family ? [] : words;
}

/** family.baker@, the.jensens.44@. "bakers" of Sam Baker is a surname with an initial. */
function namesFamilyOnly(words: readonly string[], name: PersonName | null): boolean {
  if (words.some((word) => familyWords.has(word))) return true;
  if (name?.family == null) return false;
  const plural = `${name.surname ?? name.family.text}s`;
  if (!words.includes(plural)) return false;
  return words.includes("the") || (words.length === 1 && name.given?.text[0] !== "s");
}

function wordsIn(local: string): string[] {
  const letters = local.toLowerCase().split(/[^a-z\u00c0-\uffff]+/);
  return letters.filter((word) => word !== "").map((word) => squash(comparable(word)));
}

const familyWords = new Set(["family", "familie", "famille", "familia", "famiglia", "fam", "household"]);

const platforms = new Set(
  `facebook.com instagram.com linkedin.com twitter.com x.com youtube.com tiktok.com pinterest.com medium.com github.com github.io
  wordpress.com blogspot.com wixsite.com weebly.com squarespace.com tumblr.com linktr.ee etsy.com ebay.com amazon.com google.com
  yelp.com tripadvisor.com xing.com vk.com myshopify.com business.site t.me`.split(/\s+/),
);
