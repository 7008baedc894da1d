import { expect, test } from "vitest";
import { testPolicy } from "../../src/core/testing/policy.ts";
import { coreStory, unknownOutcome } from "./core-story.ts";

const policy = testPolicy(
  {
    email: { type: { kind: "email" } },
    phone: { clears: "propagate", rule: { kind: "prefer", systems: ["desk"], otherwise: { kind: "keep" } } },
  },
  { systems: ["crm", "desk"] },
);

test("seed 91458: a record found by its e-mail after a create without an answer may be someone else's, so its blanks empty nothing", () => {
  const story = coreStory(policy);
  story.says("crm", "c1", 1_000, { email: "ann@example.org", phone: "100" });
  expect(story.sends("desk", 2_000)).toEqual({ email: "ann@example.org", phone: "100" });
  story.answers("desk", 3_000, unknownOutcome);
  story.says("desk", "d1", 4_000, { email: "ann@example.org", phone: null });
  expect(story.value("phone")).toBe("100");
  expect(story.sends("desk", 5_000)).toEqual({ phone: "100" });
});
