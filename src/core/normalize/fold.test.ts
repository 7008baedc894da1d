import fc from "fast-check";
import { expect, test } from "vitest";
import { fold } from "./fold.ts";
import { hostileStrings } from "./testing/arbitraries.ts";

test.each([
  ["O’Brien-Ängström", "obrien angstrom"],
  ["  MÜLLER  &  Söhne GmbH. ", "muller sohne gmbh"],
  ["Mu\u0308ller", "muller"],
  ["ＡＣＭＥ", "acme"],
  ["Сергей Иванов", "sergey ivanov"],
  ["Straße", "strasse"],
  ["---", ""],
])("%j compares as %j", (text, key) => {
  expect(fold(text)).toBe(key);
});

test("a key is ASCII words between single spaces, and folds to itself", () => {
  fc.assert(
    fc.property(hostileStrings(), (text) => {
      const key = fold(text);
      expect(key).toMatch(/^(?:[a-z0-9]+(?: [a-z0-9]+)*)?$/);
      expect(fold(key)).toBe(key);
    }),
  );
});
