import { expect, test } from "vitest";
import { outcome } from "./testing/outcome.ts";

test.each([
  ["2025-04-03T10:20:30Z", "2025-04-03T10:20:30.000Z"],
  ["2025-04-03T10:20:30.120+02:00", "2025-04-03T08:20:30.120Z"],
  ["2025-04-03T10:20:30.000+0000", "2025-04-03T10:20:30.000Z"],
  ["2025-04-03 10:20:30.123456-03", "2025-04-03T13:20:30.123Z"],
  ["1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999Z"],
  ["2025-04-03 10:20 UTC", "2025-04-03T10:20:00.000Z"],
  ["2024-12-31T23:30:00-01:30", "2025-01-01T01:00:00.000Z"],
  ["0050-03-01T00:00:00Z", "0050-03-01T00:00:00.000Z"],
  [1743675630123, "2025-04-03T10:20:30.123Z"],
  ["1743675630123", "2025-04-03T10:20:30.123Z"],
])("datetime %j is %j", (raw, expected) => {
  expect(outcome({ kind: "datetime" }, raw)).toBe(expected);
});

test.each([
  ["2025-04-03T10:20:30", "no time zone; write it with Z or an offset"],
  ["2025-04-03", "a day without a time"],
  ["2025-02-29T10:20:30Z", "not in the calendar"],
  ["2025-04-03T24:00:00Z", "not in the calendar or on the clock"],
  ["2025-04-03T10:20:60Z", "not in the calendar or on the clock"],
  ["0001-01-01T00:00:00+02:00", "within the years 0001 to 9999"],
  [1743675630, "are they seconds?"],
  ["20250403", "are they seconds?"],
  [1743675630123.5, "not whole ms"],
  ["Thu, 03 Apr 2025 10:20:30 GMT", "not a moment"],
  ["infinity", "not a moment"],
  [false, "not a moment"],
])("datetime %j is refused: %s", (raw, why) => {
  expect(outcome({ kind: "datetime" }, raw)).toContain(why);
});
