import type { Role } from "../../../model/match-role.ts";
import { type BirthDate, birthDate, birthDateOf } from "./birth-date.ts";
import { companyDomainOf, type Mailbox, mailboxOf, mailboxWords } from "./mailbox.ts";
import { type Organisation, organisationOf } from "./organisation.ts";
import { completedBy, type PersonName, personNameOf } from "./person-name.ts";
import { type PhoneKey, phoneKeyOf } from "./phone-key.ts";
import { countryOf, type Phrase, phraseOf, postcodeOf, type Street, streetOf } from "./place.ts";
import { comparable } from "./text.ts";
import { authorsOf, type Title, titleOf } from "./title.ts";

/** A record's raw values by role, several where several columns play one role. */
export type RawRecord = { readonly [role in Role]?: readonly string[] };

/** A record normalised once, ready to be compared with any other. A part that is missing is null or empty. */
export type MatchRecord = {
  readonly id: string;
  readonly source: string | null;
  readonly name: PersonName | null;
  readonly organisation: Organisation | null;
  readonly emails: readonly Mailbox[];
  readonly phones: readonly PhoneKey[];
  readonly domain: string | null;
  readonly street: Street | null;
  readonly street2: Phrase | null;
  readonly city: Phrase | null;
  readonly postcode: string | null;
  readonly region: Phrase | null;
  readonly country: string | null;
  readonly birth: BirthDate | null;
  readonly numbers: readonly (string | null)[];
  readonly externalId: string | null;
  readonly title: Title | null;
  readonly description: Title | null;
  readonly authors: readonly string[];
  readonly venue: Phrase | null;
  readonly year: number;
  readonly brand: Phrase | null;
  readonly price: number;
  readonly texts: readonly (Phrase | null)[];
};

/** Normalises a record. Values that cannot be read count as missing. `isCanonical`: the values are in their field types' canonical forms already. */
export function matchRecordOf(id: string, raw: RawRecord, isCanonical = false): MatchRecord {
  const one = (role: Role): string | undefined => raw[role]?.find((value) => value !== "");
  const written = personNameOf({
    given: one("given"),
    middle: one("middle"),
    family: one("family"),
    full: one("full-name"),
    suffix: one("suffix"),
  });
  const country = one("country") === undefined ? null : countryOf(one("country") as string);
  const emails = parsed(raw.email, (value) => mailboxOf(value, written, isCanonical && isAddress.test(value)));
  const name =
    raw.email === undefined
      ? written
      : emails.reduce((known, email) => completedBy(known, mailboxWords(email)), written);
  const region = country?.length === 2 ? country.toUpperCase() : null;
  return {
    id,
    source: one("source") ?? null,
    name,
    organisation: maybe(one("organisation"), organisationOf),
    emails,
    phones: parsed(raw.phone, (value) => phoneKeyOf(value, region, isCanonical)),
    domain: maybe(one("website"), companyDomainOf) ?? emails.find((email) => email.company !== null)?.company ?? null,
    street: maybe(one("street"), (text) => streetOf(text, one("street-number"))),
    street2: maybe(one("street-2"), phraseOf),
    city: maybe(one("city"), phraseOf),
    postcode: maybe(one("postcode"), postcodeOf),
    region: maybe(one("region"), phraseOf),
    country,
    birth: maybe(one("birth-date"), birthDateOf) ?? birthDate(one("birth-year"), one("birth-month"), one("birth-day")),
    numbers: (raw.number ?? []).map(numberOf),
    externalId: maybe(one("external-id"), numberOf),
    title: maybe(one("title"), titleOf),
    description: maybe(raw.description?.join(" "), titleOf),
    authors: maybe(one("authors"), authorsOf) ?? [],
    venue: maybe(one("venue"), phraseOf),
    year: Number(/\d{4}/.exec(one("year") ?? "")?.[0] ?? 0),
    brand: maybe(one("brand"), phraseOf),
    price: priceOf(one("price")),
    texts: (raw.text ?? []).map(phraseOf),
  };
}

/** What the field type `email` makes of an address. A field of another type may hold anything. */
const isAddress = /^[^\s@<>A-Z]+@[^\s@<>A-Z]+\.[^\s@<>A-Z]+$/;

function maybe<T>(text: string | undefined, read: (text: string) => T | null): T | null {
  return text === undefined || text === "" ? null : read(text);
}

function parsed<T>(texts: readonly string[] | undefined, read: (text: string) => T | null): T[] {
  return (texts ?? [])
    .filter((text) => text !== "")
    .map(read)
    .filter((value): value is T & {} => value !== null) as T[];
}

function numberOf(text: string): string | null {
  const number = comparable(text).replace(/[^a-z0-9:]+/g, "");
  return number === "" ? null : number;
}

/** "$1,299.00", "1.299,00 EUR"; 0 when there is none. */
function priceOf(text: string | undefined): number {
  const digits = text?.replace(/[^\d.,]/g, "") ?? "";
  const decimal = /[.,](\d{1,2})$/.exec(digits);
  const whole = digits.slice(0, decimal === null ? undefined : decimal.index).replace(/\D/g, "");
  return Number(`${whole || 0}.${decimal?.[1] ?? 0}`);
}
