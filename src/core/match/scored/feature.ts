import { birthLevels, compareBirthDates, isYearAlone } from "./birth-date.ts";
import { compareMailboxes, emailLevels } from "./mailbox.ts";
import { compareOrganisations, organisationLevels } from "./organisation.ts";
import { compareNames, familyLevels, givenLevels, type NameComparison } from "./person-name.ts";
import { comparePhones, type PhoneKey, phoneLevels } from "./phone-key.ts";
import { comparePhrases, comparePostcodes, compareStreets, type Phrase, streetLevels, wordLevels } from "./place.ts";
import type { MatchRecord } from "./record.ts";
import { oneEditApart } from "./similarity.ts";
import {
  codeLevels,
  compareAuthors,
  compareCodes,
  similarityLevel,
  titleContainment,
  titleLevels,
  titleSimilarity,
  type WordCounts,
} from "./title.ts";

/** Everything that is compared between two records: the place of each in the levels that a comparison fills in. */
export const featureIndex = {
  given: 0,
  family: 1,
  turned: 2,
  middle: 3,
  birth: 4,
  email: 5,
  phone: 6,
  domain: 7,
  organisation: 8,
  "legal-form": 9,
  street: 10,
  "street-2": 11,
  city: 12,
  postcode: 13,
  region: 14,
  country: 15,
  "number-1": 16,
  "number-2": 17,
  "number-3": 18,
  "external-id": 19,
  title: 20,
  code: 21,
  description: 22,
  authors: 23,
  venue: 24,
  year: 25,
  brand: 26,
  price: 27,
  "text-1": 28,
  "text-2": 29,
  "text-3": 30,
  "text-4": 31,
} as const;
export type Feature = keyof typeof featureIndex;
export const features = Object.keys(featureIndex) as readonly Feature[];
export const featureCount = features.length;
const at = featureIndex;

const numberLevels = ["same", "slip", "different"] as const;
const equalLevels = ["same", "different"] as const;

/** What each level of a feature's comparison means, best first. Level -1 is "not comparable": a side lacks the value. */
export const levelNames: Readonly<Record<Feature, readonly string[]>> = {
  given: givenLevels,
  family: familyLevels,
  turned: ["in order", "turned round"],
  middle: ["same", "initial", "different"],
  birth: birthLevels,
  email: emailLevels,
  phone: phoneLevels,
  domain: equalLevels,
  organisation: organisationLevels,
  "legal-form": ["same", "one without", "different"],
  street: streetLevels,
  "street-2": wordLevels,
  city: wordLevels,
  postcode: ["same", "slip", "same area", "different"],
  region: wordLevels,
  country: equalLevels,
  "number-1": numberLevels,
  "number-2": numberLevels,
  "number-3": numberLevels,
  "external-id": ["same", "different in one system", "different"],
  title: titleLevels,
  code: codeLevels,
  description: titleLevels,
  authors: ["all", "most", "some", "none"],
  venue: wordLevels,
  year: ["same", "one apart", "different"],
  brand: wordLevels,
  price: ["same", "within 10 %", "within 25 %", "within 60 %", "different"],
  "text-1": wordLevels,
  "text-2": wordLevels,
  "text-3": wordLevels,
  "text-4": wordLevels,
};

/** What comparing needs to know of the whole table: how common words and codes are. */
export type Corpus = { readonly words: WordCounts; readonly isCommonCode: (code: string) => boolean };

const name: NameComparison = { given: -1, family: -1, turned: -1, middle: -1 };

/** Compares two records feature by feature; writes the levels into `levels` (length `featureCount`). */
export function compareRecords(a: MatchRecord, b: MatchRecord, corpus: Corpus, levels: Int8Array): void {
  levels.fill(-1);
  if (a.name !== null && b.name !== null) {
    compareNames(a.name, b.name, name);
    levels[at.given] = name.given;
    levels[at.family] = name.family;
    levels[at.turned] = name.turned;
    levels[at.middle] = name.middle;
  }
  if (a.birth !== null && b.birth !== null) levels[at.birth] = compareBirthDates(a.birth, b.birth);
  compareContact(a, b, levels);
  comparePlaces(a, b, levels);
  if (a.organisation !== null && b.organisation !== null) {
    levels[at.organisation] = compareOrganisations(a.organisation, b.organisation);
    if (a.name === null || b.name === null)
      levels[at["legal-form"]] = compareForms(a.organisation.forms, b.organisation.forms);
    if (a.name !== null && b.name !== null) dropEmployer(levels);
  }
  compareNumbers(a, b, levels);
  if (a.title !== null && b.title !== null) compareThings(a, b, corpus, levels);
  for (let i = 0; i < a.texts.length && i < 4; i++)
    levels[at["text-1"] + i] = phraseLevel(a.texts[i] ?? null, b.texts[i] ?? null);
}

