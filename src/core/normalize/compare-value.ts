import type { FieldType } from "../../model/field-type.ts";
import type { FieldValue, Money } from "../../model/value.ts";
import { compareDecimals } from "./decimal.ts";

/**
 * The order of two canonical values, for the rules max and min: -1 when `a` is less, `null` where there is no order (a blank, text, two
 * currencies). Numbers compare exactly, false is less than true.
 */
export function compareValues(type: FieldType, a: FieldValue, b: FieldValue): -1 | 0 | 1 | null {
  switch (type.kind) {
    case "number":
      return typeof a === "string" && typeof b === "string" ? compareDecimals(a, b) : null;
    case "date":
    case "datetime":
      // One width, biggest unit first: string order is time order.
      return typeof a === "string" && typeof b === "string" ? order(a, b) : null;
    case "boolean":
      return typeof a === "boolean" && typeof b === "boolean" ? order(a, b) : null;
    case "money":
      return isMoney(a) && isMoney(b) && a.currency === b.currency ? compareDecimals(a.amount, b.amount) : null;
    default:
      return null;
  }
}

function order<T extends string | boolean>(a: T, b: T): -1 | 0 | 1 {
  return a === b ? 0 : a < b ? -1 : 1;
}

function isMoney(value: FieldValue): value is Money {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
