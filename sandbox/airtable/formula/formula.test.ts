import { expect, test } from "vitest";
import { compileFormula, type FormulaRecord, type FormulaValue, idsOf, isTrue } from "./evaluate.ts";
import { FormulaError, parseFormula } from "./parse.ts";

const fields: Readonly<Record<string, string>> = {
  Name: "fld1",
  Age: "fld2",
  Born: "fld3",
  Done: "fld4",
  "A}b": "fld5",
};

function ask(text: string, cells: Readonly<Record<string, FormulaValue>> = {}): FormulaValue {
  const record: FormulaRecord = {
    id: "rec1",
    createdAt: Date.parse("2026-01-01T00:00:00Z"),
    modifiedAt: (ids) => Date.parse(ids.length === 0 ? "2026-03-01T10:00:00Z" : "2026-02-01T10:00:00Z"),
    cell: (id) => cells[id] ?? null,
  };
  const context = {
    fieldId: (key: string) => fields[key] ?? Object.values(fields).find((id) => id === key),
    now: () => Date.parse("2026-04-01T00:00:00Z"),
  };
  return compileFormula(parseFormula(text), context)(record);
}

test("the record's id, names and ids of fields, and quoting", () => {
  expect(ask("RECORD_ID()='rec1'")).toBe(true);
  expect(ask('{Name} = "O\'Brien \\"x\\""', { fld1: `O'Brien "x"` })).toBe(true);
  expect(ask("{fld1}='a\\\\b'", { fld1: "a\\b" })).toBe(true);
  expect(ask("Name & '!'", { fld1: "Ada" })).toBe("Ada!");
  expect(ask("{A\\}b}", { fld5: 5 })).toBe(5);
});

test("text compares exactly, blanks are equal to nothing and to empty text", () => {
  expect(ask("{Name}='ada'", { fld1: "Ada" })).toBe(false);
  expect(ask("{Name}=''")).toBe(true);
  expect(ask("{Name}=BLANK()")).toBe(true);
  expect(ask("{Name}!=BLANK()", { fld1: "Ada" })).toBe(true);
  expect(ask("{Age}=BLANK()", { fld2: 0 })).toBe(true);
  expect(ask("{Done}=FALSE()")).toBe(true);
});

test("logic, arithmetic and their order", () => {
  expect(ask("AND(1, NOT(0), OR(0, 'x'))")).toBe(true);
  expect(ask("1+2*3-4/2")).toBe(5);
  expect(ask("-(2)+1 < 0")).toBe(true);
  expect(ask("IF({Age}>=18, 'adult', 'minor')", { fld2: 18 })).toBe("adult");
  expect(ask("LOWER(TRIM(' Ada ')) & LEN('abc') & FIND('b','abc')")).toBe("ada32");
});

test("dates compare as moments", () => {
  const born = new Date("2000-02-29T00:00:00Z");
  expect(ask("IS_AFTER({Born}, '1999-12-31')", { fld3: born })).toBe(true);
  expect(ask("IS_SAME({Born}, DATETIME_PARSE('2000-02-29T13:00:00Z'), 'day')", { fld3: born })).toBe(true);
  expect(ask("IS_SAME({Born}, DATETIME_PARSE('2000-02-29T13:00:00Z'))", { fld3: born })).toBe(false);
  expect(ask("IS_AFTER(LAST_MODIFIED_TIME(), '2026-02-15T00:00:00Z')")).toBe(true);
  expect(ask("IS_AFTER(LAST_MODIFIED_TIME({Name}), '2026-02-15T00:00:00Z')")).toBe(false);
  expect(ask("IS_BEFORE(CREATED_TIME(), NOW())")).toBe(true);
});

test("what is no formula is refused", () => {
  for (const text of ["", "OR(", "{Name", "1 2", "'open", "NOPE()", "{Nobody}", "LAST_MODIFIED_TIME(1)", "a ; b"]) {
    expect(() => ask(text), text).toThrow(FormulaError);
  }
});

test("a filter by ids is recognized, so that it costs no scan", () => {
  const ids = (text: string) => idsOf(parseFormula(text));
  expect(ids("OR(RECORD_ID()='a', 'b'=RECORD_ID())")).toEqual(["a", "b"]);
  expect(ids("AND({Name}='x', RECORD_ID()='a')")).toEqual(["a"]);
  expect(ids("OR(RECORD_ID()='a', {Name}='x')")).toBeUndefined();
});

test("truth is not blank, not 0 and not empty", () => {
  expect([null, 0, "", false, "x", 1, new Date(0)].map(isTrue)).toEqual([false, false, false, false, true, true, true]);
});
