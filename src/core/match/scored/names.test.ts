import { expect, test } from "vitest";
import { judgeNames } from "./names.ts";

const persons = (a: string, b: string) => judgeNames(a, b, "person").outcome;
const companies = (a: string, b: string) => judgeNames(a, b, "company").outcome;

test("spelling, order, titles, initials and missing middle names do not make two people", () => {
  expect(persons("Osama bin Laden", "Usama ibn Ladin")).toBe("same");
  expect(persons("Putin, Vladimir", "Vladimir Putin")).toBe("same");
  expect(persons("Dr. Anna Maria Keller", "Anna Keller")).toBe("same");
  expect(persons("JC Juncker", "Jean-Claude Juncker")).toBe("same");
  expect(persons("Сергей Лавров", "Sergey Lavrov")).toBe("same");
});

test("a name on each side without a partner makes two people", () => {
  expect(persons("Sergey Viktorovich Lavrov", "Sergey Borisovich Lavrov")).toBe("different");
  expect(persons("William W. Frost", "William G. Frost")).toBe("different");
  expect(persons("Anna Keller", "Petra Keller")).toBe("different");
  expect(persons("Peter Keller", "Petra Keller")).toBe("different");
  expect(persons("Paul Meyer", "Paula Meyer")).toBe("different");
  expect(persons("Alex Keller", "Alexandra Keller")).toBe("same");
});

test("companies are told by their words, not by their form; a number is a question", () => {
  expect(companies("Siemens AG", "Siemens Aktiengesellschaft")).toBe("same");
  expect(companies("Acme Solutions (Spain), S.L.", "Acme Solutions (Netherlands), B.V.")).toBe("different");
  expect(companies("Acme", "Acme 3")).toBe("review");
});
