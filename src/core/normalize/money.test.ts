import { expect, test } from "vitest";
import { outcome } from "./testing/outcome.ts";

test.each([
  [
    { amount: "1200.50", currency: "eur" },
    { amount: "1200.5", currency: "EUR" },
  ],
  [
    { amount: 12, currency: " USD " },
    { amount: "12", currency: "USD" },
  ],
  ["12.50 EUR", { amount: "12.5", currency: "EUR" }],
  ["usd 7", { amount: "7", currency: "USD" }],
  ["19.99", { amount: "19.99", currency: "CHF" }],
  [0, { amount: "0", currency: "CHF" }],
  [
    { amount: 3, currency: null },
    { amount: "3", currency: "CHF" },
  ],
  [{ amount: null, currency: "EUR" }, null],
  [{ amount: " ", currency: "EUR" }, null],
])("money %j, where bare amounts are CHF, is %j", (raw, expected) => {
  expect(outcome({ kind: "money", currency: "CHF" }, raw)).toEqual(expected);
});

test.each([
  [12, "without a currency; set the field's `currency`"],
  [{ amount: 12 }, "without a currency"],
  ["€12.50", "not a number"],
  ["1,50 EUR", "decimal point"],
  [{ amount: 1, currency: "Euro" }, "not a currency code"],
  [{ amount: 1, currency: "EUR", tax: 2 }, "not money"],
  [{ value: 1 }, "not money"],
  [{ amount: [1], currency: "EUR" }, "not money"],
  [{ amount: "1\0", currency: "EUR" }, "not money"],
  [true, "not a number"],
])("money %j is refused: %s", (raw, why) => {
  expect(outcome({ kind: "money" }, raw)).toContain(why);
});
