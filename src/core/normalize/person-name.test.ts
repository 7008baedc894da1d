import fc from "fast-check";
import { expect, test } from "vitest";
import { joinPersonName, splitPersonName } from "./person-name.ts";

test.each([
  ["Anna Keller", [null, "Anna", "Keller", null]],
  ["Anna Maria Keller", [null, "Anna Maria", "Keller", null]],
  ["John Q. Public", [null, "John Q.", "Public", null]],
  ["Dr. Hans-Peter Müller MD", ["Dr.", "Hans-Peter", "Müller", "MD"]],
  ["Prof. Dr. Eva van der Berg", ["Prof. Dr.", "Eva", "van der Berg", null]],
  ["Harry Brown, Sr.", [null, "Harry", "Brown", "Sr."]],
  ["Robert St. Amant", [null, "Robert", "St. Amant", null]],
  ["Vogt, Lena", [null, "Lena", "Vogt", null]],
  ["SMITH JR, DONALD L", [null, "DONALD L", "SMITH", "JR"]],
  ["García López, María", [null, "María", "García López", null]],
  ["Conan O'Brien", [null, "Conan", "O'Brien", null]],
  ["Yo-Yo Ma", [null, "Yo-Yo", "Ma", null]],
])("%j is %j", (full, [prefix, given, family, suffix]) => {
  expect(splitPersonName(full)).toEqual({ prefix, given, family, suffix });
});

test.each([
  "Plato",
  "María José García López",
  "John & Mary Smith",
  "Charles and Jean Dukes",
  "Contoso GmbH",
  "Elizabeth B",
  "佐藤健",
  "Robert 'Corky' Cartwright",
  "Smith, Anna, Berlin",
  "Agent 47",
  "Dr. Keller",
])("%j is left whole: where the family name begins can't be known", (full) => {
  expect(splitPersonName(full)).toBeNull();
});

test("a name split in Western order joins to what it was", () => {
  const word = fc.constantFrom("Anna", "Dr.", "van", "Q.", "Müller", "Jr", "Keller-Vogt", "O'Brien", "de", "MD");
  const names = fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => words.join(" "));
  fc.assert(
    fc.property(names, (full) => {
      const parts = splitPersonName(full);
      if (parts !== null) expect(joinPersonName(parts)).toBe(full);
    }),
  );
});