function compareContact(a: MatchRecord, b: MatchRecord, levels: Int8Array): void {
  levels[at.email] = bestOf(a.emails, b.emails, compareMailboxes);
  levels[at.phone] = bestOf(a.phones, b.phones, comparePhones);
  const mail = levels[at.email] as number;
  // Where the addresses were compared, the domain has had its say.
  if (a.domain !== null && b.domain !== null && (mail < 0 || mail === 7))
    levels[at.domain] = a.domain === b.domain ? 0 : 1;
}

function bestOf<T>(as: readonly T[], bs: readonly T[], compare: (a: T, b: T) => number): number {
  if (as.length === 0 || bs.length === 0) return -1;
  if (as.length === 1 && bs.length === 1) return compare(as[0] as T, bs[0] as T);
  let best = -1;
  for (const a of as) {
    for (const b of bs) {
      const level = compare(a, b);
      if (best < 0 || level < best) best = level;
    }
  }
  return best;
}

function comparePlaces(a: MatchRecord, b: MatchRecord, levels: Int8Array): void {
  if (a.street !== null && b.street !== null) levels[at.street] = compareStreets(a.street, b.street);
  levels[at["street-2"]] = phraseLevel(a.street2, b.street2);
  levels[at.city] = phraseLevel(a.city, b.city);
  if (a.postcode !== null && b.postcode !== null) levels[at.postcode] = comparePostcodes(a.postcode, b.postcode);
  levels[at.region] = phraseLevel(a.region, b.region);
  if (a.country !== null && b.country !== null) levels[at.country] = a.country === b.country ? 0 : 1;
  dropImplied(levels);
}

/** Where people work is told by the company's name, its web domain or the mailbox: it counts once. */
function dropEmployer(levels: Int8Array): void {
  const sameCompany = (levels[at.organisation] as number) <= 2;
  if (sameCompany && levels[at.domain] === 0) levels[at.domain] = -1;
  if (levels[at.organisation] === 6 && levels[at.domain] === 1) levels[at.domain] = -1;
  if (sameCompany && (levels[at.email] === 2 || levels[at.email] === 6)) levels[at.organisation] = -1;
  if (sameCompany && levels[at.email] === 5) levels[at.email] = -1;
}

/** Who moved has another street, postcode, region and country at once, and one postcode is one city: each is said once, by the finest part that says it. */
function dropImplied(levels: Int8Array): void {
  const drop = (feature: number, level: number) => {
    if (levels[feature] === level) levels[feature] = -1;
  };
  if (levels[at.city] === 3 || (levels[at.city] === -1 && levels[at.postcode] === 3)) {
    drop(at.street, 6);
    if (levels[at.city] === 3) drop(at.postcode, 3);
    drop(at.region, 3);
    drop(at.country, 1);
    drop(at.country, 0);
  }
  if (levels[at.postcode] === 0) drop(at.city, 0);
  if (levels[at.postcode] === 0 || levels[at.city] === 0) {
    drop(at.region, 0);
    drop(at.country, 0);
  }
}

function phraseLevel(a: Phrase | null, b: Phrase | null): number {
  return a === null || b === null ? -1 : comparePhrases(a, b);
}

function compareForms(a: string, b: string): number {
  if (a === b) return a === "" ? -1 : 0;
  return a === "" || b === "" || a.includes(b) || b.includes(a) ? 1 : 2;
}

function compareNumbers(a: MatchRecord, b: MatchRecord, levels: Int8Array): void {
  for (let i = 0; i < a.numbers.length && i < 3; i++) {
    const x = a.numbers[i] ?? null;
    const y = b.numbers[i] ?? null;
    if (x !== null && y !== null)
      levels[at["number-1"] + i] = x === y ? 0 : x.length >= 4 && oneEditApart(x, y) ? 1 : 2;
  }
  levels[at["external-id"]] = externalLevel(a, b);
}

/** Ids are unique inside their own system only, unless they name it (erp:4711). */
function externalLevel(a: MatchRecord, b: MatchRecord): number {
  if (a.externalId === null || b.externalId === null) return -1;
  if (a.externalId === b.externalId) return 0;
  return a.source === b.source ? 1 : 2;
}

