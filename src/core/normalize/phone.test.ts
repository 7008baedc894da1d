import { describe, expect, test } from "vitest";
import { outcome } from "./testing/outcome.ts";

test.each([
  ["030 23125 118", "DE", "+493023125118"],
  ["(206) 555-0147 ext. 12", "US", "+12065550147;ext=12"],
  ["tel:+1-206-555-0147;ext=12", undefined, "+12065550147;ext=12"],
  ["+1 206-555-0100 x201", undefined, "+12065550100;ext=201"],
  ["0221 4710 084 #323", "DE", "+492214710084;ext=323"],
  ["+49 30 23125-0 Durchwahl 07", undefined, "+4930231250;ext=07"],
  ["+49 30 23125 (DW: 12)", undefined, "+493023125;ext=12"],
  ["０３－１２３４－５６７８", "JP", "+81312345678"],
  ["٠٤١٢ ٣٤٥ ٦٧٨", "AU", "+61412345678"],
  ["\u202a+49 176 1234567\u202c", undefined, "+491761234567"],
  ["+44 (0)7700 900123", undefined, "+447700900123"],
  ["+39 (0)6 69812345", undefined, "+390669812345"],
  ["0049 (0)30 231250", undefined, "+4930231250"],
  ["0049 30 231250", "US", "+4930231250"],
  ["011 49 30 231250", "US", "+4930231250"],
  ["Mobil: 0176/1234567", "de", "+491761234567"],
  ["030 / 231250", "DE", "+4930231250"],
  ["49 30 23125118", "DE", "+493023125118"],
  [3023125118, "DE", "+493023125118"],
  ["+1 000 000 0000", undefined, "+10000000000"],
])("phone %j in %s is %j", (raw, country, expected) => {
  expect(outcome({ kind: "phone", ...(country === undefined ? {} : { country }) }, raw)).toBe(expected);
});

describe("nothing beside the number is dropped: it is refused", () => {
  test.each([
    ["030 231250", undefined, "no country prefix.*set the field's `country`"],
    ["030 231250", "XX", "not an ISO 3166 code"],
    ["12", "DE", "not a possible number in DE"],
    ["+49 1", undefined, "not a possible number"],
    ["+999 123456", undefined, "not a possible number"],
    ["+49 30 231250 (call after 5)", undefined, "something beside the number"],
    ["Fax: +49 30 231250", undefined, "something beside the number"],
    ["+49 30 231250, +49 30 231251", undefined, "something beside the number"],
    ["030 12345 / 030 12346", "DE", "two numbers"],
    ["+493012345 +493012346", undefined, "two numbers"],
    [491761234567, "DE", "write it with \\+ or in national form"],
    ["1-800-FLOWERS", "US", "something beside the number"],
    ["+".repeat(101), undefined, "too long"],
    [true, undefined, "not a phone number"],
  ])("%j in %s: %s", (raw, country, why) => {
    const type = { kind: "phone", ...(country === undefined ? {} : { country }) } as const;
    expect(outcome(type, raw)).toMatch(new RegExp(`^refused: .*${why}`));
  });
});
