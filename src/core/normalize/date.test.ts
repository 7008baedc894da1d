import { expect, test } from "vitest";
import { outcome } from "./testing/outcome.ts";

test.each([
  ["2025-04-03", "2025-04-03"],
  ["2025/4/3", "2025-04-03"],
  ["2024-02-29", "2024-02-29"],
  ["2025-04-03T00:00:00.000Z", "2025-04-03"],
  ["2025-04-03 00:00:00+00", "2025-04-03"],
  ["2025-04-03T00:00", "2025-04-03"],
  [1743638400000, "2025-04-03"],
  ["1743638400000", "2025-04-03"],
  [-86400000, "1969-12-31"],
  ["0001-01-01", "0001-01-01"],
])("date %j is %j", (raw, expected) => {
  expect(outcome({ kind: "date" }, raw)).toBe(expected);
});

test.each([
  ["03/04/2025", "may be day or month first; write the year first, as in 2025-04-03"],
  ["17.03.1984", "day or month first"],
  ["2025-02-29", "not in the calendar"],
  ["0000-00-00", "not in the calendar"],
  ["2025-04-03T10:00:00Z", "time of day"],
  ["2025-04-03T00:00:00+02:00", "time of day or a zone"],
  [1743638400001, "midnight UTC in ms"],
  [20250403, "midnight UTC in ms"],
  ["2025", "midnight UTC in ms"],
  ["000000", "not a date"],
  ["next Tuesday", "not a date"],
  ["2025-04/03", "not a date"],
  [true, "not a date"],
])("date %j is refused: %s", (raw, why) => {
  expect(outcome({ kind: "date" }, raw)).toContain(why);
});
