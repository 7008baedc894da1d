import { expect, test } from "vitest";
import { editDistance, jaroWinkler, likeness, oneEditApart } from "./similarity.ts";
import { comparable, soundOf, squash, wordsOf } from "./text.ts";

test("one edit is an insertion, a deletion, a substitution or two neighbours exchanged", () => {
  expect([oneEditApart("smith", "smyth"), oneEditApart("smith", "smth"), oneEditApart("smith", "smiht")]).toEqual([
    true,
    true,
    true,
  ]);
  expect([oneEditApart("smith", "smihht"), oneEditApart("ab", "abcd"), oneEditApart("abcd", "badc")]).toEqual([
    false,
    false,
    false,
  ]);
});

test("Jaro-Winkler gives the published values", () => {
  expect(jaroWinkler("martha", "marhta")).toBeCloseTo(0.961, 3);
  expect(jaroWinkler("dixon", "dicksonx")).toBeCloseTo(0.813, 3);
  expect(jaroWinkler("abc", "xyz")).toBe(0);
});

test("short words need more to be alike than long ones", () => {
  expect(likeness("katherine", "kathrine")).toBe(2);
  expect(likeness("ann", "ian")).toBe(0);
  expect(likeness("anna", "anne")).toBe(2);
});

test("the edit distance counts an exchange of neighbours once", () => {
  expect(editDistance("macron", "marcon")).toBe(1);
  expect(editDistance("kitten", "sitting")).toBe(3);
});

test("every script is compared in Latin letters, an umlaut in one of its spellings", () => {
  expect(wordsOf(comparable("Сергей Иванов"))).toEqual(["sergey", "ivanov"]);
  expect(comparable("０３－１２")).toBe("03-12");
  expect(squash("mueller")).toBe(squash(comparable("Müller")));
  expect(wordsOf(comparable("O’Brien, A.B.C. Ltd."))).toEqual(["obrien", "abc", "ltd"]);
});

test("transliterations of one name sound alike", () => {
  expect(soundOf("mohammed")).toBe(soundOf("muhamad"));
  expect(soundOf("hussein")).toBe(soundOf("husayn"));
  expect(soundOf("smith")).not.toBe(soundOf("jones"));
});
