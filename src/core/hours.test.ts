import { expect, test } from "vitest";
import { isWithin } from "./hours.ts";

const at = (text: string) => Date.parse(text);

test("hours may go over midnight, and are those of their zone, summer time included", () => {
  const night = { from: 22 * 60, until: 6 * 60, zone: "Europe/Berlin" };
  expect(isWithin(night, at("2026-01-15T21:00:00Z"))).toBe(true);
  expect(isWithin(night, at("2026-01-15T20:59:00Z"))).toBe(false);
  expect(isWithin(night, at("2026-07-15T20:00:00Z"))).toBe(true);
  expect(isWithin(night, at("2026-07-15T03:59:00Z"))).toBe(true);
  expect(isWithin(night, at("2026-07-15T04:00:00Z"))).toBe(false);
});

test("hours within one day begin at their first minute and end before their last", () => {
  const noon = { from: 12 * 60, until: 13 * 60, zone: "UTC" };
  const texts = ["2026-01-15T11:59:59Z", "2026-01-15T12:00:00Z", "2026-01-15T12:59:59Z", "2026-01-15T13:00:00Z"];
  expect(texts.map((text) => isWithin(noon, at(text)))).toEqual([false, true, true, false]);
});
