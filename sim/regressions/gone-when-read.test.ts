import { expect, test } from "vitest";
import { testPolicy } from "../../src/core/testing/policy.ts";
import { revisionOf } from "../../src/model/observation.ts";
import { coreStory } from "./core-story.ts";

test("seed 273: an event that had to wait does not bring a record back that was then found to be gone", () => {
  const policy = testPolicy(
    { email: { type: { kind: "email" } }, phone: {} },
    { systems: ["crm", "desk"], deletes: "ignore" },
  );
  const story = coreStory(policy);
  story.says("crm", "c1", 1_000, { email: "p@example.org", phone: "1" });
  story.says("desk", "d1", 1_000, { email: "p@example.org", phone: "1" }, { revision: revisionOf(1) });
  expect(story.deletes("desk", "d1", 5_000)).toBe("applied");
  const event = { revision: revisionOf(2), complete: false };
  expect(story.says("desk", "d1", 4_000, { phone: "2" }, event)).toBe("superseded");
  expect(story.link("desk").status).toBe("deleted");
  // Told of only later, it is back.
  story.says("desk", "d1", 6_000, { phone: "3" }, { ...event, revision: revisionOf(3) });
  expect(story.link("desk").status).toBe("linked");
});
