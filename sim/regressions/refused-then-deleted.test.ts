import { expect, test } from "vitest";
import { testPolicy } from "../../src/core/testing/policy.ts";
import { coreStory } from "./core-story.ts";

test("seed 1142: whoever deletes a record that never took a value has not seen that value", () => {
  const story = coreStory(
    testPolicy({ email: { type: { kind: "email" } } }, { systems: ["crm", "desk"], deletes: "propagate" }),
  );
  story.says("crm", "c1", 1_000, { email: "ann@example.org" });
  story.says("desk", "d1", 1_000, { email: "ann@example.org" });
  story.says("crm", "c1", 2_000, { email: "anna@example.org" });
  // What stands there can't be read, so it is not written over.
  story.says("desk", "d1", 3_000, { email: "none" });
  expect(story.deletes("desk", "d1", 4_000)).toBe("held");
});
