import fc from "fast-check";
import { expect, test } from "vitest";
import { add, addDelta, compareDecimals, parseDecimal, roundHalfEven, subtract } from "./decimal.ts";

/** Canonical decimals: `units` / 10^`scale`. */
const decimals = fc
  .tuple(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), fc.nat({ max: 12 }))
  .map(([units, scale]) => parseDecimal(`${units}e-${scale}`)!);

test.each([
  ["0.1", "0.2", "0.3"],
  ["9007199254740993", "1", "9007199254740994"],
  ["-1.5", "1.5", "0"],
  ["99.99", "0.01", "100"],
])("%s + %s = %s, exactly", (a, b, sum) => {
  expect(add(a, b)).toBe(sum);
  expect(subtract(sum, b)).toBe(a);
});

test("a counter adds what the other side gained", () => {
  expect(addDelta("12", "9.5", "10")).toBe("11.5");
});

test("a counter gives the same whichever side is named first", () => {
  fc.assert(
    fc.property(decimals, decimals, decimals, (base, left, right) => {
      expect(addDelta(left, right, base)).toBe(addDelta(right, left, base));
    }),
  );
});

test("adding, subtracting and comparing agree, and results are canonical", () => {
  fc.assert(
    fc.property(decimals, decimals, (a, b) => {
      const difference = subtract(a, b);
      expect(parseDecimal(difference)).toBe(difference);
      expect(add(difference, b)).toBe(a);
      expect(compareDecimals(a, b)).toBe(compareDecimals(difference, "0"));
    }),
  );
});

test("rounding moves a number by at most half a step, and rounding again changes nothing", () => {
  fc.assert(
    fc.property(decimals, fc.nat({ max: 6 }), (value, digits) => {
      const rounded = roundHalfEven(value, digits);
      const moved = subtract(rounded, value).replace("-", "");
      expect(compareDecimals(moved, parseDecimal(`5e-${digits + 1}`)!)).not.toBe(1);
      expect(roundHalfEven(rounded, digits)).toBe(rounded);
    }),
  );
});
