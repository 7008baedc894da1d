import type { FieldType } from "../../model/field-type.ts";
import type { FieldValue } from "../../model/value.ts";
import { bareLocal, emailParts, unattended } from "./email-parts.ts";

/**
 * True for a value that stands for "nothing known": n/a, test@test.com, +49 0000000, 1970-01-01. Such a value must not make two records one.
 * Takes canonical values; a number, a boolean or money never is one.
 */
export function isPlaceholderValue(type: FieldType, value: FieldValue): boolean {
  if (typeof value !== "string") return false;
  switch (type.kind) {
    case "email":
      return isPlaceholderEmail(value);
    case "phone":
      return isPlaceholderPhone(value);
    case "url":
    case "domain":
      return placeholderHost.test(value);
    case "date":
    case "datetime":
      return placeholderDays.has(value.slice(0, 10)) && (value.length === 10 || value.endsWith("T00:00:00.000Z"));
    case "name":
      return isPlaceholderWord(value) || placeholderNames.has(words(value));
    case "choice":
      return isPlaceholderWord(value);
    case "text":
    case "address":
    case "reference":
      // As a name "Na" is someone's, as a choice it may be Namibia.
      return isPlaceholderWord(value) || isPlaceholderCode(value) || value.toLowerCase() === "na";
    default:
      return false;
  }
}

/** True for an address that no one reads mail at, or that was made up to fill a field: noreply@…, test@test.com, name@example.com. */
export function isPlaceholderEmail(email: string): boolean {
  const local = bareLocal(email);
  if (noMailbox.has(local) || unattended.test(local)) return true;
  const { domain } = emailParts(email);
  const site = domain.slice(0, domain.indexOf("."));
  return (madeUpLocals.has(local) || local === site) && madeUpSites.has(site);
}

const noMailbox = new Set(
  `nomail noemail noemailaddress none nobody noone notprovided notavailable nonegiven
  unknown undefined null na fake fakeemail dummy test testing testuser testtest asdf asdfasdf qwerty keineemail keinemail mailerdaemon`.split(
    /\s+/,
  ),
);
const madeUpLocals = new Set(
  `a aa aaa abc email example firstname firstnamelastname foo foobar janedoe jdoe jd johndoe maxmustermann me my myemail name
  nomail sample someone user username x xx xxx xyz you your youremail yourname`.split(/\s+/),
);
const madeUpSites = new Set(
  `a aa aaa abc asdf domain email example fake foo foobar na noemail nomail none noreply nowhere sample test xxx xyz yourdomain`.split(
    /\s+/,
  ),
);

/** After the calling code one digit over and over (0000000) or a run (1234567890). */
function isPlaceholderPhone(phone: string): boolean {
  const national = phone.split(";", 1)[0]!.replace(callingCode, "");
  return national.length >= 6 && (isRepeated(national) || isRun(national));
}

/** ITU-T E.164: one digit, else one of the codes of two, else three. */
const callingCode = /^\+(?:[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3})/;

/** Zeros, six or more of another digit, or a run of seven: numbers that someone typed to get past a form. Short ones may be real ids. */
function isPlaceholderCode(text: string): boolean {
  if (!digitsOnly.test(text)) return false;
  return isRepeated(text) ? text[0] === "0" || text.length >= 6 : text.length >= 7 && isRun(text);
}

const digitsOnly = /^\d+$/;

function isRepeated(digits: string): boolean {
  for (let i = 1; i < digits.length; i++) if (digits[i] !== digits[0]) return false;
  return true;
}

/** Each digit one more than the one before, or each one less; 0 comes after 9. */
function isRun(digits: string): boolean {
  const step = (digits.charCodeAt(1) - digits.charCodeAt(0) + 10) % 10;
  if (step !== 1 && step !== 9) return false;
  for (let i = 2; i < digits.length; i++) {
    if ((digits.charCodeAt(i) - digits.charCodeAt(i - 1) + 10) % 10 !== step) return false;
  }
  return true;
}

const placeholderHost =
  /^(?:https?:\/\/)?(?:www\.)?(?:example\.(?:com|net|org)|(?:test|domain|yourdomain|mydomain|yourcompany|yoursite|yourwebsite|none|noemail)\.(?:com|de|net|org)|localhost)(?:\/|$)/;

/** What systems and forms write when they know no date. */
const placeholderDays = new Set(["0001-01-01", "1111-11-11", "1753-01-01", "1900-01-01", "1970-01-01", "9999-12-31"]);

function isPlaceholderWord(text: string): boolean {
  return onlyPunctuation.test(text) || notAvailable.test(text) || placeholderWords.has(words(text));
}

const notAvailable = /^(?:n[./]\s?a\.?|k\.\s?a\.)$/i;
const onlyPunctuation = /^[\s\p{P}\p{S}]+$/u;

/** Lower case, without the brackets, dots and dashes that people put around. */
function words(text: string): string {
  return text.length > 40 ? text : text.toLowerCase().replace(decoration, "").trim().replace(/\s+/g, " ");
}

const decoration = /[./()[\]<>'"_-]+/g;

const placeholderWords = phrases(`
  none, null, nil, undefined, unknown, unnamed, no name, noname, not available, not applicable, not provided, not known,
  not specified, no data, no value, empty, blank, missing, test, testing, test test, tbd, tba, tbc, to be defined, dummy, fake,
  sample, example, asdf, asdfasdf, qwerty, xx, xxx, xxxx, foo, bar, foo bar, lorem ipsum, anonymous,
  keine, keine angabe, keine angaben, unbekannt, inconnu, non renseigné, desconocido, ninguno, sconosciuto, onbekend, geen,
  nieznany, desconhecido`);

const placeholderNames = phrases(`
  first last, firstname, lastname, first name, last name, firstname lastname, first name last name, full name, name, your name,
  john doe, jane doe, max mustermann, erika mustermann, mustermann, user, guest, customer, test user, test name, test contact,
  no first name, no last name, vorname nachname, vorname, nachname`);

function phrases(list: string): ReadonlySet<string> {
  return new Set(list.split(",").map((phrase) => phrase.trim()));
}
