import fc from "fast-check";
import { expect, test } from "vitest";
import { fromStored, toStored } from "./store-text.ts";

test("any text comes back, and what is stored has neither NUL nor half a pair", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((n) => String.fromCharCode(n)) }), (text) => {
      const stored = toStored(text);
      expect(stored.isWellFormed() && !stored.includes("\u0000")).toBe(true);
      expect(fromStored(stored)).toBe(text);
    }),
  );
});

test("ordinary texts are stored as they are", () => {
  for (const text of ["", "ann@example.org", "back\\slash", "😀", "İstanbul"]) expect(toStored(text)).toBe(text);
});

test("the escape is escaped too, so no two texts are stored alike", () => {
  expect(toStored("\u0000")).not.toBe(toStored("\u00100000"));
});
