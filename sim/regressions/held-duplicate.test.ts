import { expect, test } from "vitest";
import { testPolicy } from "../../src/core/testing/policy.ts";
import { scene } from "../../src/core/testing/scene.ts";
import { coreStory, unknownOutcome } from "./core-story.ts";

const policy = testPolicy(
  { email: { type: { kind: "email" } }, phone: {} },
  { identity: [{ fields: ["email"] }, { fields: ["phone"] }], systems: ["crm", "desk"] },
);

test("seed 50909: what a held record no longer looks like does not wait for it any longer", () => {
  const world = scene(policy);
  world.says("desk", "1", { email: "desk@example.org", phone: "100" });
  expect(world.says("crm", "1", { email: "ann@example.org", phone: "100" })).toBe("held");
  expect(world.dispatch()).toEqual([]);
  world.says("desk", "2", { email: "ben@example.org", phone: "200" });
  // The held record turns out to look like the other one.
  expect(world.says("crm", "1", { email: "cleo@example.org", phone: "200" })).toBe("held");
  expect(world.openHolds()[0]?.matches).toHaveLength(1);
  expect(world.dispatch()).toEqual(['crm: {"email":"desk@example.org","phone":"100"}']);
});

test("seed 55035: a record that was held while a create was on its way is waited for once that create comes to nothing", () => {
  const story = coreStory(policy);
  story.says("desk", "1", 1_000, { email: "ann@example.org", phone: "100" });
  story.sends("crm", 2_000);
  const found = { email: "ben@example.org", phone: "100" };
  expect(story.says("crm", "1", 3_000, found)).toBe("held");
  story.answers("crm", 4_000, unknownOutcome);
  expect(story.says("crm", "1", 5_000, found)).toBe("no-op");
  expect(story.link("crm").waitsFor).not.toBeNull();
});
