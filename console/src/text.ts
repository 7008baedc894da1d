import { en } from "./messages.ts";

export type Key = keyof typeof en;
type Forms = { readonly one: string; readonly other: string };

/** The present catalogue; another language has the same keys. */
const messages: Readonly<Record<Key, string | Forms>> = en;
const locale = "en";
const plurals = new Intl.PluralRules(locale);
const numbers = new Intl.NumberFormat(locale);

/** A text of the catalogue, with its places filled in. A `count` chooses the form. */
export function t(key: Key, places: Readonly<Record<string, string | number>> = {}): string {
  const message = messages[key];
  const count = places["count"];
  const form =
    typeof message === "string" ? message : message[plurals.select(Number(count)) === "one" ? "one" : "other"];
  return form.replaceAll(/\{(\w+)\}/gu, (whole, name: string) => {
    const value = places[name];
    return value === undefined ? whole : typeof value === "number" ? numbers.format(value) : value;
  });
}

/** A text whose key is put together; what the catalogue lacks is shown as it is. */
export function tOr(key: string, otherwise: string): string {
  return key in messages ? t(key as Key) : otherwise;
}

export function number(value: number): string {
  return numbers.format(value);
}
