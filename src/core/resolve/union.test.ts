import { expect, test } from "vitest";
import { union } from "./union.ts";

test("what either side added is there, what either side took out is gone", () => {
  expect(union(["a", "b"], ["a", "b", "c"], ["a", "d"])).toEqual(["a", "c", "d"]);
});

test("the sides may be swapped, and the order is always the same", () => {
  expect(union(["b"], ["b", "z", "c"], ["b", "a"])).toEqual(["a", "b", "c", "z"]);
  expect(union(["b"], ["b", "a"], ["b", "z", "c"])).toEqual(["a", "b", "c", "z"]);
});

test("without a base nothing was taken out", () => {
  expect(union(undefined, ["b"], ["a"])).toEqual(["a", "b"]);
  expect(union(undefined, null, ["a"])).toEqual(["a"]);
});

test("when nothing is left, it is a blank", () => {
  expect(union(["a"], null, ["a"])).toBeNull();
  expect(union(undefined, null, null)).toBeNull();
});
