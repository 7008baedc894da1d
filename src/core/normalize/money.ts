import type { RawValue } from "../../model/value.ts";
import { accepted, blank, type Normalized, quote, refused, type Scalar } from "./normalized.ts";
import { exactNumber } from "./number.ts";
import { brokenText } from "./scalar-text.ts";

/**
 * Money: an exact decimal amount and an ISO 4217 code. Taken from `{ amount, currency }`, "12.50 EUR", "EUR 12.50", or a bare amount where
 * the type names its currency. Amounts are not rounded.
 */
export function normalizeMoney(raw: RawValue, currencyDefault?: string): Normalized {
  if (raw === null || raw === "") return blank;
  if (Array.isArray(raw)) return refused("holds a list where one amount belongs");
  if (typeof raw === "object") return fromObject(raw as { readonly [key: string]: RawValue }, currencyDefault);
  const match = typeof raw === "string" ? amountFirst.exec(raw) : null;
  if (match !== null) return fromParts(match[1]!, match[2]!);
  const other = typeof raw === "string" ? currencyFirst.exec(raw) : null;
  if (other !== null) return fromParts(other[2]!, other[1]!);
  return fromParts(raw as Scalar, currencyDefault);
}

const amountFirst = /^(\S+)\s+([A-Za-z]{3})$/;
const currencyFirst = /^([A-Za-z]{3})\s+(\S+)$/;

function fromObject(raw: { readonly [key: string]: RawValue }, currencyDefault?: string): Normalized {
  const amount = scalarOf(Object.hasOwn(raw, "amount") ? raw["amount"] : undefined);
  const currency = scalarOf(Object.hasOwn(raw, "currency") ? raw["currency"] : null);
  const strange = Object.keys(raw).some((key) => key !== "amount" && key !== "currency");
  if (amount === undefined || currency === undefined || strange) {
    return refused("is a structure that is not money; { amount, currency } would be");
  }
  if (amount === null || amount === "") return blank;
  return fromParts(amount, currency === null || currency === "" ? currencyDefault : String(currency));
}

/** `undefined` for anything but a scalar or `null`. Strings are trimmed. */
function scalarOf(raw: RawValue | undefined): Scalar | null | undefined {
  if (typeof raw === "string") return brokenText(raw) === null ? raw.trim() : undefined;
  return raw === null || typeof raw === "number" || typeof raw === "boolean" ? raw : undefined;
}

function fromParts(amount: Scalar, currency: string | undefined): Normalized {
  const exact = exactNumber(amount);
  if (typeof exact !== "string") return exact;
  if (currency === undefined) {
    return refused(`${quote(amount)} comes without a currency; set the field's \`currency\`, or send "12.50 EUR"`);
  }
  if (!code.test(currency)) return refused(`${quote(currency)} is not a currency code such as EUR`);
  return accepted({ amount: exact, currency: currency.toUpperCase() });
}

const code = /^[A-Za-z]{3}$/;
