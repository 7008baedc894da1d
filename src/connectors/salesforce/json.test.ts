import { expect, test } from "vitest";
import { parseExactly } from "./json.ts";

test.for<[string, unknown]>([
  ["23.0", 23],
  ["1200.5", 1200.5],
  ["-0.000000000000001", -1e-15],
  ["5.0E7", 50_000_000],
  ["1778192987716501506", "1778192987716501506"],
  ["123456789012345678.25", "123456789012345678.25"],
  ["100000000000000000000", 1e20],
  ["0.0000000000000000000", 0],
])("%s is read as %o: text where a number would not hold it", ([text, value]) => {
  expect(parseExactly(text)).toBe(value);
});
