import { expect, test } from "vitest";
import { outcome } from "./testing/outcome.ts";

test.each([
  [1200.5, "1200.5"],
  ["+0012.500", "12.5"],
  ["-0", "0"],
  [-0, "0"],
  ["-0.000", "0"],
  [".5", "0.5"],
  ["5.", "5"],
  ["1e3", "1000"],
  ["1.5E-3", "0.0015"],
  [1e21, "1000000000000000000000"],
  [5e-7, "0.0000005"],
  [0.1, "0.1"],
  ["0.1000000000000000000001", "0.1000000000000000000001"],
  ["123456789012345678901234567890", "123456789012345678901234567890"],
])("number %j is %j", (raw, expected) => {
  expect(outcome({ kind: "number" }, raw)).toBe(expected);
});

test.each([
  ["2.5", 0, "2"],
  ["3.5", 0, "4"],
  ["-2.5", 0, "-2"],
  ["0.125", 2, "0.12"],
  ["0.1251", 2, "0.13"],
  ["-0.004", 2, "0"],
  ["9.995", 2, "10"],
  ["7", 2, "7"],
])("number %j with %d decimals is %j: halves go to the even neighbour", (raw, decimals, expected) => {
  expect(outcome({ kind: "number", decimals }, raw)).toBe(expected);
});

test.each([
  ["1,5", "with a decimal point and without grouping"],
  ["1,234.50", "with a decimal point and without grouping"],
  ["NaN", "not a number"],
  ["Infinity", "not a number"],
  ["0x10", "not a number"],
  ["1 000", "not a number"],
  ["1e999999999", "not a number"],
  [".", "not a number"],
  ["9".repeat(1001), "not a number"],
  ["9".repeat(5000), "more than 1000 digits"],
  [true, "not a number"],
])("number %j is refused: %s", (raw, why) => {
  expect(outcome({ kind: "number" }, raw)).toContain(why);
});
