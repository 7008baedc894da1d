import { expect, test } from "vitest";
import { testPolicy } from "../../src/core/testing/policy.ts";
import { goldenUnit } from "../../src/engine/commit.ts";
import { landedMs } from "../../src/engine/deps.ts";
import { createMemoryStore } from "../../src/store/memory/memory-store.ts";
import { coreStory } from "./core-story.ts";

test("seed 893: a write of a process that is gone stays due soon, whatever else is committed about its record", () => {
  const policy = testPolicy({ email: { type: { kind: "email" } }, phone: {} }, { systems: ["crm", "desk"] });
  const story = coreStory(policy);
  story.says("crm", "c1", 1_000, { email: "p@example.org", phone: "1" });
  story.says("desk", "d1", 1_000, { email: "p@example.org", phone: null });
  story.sends("desk", 2_000);
  const startedAt = 3_000;
  const clock = { now: () => 3_500, sleep: async () => undefined };
  const deps = { policy, clock, store: createMemoryStore(), startedAt };
  const due = goldenUnit(deps, story.golden(), 0, () => undefined).due.filter((row) => row.system === "desk");
  expect(Math.min(...due.map((row) => row.dueAt))).toBe(startedAt + landedMs);
});
