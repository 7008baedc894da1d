import type { FieldType } from "../../model/field-type.ts";
import type { FieldValue, Money, RawValue } from "../../model/value.ts";
import { parseDecimal } from "./decimal.ts";

/**
 * How a system takes values. `string`: everything as a string, a blank as "", sets joined by ";" (HubSpot). `json`: JSON's own types, a
 * blank as `null`; a number stays a string where a JSON number would not hold it exactly.
 */
export type RawForm = "string" | "json";

/** A canonical value in a system's form. Normalizing it gives the value back, for every type and form. */
export function denormalizeValue(type: FieldType, value: FieldValue, form: RawForm): RawValue {
  if (value === null) return form === "string" ? "" : null;
  if (typeof value === "boolean") return form === "string" ? String(value) : value;
  if (typeof value === "string") return type.kind === "number" && form === "json" ? jsonNumber(value) : value;
  if (isMembers(value)) return form === "string" ? value.join(";") : value;
  return money(value, type.kind === "money" ? type.currency : undefined, form);
}

/** A bare amount where the type names the currency, as systems keep it in a number field; else amount and currency. */
function money(value: Money, currencyDefault: string | undefined, form: RawForm): RawValue {
  const bare = value.currency === currencyDefault?.toUpperCase();
  if (form === "string") return bare ? value.amount : `${value.amount} ${value.currency}`;
  return bare ? jsonNumber(value.amount) : { amount: jsonNumber(value.amount), currency: value.currency };
}

function jsonNumber(text: string): number | string {
  const number = Number(text);
  return parseDecimal(String(number)) === text ? number : text;
}

function isMembers(value: readonly string[] | Money): value is readonly string[] {
  return Array.isArray(value);
}
