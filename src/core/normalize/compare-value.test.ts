import fc from "fast-check";
import { expect, test } from "vitest";
import type { FieldType } from "../../model/field-type.ts";
import type { FieldValue } from "../../model/value.ts";
import { compareValues } from "./compare-value.ts";
import { fieldTypes, valuesOf } from "./testing/arbitraries.ts";

test.each<[FieldType, FieldValue, FieldValue, -1 | 0 | 1 | null]>([
  [{ kind: "number" }, "9", "10", -1],
  [{ kind: "number" }, "-1.5", "-1.25", -1],
  [{ kind: "number" }, "9007199254740993", "9007199254740992", 1],
  [{ kind: "date" }, "2024-12-31", "2025-01-01", -1],
  [{ kind: "datetime" }, "2025-01-01T00:00:00.000Z", "2025-01-01T00:00:00.000Z", 0],
  [{ kind: "boolean" }, false, true, -1],
  [{ kind: "money" }, { amount: "9", currency: "EUR" }, { amount: "10", currency: "EUR" }, -1],
  [{ kind: "money" }, { amount: "9", currency: "EUR" }, { amount: "10", currency: "USD" }, null],
  [{ kind: "text" }, "a", "b", null],
  [{ kind: "choice" }, "a", "b", null],
  [{ kind: "number" }, null, "1", null],
])("%j: %j against %j is %j", (type, a, b, expected) => {
  expect(compareValues(type, a, b)).toBe(expected);
});

test("swapping the sides swaps the answer, for every type", () => {
  const pairs = fieldTypes().chain((type) => fc.tuple(fc.constant(type), valuesOf(type), valuesOf(type)));
  fc.assert(
    fc.property(pairs, ([type, a, b]) => {
      const order = compareValues(type, a, b);
      expect(compareValues(type, b, a)).toBe(order === null ? null : order === 0 ? 0 : -order);
    }),
    { numRuns: 500 },
  );
});
