import { expect, test } from "vitest";
import type { FieldType } from "../../model/field-type.ts";
import { isPlaceholderEmail, isPlaceholderValue } from "./placeholder.ts";

test.each([
  "test@test.com",
  "noreply@contoso.example",
  "no-reply+42@contoso.example",
  "alerts-noreply@google.com",
  "none@none.com",
  "noemail@contoso.example",
  "name@example.com",
  "john.doe@example.org",
  "a@a.com",
  "xxx@xxx.de",
])("%s reaches nobody", (email) => {
  expect(isPlaceholderEmail(email)).toBe(true);
});

test.each([
  "anna.keller@example.org",
  "lena.vogt@contoso.example",
  "info@contoso.example",
  "contoso@contoso.com",
  "a@iana.org",
  "john.doe@contoso.example",
])("%s may be someone", (email) => {
  expect(isPlaceholderEmail(email)).toBe(false);
});

const cases: readonly (readonly [FieldType, readonly string[], readonly string[]])[] = [
  [
    { kind: "phone" },
    ["+10000000000", "+490000000", "+491234567890", "+441111111111;ext=1"],
    ["+4930123456", "+12065550147"],
  ],
  [
    { kind: "text" },
    ["n/a", "N.A.", "-", "???", "Unknown", "(none)", "0000000", "1234567890", "111111", "0", "NA"],
    ["12345", "X", "Nora"],
  ],
  [{ kind: "name" }, ["Test", "Max Mustermann", "n/a", "--", "First Last"], ["Na", "Testa", "Anna Doe"]],
  [{ kind: "choice" }, ["unknown", "-"], ["NA", "0"]],
  [{ kind: "reference", to: "company" }, ["0", "null", "000000"], ["42", "rec1"]],
  [{ kind: "domain" }, ["example.com", "test.com"], ["example-firm.com", "contest.com", "gmail.com"]],
  [{ kind: "url" }, ["https://www.example.com/x", "https://none.com"], ["https://contoso.example/example.com"]],
  [{ kind: "date" }, ["1900-01-01", "1970-01-01", "0001-01-01"], ["1970-01-02", "2000-01-01"]],
  [{ kind: "datetime" }, ["1970-01-01T00:00:00.000Z"], ["1970-01-01T08:15:00.000Z"]],
  [{ kind: "number" }, [], ["0", "1234567890"]],
];

for (const [type, placeholders, real] of cases) {
  test.each(placeholders)(`${type.kind} %j stands for nothing known`, (value) => {
    expect(isPlaceholderValue(type, value)).toBe(true);
  });
  test.each(real)(`${type.kind} %j may be real`, (value) => {
    expect(isPlaceholderValue(type, value)).toBe(false);
  });
}

test("a blank, a boolean and money are no placeholders", () => {
  expect(isPlaceholderValue({ kind: "text" }, null)).toBe(false);
  expect(isPlaceholderValue({ kind: "boolean" }, false)).toBe(false);
  expect(isPlaceholderValue({ kind: "money" }, { amount: "0", currency: "EUR" })).toBe(false);
});
