import { digitsMax, parseDecimal, roundHalfEven } from "./decimal.ts";
import { accepted, type Normalized, quote, type Refused, refused, type Scalar } from "./normalized.ts";

/** A number: an exact decimal string, rounded half to even where the type names its decimals. */
export function normalizeNumber(raw: Scalar, decimals?: number): Normalized {
  const number = exactNumber(raw);
  if (typeof number !== "string") return number;
  return accepted(decimals === undefined ? number : roundHalfEven(number, decimals));
}

/** The canonical decimal that a JSON number or a numeric string stands for. */
export function exactNumber(raw: Scalar): string | Refused {
  if (typeof raw === "boolean") return refused(`${raw} is not a number`);
  if (Number.isSafeInteger(raw)) return Object.is(raw, -0) ? "0" : String(raw);
  const number = parseDecimal(String(raw));
  return number ?? refused(`${quote(raw)} is not a number; ${remedy(String(raw))}`);
}

function remedy(text: string): string {
  if (text.length > digitsMax) return `it has more than ${digitsMax} digits`;
  return text.includes(",") ? "write it with a decimal point and without grouping, as in 1234.5" : "write it as 1234.5";
}
