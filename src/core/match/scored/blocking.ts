import { isYearAlone } from "./birth-date.ts";
import type { MatchRecord } from "./record.ts";

const keysMax = 15;

/**
 * Up to 15 keys under which a record is filed; two records worth comparing nearly always share one. Each key starts with a letter for its
 * kind. A key that thousands share finds nothing: whoever looks up skips it by its count.
 */
export function blockingKeys(record: MatchRecord): string[] {
  const keys = new Set<string>();
  const add = (key: string) => {
    if (keys.size < keysMax) keys.add(key);
  };
  addStrong(record, add);
  if (record.name !== null) addPerson(record, add);
  if (record.organisation !== null) addOrganisation(record, add);
  if (record.title !== null) addTitle(record, add);
  return [...keys];
}

type Add = (key: string) => void;

function addStrong(record: MatchRecord, add: Add): void {
  if (record.externalId !== null) add(`x${record.externalId.split(":").at(-1)}`);
  for (const number of record.numbers) if (number !== null) add(`#${number}`);
  for (const email of record.emails) {
    add(`@${email.address}`);
    if (!email.role && email.local.length >= 6) add(`l${email.local}`);
  }
  for (const phone of record.phones) add(`p${phone.line}`);
}

function addPerson(record: MatchRecord, add: Add): void {
  const given = record.name?.given ?? null;
  const family = record.name?.family ?? null;
  const birth = record.birth;
  const givenSound = given === null ? "" : given.text.length === 1 ? "" : given.sound;
  const familySound = family === null ? "" : family.sound;
  if (givenSound !== "" && familySound !== "")
    add(`n${givenSound < familySound ? `${givenSound} ${familySound}` : `${familySound} ${givenSound}`}`);
  if (family !== null && given !== null) for (const name of given.fullNames.slice(0, 2)) add(`k${familySound} ${name}`);
  if (birth !== null && !isYearAlone(birth)) {
    add(`d${birth.digits}`);
    if (familySound !== "") add(`f${familySound} ${birth.month} ${birth.day}`);
  }
  if (birth !== null) {
    if (familySound !== "") add(`f${familySound} ${birth.year}`);
    if (givenSound !== "") add(`g${givenSound} ${birth.digits.slice(0, 6)}`);
  }
  addPersonPlace(record, add, givenSound, familySound);
  if (family !== null && given !== null && given.text.length === 1) add(`i${family.text} ${given.text}`);
  else if (family !== null && given !== null) add(`i${family.text} ${given.text[0]}`);
}

function addPersonPlace(record: MatchRecord, add: Add, given: string, family: string): void {
  const names = [given, family].filter((sound) => sound !== "");
  const company = record.organisation?.core;
  for (const sound of names) {
    if (record.postcode !== null) add(`z${record.postcode} ${sound}`);
    if (company !== undefined) add(`c${company.slice(0, 8)} ${sound}`);
    else if (record.domain !== null) add(`w${record.domain} ${sound}`);
  }
  if (record.street?.number != null) add(`s${record.street.number} ${record.street.name.slice(0, 4)}`);
  if (record.city !== null) for (const sound of names) add(`t${record.city.text.slice(0, 6)} ${sound}`);
  if (record.postcode !== null && record.birth !== null) add(`y${record.postcode} ${record.birth.year}`);
}

function addOrganisation(record: MatchRecord, add: Add): void {
  const { organisation, street, city } = record;
  if (organisation === null || record.name !== null) return;
  add(`o${organisation.core}`);
  if (record.domain !== null) add(`w${record.domain}`);
  if (street?.number != null) add(`s${street.number} ${street.name.slice(0, 4)}`);
  for (const word of longest(organisation.words, 3)) add(`v${word}`);
  add(`e${organisation.core.slice(0, 5)}`);
  if (organisation.words.length > 1) add(`q${organisation.initials}`);
  else if (organisation.core.length <= 5) add(`q${organisation.core}`);
  if (city !== null) add(`t${city.text.slice(0, 6)} ${(organisation.words[0] as string).slice(0, 3)}`);
  if (record.postcode !== null) add(`z${record.postcode} ${(organisation.words[0] as string).slice(0, 3)}`);
}

function addTitle(record: MatchRecord, add: Add): void {
  const words = record.title?.words ?? [];
  for (const code of record.title?.codes ?? []) add(`m${code}`);
  for (const code of record.description?.codes.slice(0, 3) ?? []) add(`m${code}`);
  for (const word of longest(words, 5)) add(`v${word}`);
  for (let i = 0; i + 1 < words.length; i++) add(`b${words[i]} ${words[i + 1]}`);
}

function longest(words: readonly string[], count: number): string[] {
  return [...words].sort((a, b) => b.length - a.length).slice(0, count);
}
