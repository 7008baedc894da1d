import {
  type CountryCode,
  getCountryCallingCode,
  isSupportedCountry,
  parsePhoneNumberFromString,
} from "libphonenumber-js/min";
import { accepted, type Normalized, quote, refused, type Scalar } from "./normalized.ts";
import { scalarText } from "./scalar-text.ts";
import { isAscii } from "./text.ts";

/**
 * A phone number: E.164, an extension kept as in RFC 3966 (`+4930123456;ext=12`). `country` (ISO 3166) is whose national numbers come
 * without a prefix. Numbers need to be possible, not assigned. Words beside the number, or a second number, are refused, not dropped.
 */
export function normalizePhone(raw: Scalar, country?: string): Normalized {
  if (typeof raw === "boolean") return refused(`${raw} is not a phone number`);
  const text = scalarText(raw);
  if (typeof text !== "string") return text;
  if (text.length > textLengthMax) return refused(`${quote(text)} is too long for a phone number`);
  const { number, extension } = splitExtension(plainText(text).replace(label, ""));
  const problem = numberProblem(number);
  if (problem !== null) return refused(`${quote(text)} ${problem}`);
  const home = country?.toUpperCase() as CountryCode | undefined;
  if (home !== undefined && !isSupportedCountry(home)) {
    return refused(`the field's country ${quote(home)} is not an ISO 3166 code such as DE`);
  }
  if (readsTwoWays(dialled(number), home)) {
    return refused(`${quote(text)} may begin with the country prefix or not; write it with + or in national form`);
  }
  const e164 = settle(dialled(number), home);
  if (e164 === null) return refused(`${quote(text)} ${remedy(number, home)}`);
  return accepted(extension === null ? e164 : `${e164};ext=${extension}`);
}

const textLengthMax = 100;

/** One character for each kind of digit, dash and space; marks that steer text direction, which phones copy along, are dropped. */
function plainText(text: string): string {
  if (isAscii(text)) return text;
  return text
    .normalize("NFKC")
    .replace(arabicDigit, (digit) => String(digit.charCodeAt(0) & 0xf))
    .replace(dash, "-")
    .replace(format, "")
    .trim();
}

const arabicDigit = /[\u0660-\u0669\u06f0-\u06f9]/g;
const dash = /[\p{Pd}\u2212]/gu;
const format = /\p{Cf}/gu;

const label =
  /^(?:tel(?:e(?:ph|f)on[eo]?)?|phone|mob(?:ile?|il)?|cell(?:ulare?)?|handy|m|t|p|ph|home|work|office|direct|main|privat|b(?:ü|ue)ro)\s*[.:]\s*/i;

function splitExtension(text: string): { readonly number: string; readonly extension: string | null } {
  const match = extension.exec(text);
  if (match === null) return { number: text, extension: null };
  return { number: text.slice(0, match.index), extension: match[1]! };
}

/** An extension at the end, after its name in one of the usual languages. */
const extension =
  /[\s,;(]*(?:ext(?:ension|n)?|extensi[oó]n|x|#|durchwahl|dw|nst|nebenstelle|poste|anexo|ramal|int(?:erno)?|toestel|доб)\s*[.:=]?\s*#?(\d{1,15})#?\)?$/i;

function numberProblem(number: string): string | null {
  if (!phoneCharacters.test(number)) {
    return "has something beside the number; write it as +49 30 123456, an extension as ext. 12";
  }
  const parts = number.split(partEnd).filter((part) => countDigits(part) >= 6);
  const second = parts.length > 1 && parts.slice(1).some((part) => /^[(\s]*[0+]/.test(part));
  return second || number.lastIndexOf("+") > number.search(/\d/) ? "holds two numbers; one field holds one" : null;
}

const phoneCharacters = /^[\d\s()./+-]*\d[\d\s()./-]*$/;
const partEnd = /\s*\/\s*|\s+-+\s+/;

function countDigits(text: string): number {
  return text.replace(notDigit, "").length;
}

const notDigit = /\D/g;

/** The digits as dialled, after "+" if the number is international, without a trunk zero put in brackets. */
function dialled(number: string): string {
  const plus = number.includes("+");
  const international = plus || number.replace(notDigit, "").startsWith("00");
  const digits = (international ? withoutTrunkZero(number) : number).replace(notDigit, "");
  return plus ? `+${digits}` : digits;
}

/** "+49 (0)30" means +49 30, but Italy's zero is dialled: "+39 (0)6" is +39 06. */
function withoutTrunkZero(number: string): string {
  return /^[(\s]*(?:\+|00)[\s(]*39/.test(number) ? number : number.replace(/\(\s*0\s*\)/, "");
}

/** "491761234567" in Germany: +49 176 1234567 or, in the area of 04917, +49 4917 61234567. */
function readsTwoWays(dialled: string, country: CountryCode | undefined): boolean {
  if (country === undefined || !dialled.startsWith(getCountryCallingCode(country))) return false;
  const international = parsePhoneNumberFromString(`+${dialled}`);
  if (international?.isValid() !== true) return false;
  const national = parsePhoneNumberFromString(dialled, { defaultCountry: country });
  return national?.isValid() === true && national.number !== international.number;
}

/** The E.164 number that reading again doesn't change, `null` if there is none: the metadata's rules may strip a prefix more than once. */
function settle(dialled: string, country: CountryCode | undefined): string | null {
  let e164 = read(dialled, country);
  for (let round = 0; e164 !== null && round < 4; round++) {
    const again = read(e164, undefined);
    if (again === e164) return e164;
    e164 = again;
  }
  return null;
}

function read(dialled: string, country: CountryCode | undefined): string | null {
  if (dialled.startsWith("00")) {
    // Written for callers from most of the world, whatever the home country dials.
    const abroad = parsePhoneNumberFromString(`+${dialled.slice(2)}`);
    if (abroad !== undefined && (country === undefined ? abroad.isPossible() : abroad.isValid())) return abroad.number;
  }
  const parsed = parsePhoneNumberFromString(dialled, country === undefined ? {} : { defaultCountry: country });
  return parsed?.isPossible() ? parsed.number : null;
}

function remedy(number: string, country: CountryCode | undefined): string {
  if (number.includes("+")) return "is not a possible number in the country of its prefix; check its digits";
  if (country === undefined) return "has no country prefix; write it as +49 30 123456 or set the field's `country`";
  return `is not a possible number in ${country}; check its digits, or write it with its country prefix, as in +49 30 123456`;
}
