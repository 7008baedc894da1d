import { expect, test } from "vitest";
import { outcome } from "./testing/outcome.ts";

const options = ["Lead", "In Review", "a", "A", "3"];

test.each([
  [" Lead ", "Lead"],
  ["LEAD", "Lead"],
  ["in review", "In Review"],
  ["a", "a"],
  ["A", "A"],
  [3, "3"],
])("choice %j is the option %j", (raw, expected) => {
  expect(outcome({ kind: "choice", options }, raw)).toBe(expected);
});

test("what is not an option is refused, with the options to choose from", () => {
  expect(outcome({ kind: "choice", options }, "Won")).toBe(
    'refused: "Won" is not one of the field\'s options: "Lead", "In Review", "a", "A", "3"',
  );
});

test("where two options differ only in case, another case names neither", () => {
  const type = { kind: "choice", options: ["ab", "AB"] } as const;
  expect(outcome(type, "Ab")).toMatch(/^refused/);
});

test("a long list of options is not recited", () => {
  const many = Array.from({ length: 250 }, (_, i) => `Option ${i}`);
  expect(outcome({ kind: "choice", options: many }, "x")).toMatch(/and 242 more$/);
});

test("without options any text is a choice", () => {
  expect(outcome({ kind: "choice" }, " Anything ")).toBe("Anything");
});

test.each([
  [
    ["b", "a", "b", " a "],
    ["a", "b"],
  ],
  [";b; a;;", ["a", "b"]],
  ["one", ["one"]],
  [
    ["Z", "a", "É"],
    ["Z", "a", "É"],
  ],
  [
    [1, true, null, ""],
    ["1", "true"],
  ],
  [[], null],
  [";;", null],
  [["x\u0000"], expect.stringMatching(/^refused: .*NUL/)],
  [["a;b"], expect.stringMatching(/^refused: .*separates members/)],
  [[["a"]], expect.stringMatching(/^refused: .*list or structure among its members/)],
  [{ a: 1 }, expect.stringMatching(/^refused/)],
])("set %j is %j: sorted, without repeats", (raw, expected) => {
  expect(outcome({ kind: "set" }, raw)).toEqual(expected);
});

test("a set's members take their options' spelling, and one stranger refuses the set", () => {
  const type = { kind: "set", options: ["News", "Offers"] } as const;
  expect(outcome(type, "offers;NEWS")).toEqual(["News", "Offers"]);
  expect(outcome(type, ["News", "Spam"])).toMatch(/^refused: "Spam" is not one of/);
});
