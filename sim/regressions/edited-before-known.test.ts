import { expect, test } from "vitest";
import { testPolicy } from "../../src/core/testing/policy.ts";
import { coreStory, unknownOutcome } from "./core-story.ts";

const policy = () => testPolicy({ email: { type: { kind: "email" } }, phone: {} }, { systems: ["crm", "desk"] });

/** The crm's contact is made in the desk, and the answer is lost. */
function withLostCreate() {
  const story = coreStory(policy());
  story.says("crm", "c1", 1_000, { email: "p@example.org", phone: "100" });
  expect(story.sends("desk", 2_000)).toEqual({ email: "p@example.org", phone: "100" });
  story.answers("desk", 3_000, unknownOutcome);
  return story;
}

const found = { createKey: "g1" };

test("who edits a record that a create without an answer made has seen what it was made with", () => {
  const story = withLostCreate();
  story.says("desk", "d1", 4_000, { email: "p@example.org", phone: "200" }, found);
  expect(story.value("phone")).toBe("200");
  expect(story.holds()).toEqual([]);
  expect(story.sends("crm", 5_000)).toEqual({ phone: "200" });
});

test("but not what has been agreed on since", () => {
  const story = withLostCreate();
  story.says("crm", "c1", 3_500, { email: "p@example.org", phone: "300" });
  story.says("desk", "d1", 4_000, { email: "p@example.org", phone: "200" }, found);
  expect(story.value("phone")).toBe("300");
  expect(story.holds().map((hold) => hold.kind)).toEqual(["conflict"]);
});

test("seed 306229: a record with the same identity may have been there before, so its blanks empty nothing", () => {
  const rule = { kind: "prefer", systems: ["desk"], otherwise: { kind: "keep" } } as const;
  const story = coreStory(
    testPolicy(
      { email: { type: { kind: "email" } }, phone: { clears: "propagate", rule } },
      { systems: ["crm", "desk"], deletes: "archive" },
    ),
  );
  story.says("crm", "c1", 1_000, { email: "p@example.org", phone: "100" });
  story.sends("desk", 2_000);
  story.answers("desk", 3_000, unknownOutcome);
  story.deletes("crm", "c1", 3_500);
  story.says("desk", "d1", 4_000, { email: "p@example.org", phone: null });
  expect(story.journal.filter((line) => line.kind === "set" && line.to === null)).toEqual([]);
});
