import { expect, test } from "vitest";
import { outcome } from "./testing/outcome.ts";

test.each([
  [" 003Qy00000AbCdE ", "003Qy00000AbCdE"],
  [42, "42"],
  ["9007199254740993", "9007199254740993"],
  ["007", "007"],
])("reference %j is the id %j", (raw, expected) => {
  expect(outcome({ kind: "reference", to: "company" }, raw)).toBe(expected);
});

test.each([
  [2 ** 53, "above 2^53, whose last digits are lost; have the system send it as a string"],
  [1.5, "not a record id"],
  [true, "not a record id"],
])("reference %j is refused: %s", (raw, why) => {
  expect(outcome({ kind: "reference", to: "company" }, raw)).toContain(why);
});

test.each([
  [
    ["b", "a", "b", 3],
    ["3", "a", "b"],
  ],
  ["a", ["a"]],
  ["b; a", ["a", "b"]],
  [[], null],
  [null, null],
  ["", null],
])("references %j are the ids %j", (raw, expected) => {
  expect(outcome({ kind: "reference", to: "company", many: true }, raw)).toEqual(expected);
});
