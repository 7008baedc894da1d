import { expect, test } from "vitest";
import { type Comparison, compareField } from "./compare.ts";

const agreed = { value: "1", version: 3 };
const verdict = (one: Partial<Comparison>) =>
  compareField({ value: "1", shadow: "1", seen: 3, golden: agreed, ...one });

test("what the system was known to hold is no news, whatever has been agreed on since", () => {
  expect(verdict({})).toBe("same");
  expect(verdict({ value: "0", shadow: "0", seen: 1 })).toBe("same");
  expect(verdict({ value: null, shadow: null, golden: undefined, seen: 0 })).toBe("same");
});

test("who had seen the agreed value has changed it; who had not is in conflict with it", () => {
  expect(verdict({ value: "2" })).toBe("fast-forward");
  expect(verdict({ value: null })).toBe("fast-forward");
  expect(verdict({ value: "2", shadow: "0", seen: 2 })).toBe("conflict");
  expect(verdict({ value: "2", shadow: "0", seen: 0 })).toBe("conflict");
});

test("changed to what is agreed anyway", () => {
  expect(verdict({ shadow: "0", seen: 1 })).toBe("echo");
  expect(verdict({ shadow: undefined, seen: 0 })).toBe("echo");
});

test("nothing is agreed yet: a value is the first, a blank is none", () => {
  expect(verdict({ golden: undefined, shadow: undefined, seen: 0 })).toBe("first");
  expect(verdict({ golden: undefined, shadow: undefined, seen: 0, value: null })).toBe("unfilled");
});

test("at the first meeting a blank says nothing, and any value beats one", () => {
  const first = { shadow: undefined, seen: 0 };
  expect(verdict({ ...first, value: null })).toBe("unfilled");
  expect(verdict({ ...first, value: "2" })).toBe("conflict");
  expect(verdict({ ...first, value: "2", golden: { value: null, version: 1 } })).toBe("first");
  expect(verdict({ ...first, value: null, golden: { value: null, version: 1 } })).toBe("echo");
});
