import { expect, test } from "vitest";
import { withoutValues } from "./without-values.ts";

test("what systems quote is left out, and the sentence stays", () => {
  expect(withoutValues('Property values were not valid: "vip" was not one of the allowed options')).toBe(
    "Property values were not valid: … was not one of the allowed options",
  );
  expect(withoutValues("duplicate key: Key (email)=(ada@example.org) already exists")).toBe(
    "duplicate key: Key (email)=(…) already exists",
  );
  expect(withoutValues("Incorrect integer value: 'Ada Lovelace' for column 'age'")).toBe(
    "Incorrect integer value: … for column …",
  );
});

test("addresses and phone numbers are left out unquoted too", () => {
  expect(withoutValues("Email address ada@example.org is invalid")).toBe("Email address … is invalid");
  expect(withoutValues("no such number: +49 30 901820-55")).toBe("no such number: …");
});

test("what is no value stays: apostrophes, addresses of machines, codes", () => {
  const text = "the server doesn't answer, and can't: 127.0.0.1:5432 said 503 after 30000 ms";
  expect(withoutValues(text)).toBe(text);
});
