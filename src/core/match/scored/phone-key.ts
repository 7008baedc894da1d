import { isSupportedCountry } from "libphonenumber-js/min";
import { normalizePhone } from "../../normalize/phone.ts";
import { oneEditApart } from "./similarity.ts";

/** A phone number as it is compared. */
export type PhoneKey = {
  /** With country code where that is known, else as dialled inside the country, without trunk zeros. */
  readonly digits: string;
  readonly international: boolean;
  /** The last seven digits, which every notation of the number shares. */
  readonly line: string;
  readonly extension: string | null;
};

export const phoneLevels = [
  "same",
  "same, one with extension",
  "same, other extension",
  "one digit off",
  "different",
] as const;

/**
 * Reads a number in any notation; `country` is an ISO 3166 code, or null when it is not known. `isCanonical`: what looks like E.164 has been read before.
 * Null under five digits.
 */
export function phoneKeyOf(text: string, country: string | null, isCanonical = false): PhoneKey | null {
  if (isCanonical && canonical.test(text)) return fromCanonical(text);
  const region = country !== null && isSupportedCountry(country) ? country : undefined;
  const normalized = normalizePhone(text.trim().replace(/;ext=/i, " ext. "), region);
  if (normalized.ok && typeof normalized.value === "string") return fromCanonical(normalized.value);
  const plain = text.normalize("NFKC").replace(/\(0\)/g, "");
  const split = /^(.*?)(?:\s*(?:ext(?:ension)?\.?|x|#|;ext=)\s*:?\s*(\d{1,6}))?\s*$/i.exec(plain);
  const digits = (split?.[1] ?? plain).replace(/\D+/g, "").replace(/^0+/, "");
  if (digits.length < 5 || /^(\d)\1+$/.test(digits)) return null;
  return { digits, international: false, line: digits.slice(-7), extension: split?.[2] ?? null };
}

const canonical = /^\+[1-9]\d{6,14}(?:;ext=\d+)?$/;

function fromCanonical(value: string): PhoneKey {
  const [number, extension] = value.slice(1).split(";ext=");
  return {
    digits: number as string,
    international: true,
    line: (number as string).slice(-7),
    extension: extension ?? null,
  };
}

export function comparePhones(a: PhoneKey, b: PhoneKey): number {
  if (sameNumber(a, b)) {
    if (a.extension === b.extension) return 0;
    return a.extension === null || b.extension === null ? 1 : 2;
  }
  if (a.international && b.international && a.digits.length !== b.digits.length) return 4;
  return oneEditApart(a.digits.slice(-9), b.digits.slice(-9)) ? 3 : 4;
}

function sameNumber(a: PhoneKey, b: PhoneKey): boolean {
  if (a.digits === b.digits) return true;
  if (a.international && b.international) return false;
  const [short, long] = a.digits.length <= b.digits.length ? [a.digits, b.digits] : [b.digits, a.digits];
  return short.length >= 7 && long.length - short.length <= 3 && long.endsWith(short);
}
