import { expect, test } from "vitest";
import { outcome } from "./testing/outcome.ts";

test.each([
  ["  two\r\nlines\rmore \n", "two\nlines\nmore"],
  ["inner   spaces stay", "inner   spaces stay"],
  ["Cafe\u0301", "Café"],
  ["\ufeff\u00a0x\u3000", "x"],
  [" 👩‍👩‍👧 שלום", "👩‍👩‍👧 שלום"],
  ["<b>' OR 1=1 --", "<b>' OR 1=1 --"],
  [42, "42"],
  [1.5, "1.5"],
  [false, "false"],
  [2 ** 53, expect.stringMatching(/^refused: .*above 2\^53.*send it as a string/)],
])("text %j is %j", (raw, expected) => {
  expect(outcome({ kind: "text" }, raw)).toEqual(expected);
});

test.each([
  ["  Anna \t Maria\n Keller ", "Anna Maria Keller"],
  ["McKAY van der Berg", "McKAY van der Berg"],
  ["İrem", "İrem"],
  ["Mu\u0308ller", "Müller"],
])("name %j is %j: one line, single spaces, case as typed", (raw, expected) => {
  expect(outcome({ kind: "name" }, raw)).toBe(expected);
});

test.each([
  ["Hauptstr. 5\r\n10115  Berlin\n\nGermany", "Hauptstr. 5, 10115 Berlin, Germany"],
  [" , Main St 1 ,,\n, Apt 2,", "Main St 1, Apt 2"],
  ["Main St 1,Apt 2", "Main St 1, Apt 2"],
  [", \n,", null],
])("address %j is %j: one line, parts between commas", (raw, expected) => {
  expect(outcome({ kind: "address" }, raw)).toBe(expected);
});
