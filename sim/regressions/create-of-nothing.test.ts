import { expect, test } from "vitest";
import { testPolicy } from "../../src/core/testing/policy.ts";
import { coreStory, unknownOutcome } from "./core-story.ts";

const policy = testPolicy(
  {
    email: { type: { kind: "email" } },
    phone: { clears: "propagate", rule: { kind: "prefer", systems: ["crm"], otherwise: { kind: "keep" } } },
  },
  { systems: ["crm", "desk"] },
);

test("seed 52201: a create that carried no values and had no answer is sent again as it was", () => {
  const story = coreStory(policy);
  story.says("desk", "d1", 1_000, { email: null, phone: null });
  expect(story.sends("crm", 2_000)).toEqual({});
  story.answers("crm", 3_000, unknownOutcome);
  story.says("desk", "d1", 4_000, { email: null, phone: "100" });
  // The record that the first one made holds nothing; that is no edit of anyone's.
  expect(story.sends("crm", 5_000)).toEqual({});
  story.answers("crm", 6_000, story.written("c1", 6_000, { email: null, phone: null }));
  expect(story.value("phone")).toBe("100");
  expect(story.sends("crm", 7_000)).toEqual({ phone: "100" });
});
