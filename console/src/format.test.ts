import { expect, test } from "vitest";
import { fieldText, whenText } from "./format.ts";

const now = 1_800_000_000_000;
const day = 86_400_000;

test.each([
  ["a moment", { from: now - 60_000, until: now - 60_000 }, "1 min ago"],
  ["one that is known well enough", { from: now - 90 * day - 2_000, until: now - 90 * day + 2_000 }, "90 days ago"],
  ["one that may be off by more than a little", { from: now - 80_000, until: now - 40_000 }, "1 min ago ± 20 sec"],
  ["one that lies anywhere in between", { from: now - 90 * day, until: now - 60_000 }, "1 min to 90 days ago"],
  ["one of which only the end is known", { from: 0, until: now - 60_000 }, "1 min ago"],
])("%s is told as exactly as it is known", (_, interval, text) => {
  expect(whenText(interval, now)).toBe(text);
});

test("names of fields are written as people write them", () => {
  expect(["firstName", "job_title", "email"].map(fieldText)).toEqual(["First name", "Job title", "Email"]);
});
