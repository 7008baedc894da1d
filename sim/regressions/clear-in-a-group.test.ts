import { expect, test } from "vitest";
import { testPolicy } from "../../src/core/testing/policy.ts";
import { coreStory } from "./core-story.ts";

const newest = { kind: "newest", tie: { kind: "keep" } } as const;
const policy = testPolicy(
  {
    email: { type: { kind: "email" } },
    street: { rule: newest, group: "address" },
    city: { rule: newest, group: "address" },
  },
  { systems: ["crm", "desk"] },
);

test("seed 30946: a clear that waits with another field of its group does not end because someone else has a value", () => {
  const story = coreStory(policy);
  const email = "ann@example.org";
  story.says("desk", "d1", 1_000, { email, street: null, city: "Rome" });
  story.says("crm", "c1", 1_000, { email, street: null, city: "Rome" });
  story.says("desk", "d1", 2_000, { email, street: null, city: null });
  story.says("desk", "d1", 3_000, { email, street: "1 Elm Street", city: null });
  story.says("crm", "c1", 4_000, { email, street: null, city: "Oslo" });
  expect(story.holds()[0]?.candidates.map((one) => one.values)).toEqual([
    { street: null, city: "Rome" },
    { street: "1 Elm Street", city: null },
    { street: null, city: "Oslo" },
  ]);
});
