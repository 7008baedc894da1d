import { expect, test } from "vitest";
import { testPolicy } from "../../src/core/testing/policy.ts";
import { coreStory } from "./core-story.ts";

const rule = { kind: "longest" } as const;
const policy = testPolicy(
  { email: { type: { kind: "email" } }, phone: { rule, clears: "restore" } },
  { systems: ["crm", "desk"] },
);
const desk = (phone: string | null) => ({ email: "p@example.org", phone });

/** Both know phone 1. */
function agreed() {
  const story = coreStory(policy);
  story.says("crm", "c1", 1_000, desk("1"));
  story.says("desk", "d1", 1_000, desk("1"));
  return story;
}

test("who fills a field again that was emptied there had seen what it held", () => {
  const story = agreed();
  story.says("desk", "d1", 2_000, desk(null));
  expect(story.value("phone")).toBe("1");
  story.says("desk", "d1", 3_000, desk("2"));
  expect(story.journal.at(-1)).toMatchObject({ kind: "set", to: "2", why: "fast-forward" });
});

test("seed 83269: but not an edit that our write had covered there", () => {
  const story = agreed();
  story.says("crm", "c1", 2_000, desk("22"));
  expect(story.sends("desk", 3_000)).toEqual({ phone: "22" });
  const covered = { phone: [{ value: "a rush edit", at: { from: 3_500, until: 3_500 }, author: null }] };
  story.answers("desk", 4_000, story.written("d1", 4_000, desk("22"), { covered }));
  expect(story.value("phone")).toBe("a rush edit");
  story.says("desk", "d1", 5_000, desk(null));
  story.says("desk", "d1", 6_000, desk("other"));
  expect(story.value("phone")).toBe("a rush edit");
  expect(story.journal.at(-1)).toMatchObject({ kind: "kept", other: "other", why: "longest" });
});
