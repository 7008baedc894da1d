import fc from "fast-check";
import { expect, test } from "vitest";
import type { FieldType } from "../../model/field-type.ts";
import type { FieldValue, RawValue } from "../../model/value.ts";
import { denormalizeValue, type RawForm } from "./denormalize-value.ts";
import { normalizeValue } from "./normalize-value.ts";
import { typedValues } from "./testing/arbitraries.ts";

test.each<RawForm>(["string", "json"])("what is written as %s reads back as the same value, for every type", (form) => {
  fc.assert(
    fc.property(typedValues(), ({ type, value }) => {
      expect(normalizeValue(type, denormalizeValue(type, value, form))).toEqual({ ok: true, value });
    }),
    { numRuns: 3000 },
  );
});

test.each<[FieldType, FieldValue, RawValue, RawValue]>([
  [{ kind: "text" }, null, "", null],
  [{ kind: "boolean" }, true, "true", true],
  [{ kind: "set" }, ["a", "b"], "a;b", ["a", "b"]],
  [{ kind: "number" }, "1200.5", "1200.5", 1200.5],
  [{ kind: "number" }, "0.1000000000000000000001", "0.1000000000000000000001", "0.1000000000000000000001"],
  [{ kind: "number" }, "9007199254740993", "9007199254740993", "9007199254740993"],
  [{ kind: "text" }, "12", "12", "12"],
  [{ kind: "money", currency: "EUR" }, { amount: "12.5", currency: "EUR" }, "12.5", 12.5],
  [
    { kind: "money", currency: "EUR" },
    { amount: "12.5", currency: "USD" },
    "12.5 USD",
    { amount: 12.5, currency: "USD" },
  ],
])("%j: %j is %j as strings and %j as JSON", (type, value, asString, asJson) => {
  expect(denormalizeValue(type, value, "string")).toEqual(asString);
  expect(denormalizeValue(type, value, "json")).toEqual(asJson);
});