function compareThings(a: MatchRecord, b: MatchRecord, corpus: Corpus, levels: Int8Array): void {
  if (a.title === null || b.title === null) return;
  levels[at.title] = similarityLevel(titleSimilarity(a.title, b.title, corpus.words));
  levels[at.code] = compareCodes(
    { title: a.title, description: a.description },
    { title: b.title, description: b.description },
    corpus.isCommonCode,
  );
  if (a.description !== null && b.description !== null)
    levels[at.description] = similarityLevel(titleContainment(a.description, b.description, corpus.words));
  if (a.authors.length > 0 && b.authors.length > 0) levels[at.authors] = compareAuthors(a.authors, b.authors);
  levels[at.venue] = phraseLevel(a.venue, b.venue);
  if (a.year > 0 && b.year > 0) levels[at.year] = Math.min(2, Math.abs(a.year - b.year));
  levels[at.brand] = phraseLevel(a.brand, b.brand);
  if (a.price > 0 && b.price > 0)
    levels[at.price] = priceLevel(Math.max(a.price, b.price) / Math.min(a.price, b.price));
}

function priceLevel(ratio: number): number {
  return ratio <= 1.005 ? 0 : ratio <= 1.1 ? 1 : ratio <= 1.25 ? 2 : ratio <= 1.6 ? 3 : 4;
}

/**
 * The value two records agree on at this level, as far as how common it is matters; null where it does not. The surname and
 * given name of names turned round are looked up as they stand in `a`.
 */
export function agreedValue(
  feature: number,
  level: number,
  a: MatchRecord,
  b: MatchRecord,
  turned: boolean,
): string | null {
  switch (feature) {
    case at.given:
      return level <= 1 && !turned ? rarer(a.name?.given?.text, b.name?.given?.text) : null;
    case at.family:
      if (level > 0) return null;
      return turned ? rarer(turnedSurname(a), turnedSurname(b)) : rarer(surnameOf(a), surnameOf(b));
    case at.birth:
      return level === 0 ? (a.birth?.digits ?? null) : null;
    case at.email:
      return level <= 2 ? (a.emails.find((x) => b.emails.some((y) => x.address === y.address))?.address ?? null) : null;
    case at.phone:
      return level <= 2 ? (samePhone(a, b)?.line ?? null) : null;
    case at.domain:
      return level === 0 ? a.domain : null;
    case at.organisation:
      return level === 0 ? (a.organisation?.core ?? null) : null;
    case at.street:
      return level === 0 ? (a.street?.key ?? null) : null;
    case at.city:
      return level === 0 ? (a.city?.text ?? null) : null;
    case at.postcode:
      return level === 0 ? a.postcode : null;
    case at["text-1"]:
    case at["text-2"]:
    case at["text-3"]:
    case at["text-4"]:
      return level === 0 ? (a.texts[feature - at["text-1"]]?.text ?? null) : null;
    default:
      return null;
  }
}

const surnameOf = (record: MatchRecord) => record.name?.surname ?? record.name?.family?.text;
const turnedSurname = (record: MatchRecord) => record.name?.given?.text ?? record.name?.family?.text;

function samePhone(a: MatchRecord, b: MatchRecord): PhoneKey | undefined {
  if (a.phones.length === 1) return a.phones[0];
  return a.phones.find((x) => b.phones.some((y) => comparePhones(x, y) <= 2));
}

/** Of two forms of one name either may be the rarer; the longer one nearly always is. */
function rarer(a: string | undefined, b: string | undefined): string | null {
  if (a === undefined || b === undefined) return null;
  if (a.length !== b.length) return a.length > b.length ? a : b;
  return a < b ? a : b;
}

/** The values of a record whose shares are counted, by feature. */
export function countedValues(record: MatchRecord): readonly (readonly [Feature, string])[] {
  const values: [Feature, string][] = [];
  const add = (feature: Feature, value: string | null | undefined) => {
    if (value !== null && value !== undefined && value !== "") values.push([feature, value]);
  };
  add("given", record.name?.given?.text);
  add("family", surnameOf(record));
  if (record.birth !== null && !isYearAlone(record.birth)) add("birth", record.birth.digits);
  for (const email of record.emails) add("email", email.address);
  for (const phone of record.phones) add("phone", phone.line);
  add("domain", record.domain);
  add("organisation", record.organisation?.core);
  add("street", record.street?.key);
  add("city", record.city?.text);
  add("postcode", record.postcode);
  record.texts.slice(0, 4).forEach((text, i) => {
    add(`text-${i + 1}` as Feature, text?.text);
  });
  return values;
}
