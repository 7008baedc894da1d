import { expect, test } from "vitest";
import {
  compareNames,
  completedBy,
  familyLevels,
  givenLevels,
  type NameComparison,
  type NameParts,
  personNameOf,
} from "./person-name.ts";

/** What comparing two names finds, in words. */
function compared(a: NameParts | string, b: NameParts | string) {
  const out: NameComparison = { given: -1, family: -1, turned: -1, middle: -1 };
  const of = (name: NameParts | string) => personNameOf(typeof name === "string" ? { full: name } : name)!;
  compareNames(of(a), of(b), out);
  return [givenLevels[out.given] ?? null, familyLevels[out.family] ?? null, out.turned === 1 ? "turned" : "in order"];
}

test("titles, degrees and a surname put first are no part of the name", () => {
  expect(compared("Dr. Hans-Peter Müller, MD", "Mueller, Hans Peter")).toEqual(["same", "same", "in order"]);
});

test("columns and one full name are taken apart alike", () => {
  expect(compared({ given: "Anna M.", family: "van der Berg" }, "Anna van der Berg")).toEqual([
    "same",
    "same",
    "in order",
  ]);
});

test("a nickname is a short form, an initial an initial, two common names two names", () => {
  expect(compared("Bill Gates", "William Gates")[0]).toBe("short form");
  expect(compared("W. Gates", "William Gates")[0]).toBe("initial");
  expect(compared("Lara Novak", "Lana Novak")[0]).toBe("another common name");
  expect(compared("Kathrine Novak", "Katherine Novak")[0]).toBe("slip");
});

test("names turned round are found, whichever column holds which", () => {
  expect(compared({ given: "Fox", family: "Noah" }, { given: "Noah", family: "Fox" })).toEqual([
    "same",
    "same",
    "turned",
  ]);
  expect(compared("Nguyen Thi Mai", "Mai Nguyen")[2]).toBe("turned");
});

test("a man's name and the woman's that was made from it are two people, however few letters differ", () => {
  const given = (a: string, b: string) => compared({ given: a, family: "Groß" }, { given: b, family: "Groß" })[0];
  for (const [man, woman] of [
    ["Peter", "Petra"],
    ["Jean", "Jeanne"],
    ["Alexander", "Alexandra"],
    ["Joseph", "Josephine"],
    ["Franz", "Franziska"],
    ["Denis", "Denise"],
  ] as const)
    expect(given(man, woman)).toBe("another common name");
  expect(given("Alex", "Alexandra")).toBe("short form");
  expect(given("Chris", "Christina")).toBe("short form");
  expect(given("Karl", "Carl")).toBe("short form");
});

test("a surname extended by marriage shares a part", () => {
  expect(compared({ given: "Julia", family: "Becker" }, { given: "Julia", family: "Hoffmann-Becker" })[1]).toBe("part");
});

test("a mailbox completes an initial and knows a nickname's full form", () => {
  expect(completedBy(personNameOf({ full: "E. Newton" }), ["estelle", "newton"])?.given?.text).toBe("estelle");
  expect(completedBy(personNameOf({ full: "Naldo Green" }), ["reynaldo", "green"])?.mailGiven?.text).toBe("reynaldo");
  expect(completedBy(null, ["anna", "keller"])?.family?.text).toBe("keller");
});

test("a name read off Han characters contradicts no romanised one", () => {
  expect(compared("佐藤 健", "Sato Ken").slice(0, 2)).toEqual([null, null]);
});

test("generations are told apart from the name", () => {
  expect(personNameOf({ full: "Robert Smith Jr." })).toMatchObject({ generation: "jr", family: { text: "smith" } });
  expect(personNameOf({ full: "Nita Johnson, Sr." })).toMatchObject({ generation: "sr", given: { text: "nita" } });
});
