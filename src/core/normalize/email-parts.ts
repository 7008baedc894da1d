import { freeMailDomains, freeMailLabels } from "./free-mail-domains.ts";
import { roleMailboxNames } from "./role-mailbox-names.ts";

export type EmailParts = {
  /** As it stands before the "@", tag included. */
  readonly local: string;
  /** What follows the first "+" in the local part, `null` without one. */
  readonly tag: string | null;
  readonly domain: string;
};

/** The parts of a canonical e-mail address. */
export function emailParts(email: string): EmailParts {
  const at = email.lastIndexOf("@");
  const local = email.slice(0, at);
  // A leading "+" is part of the name: what would be left of it otherwise?
  const plus = local.indexOf("+", 1);
  return { local, tag: plus === -1 ? null : local.slice(plus + 1), domain: email.slice(at + 1) };
}

/** The local part without its tag, in letters and digits only: "no-reply+42" is "noreply". */
export function bareLocal(email: string): string {
  return untagged(email).replace(separator, "");
}

function untagged(email: string): string {
  const { local, tag } = emailParts(email);
  return tag === null ? local : local.slice(0, -tag.length - 1);
}

/** True for a mailbox that belongs to a function and not to a person: info@, sales@, customer-service@, support2@. It identifies nobody. */
export function isRoleMailbox(email: string): boolean {
  const local = untagged(email).replace(trailingNumber, "");
  const bare = local.replace(separator, "");
  if (roleMailboxNames.has(bare) || unattended.test(bare)) return true;
  const words = local.split(separator);
  return words.length > 1 && words.every((word) => roleMailboxNames.has(word));
}

/** "alerts-noreply", "noreply-dmarc": no one reads these, whatever is around. */
export const unattended = /(?:no|donot|dont)reply/;
const separator = /[._-]+/g;
const trailingNumber = /[._-]?\d{1,4}$/;

/** True where anyone gets a mailbox (gmail.com, web.de, yahoo.co.jp) or a throw-away one: such a domain names no company. */
export function isFreeMailDomain(domain: string): boolean {
  if (freeMailDomains.has(domain)) return true;
  const [label, ...suffix] = domain.split(".");
  return freeMailLabels.has(label!) && isCountrySuffix(suffix);
}

/** "fr", "co.jp", "com.br". */
function isCountrySuffix(labels: readonly string[]): boolean {
  const [first, second] = labels;
  if (labels.length === 1) return first!.length === 2;
  return labels.length === 2 && (first === "co" || first === "com") && second!.length === 2;
}
