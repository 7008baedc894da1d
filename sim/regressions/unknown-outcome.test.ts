import { expect, test } from "vitest";
import { testPolicy } from "../../src/core/testing/policy.ts";
import { coreStory, unknownOutcome } from "./core-story.ts";

const policy = () => testPolicy({ email: { type: { kind: "email" } }, phone: {} }, { systems: ["crm", "desk"] });

/** Both know phone 1; the crm says 2, which is on its way to the desk. */
function withWriteUnderWay() {
  const story = coreStory(policy());
  story.says("crm", "c1", 1_000, { email: "p@example.org", phone: "1" });
  story.says("desk", "d1", 1_000, { email: "p@example.org", phone: "1" });
  story.says("crm", "c1", 2_000, { email: "p@example.org", phone: "2" });
  expect(story.sends("desk", 3_000)).toEqual({ phone: "2" });
  return story;
}

const desk = (phone: string) => ({ email: "p@example.org", phone });

test("seed 177: a reading begun before the answer failed does not end the wait for what the write covered", () => {
  const story = withWriteUnderWay();
  expect(story.says("desk", "d1", 4_000, desk("edit A"))).toBe("waiting");
  // Edit B came after that reading and was covered by our write, whose answer is lost.
  story.answers("desk", 60_000, unknownOutcome);
  story.says("desk", "d1", 4_000, desk("edit A"));
  story.says("desk", "d1", 61_000, desk("2"), { previous: { phone: "edit B" } });
  const kept = JSON.stringify([story.holds(), story.journal.map((line) => line.other)]);
  expect(kept).toContain("edit A");
  expect(kept).toContain("edit B");
});

test("an edit that was seen before it was covered is not counted as covered once more", () => {
  const story = withWriteUnderWay();
  story.answers("desk", 60_000, unknownOutcome);
  story.says("desk", "d1", 4_000, desk("edit A"));
  const revision = story.holds()[0]?.revision;
  story.says("desk", "d1", 61_000, desk("2"), { previous: { phone: "edit A" } });
  expect(story.journal.filter((line) => line.kind === "held" && line.other === "edit A")).toHaveLength(1);
  expect(revision).toBe(1);
});

test("seed 893: after a write whose sender died, what waits in the inbox is decided before the next write", () => {
  const story = withWriteUnderWay();
  story.answers("desk", 130_000, { kind: "lost" });
  expect(story.link("desk").retryAt).toBeGreaterThan(130_000);
});

test("seed 893: a reading older than what is known, in a system without an order of its own, is journaled and read again", () => {
  const story = withWriteUnderWay();
  expect(story.says("desk", "d1", 4_000, desk("edit A"))).toBe("waiting");
  story.answers("desk", 5_000, story.written("d1", 5_000, desk("2")));
  expect(story.says("desk", "d1", 4_000, desk("edit A"))).toBe("superseded");
  expect(story.journal.at(-1)).toMatchObject({ kind: "superseded", field: "phone", other: "edit A", base: "2" });
});

test("seed 721: a blank that was written as an empty text and had no answer is ours when it is read back", () => {
  const clears = "propagate" as const;
  const rule = { kind: "prefer", systems: ["desk"], otherwise: { kind: "keep" } } as const;
  const story = coreStory(
    testPolicy({ email: { type: { kind: "email" } }, phone: { clears, rule } }, { systems: ["crm", "desk"] }),
  );
  story.says("crm", "c1", 1_000, desk("1"));
  story.says("desk", "d1", 1_000, desk("1"));
  story.says("crm", "c1", 2_000, desk(""));
  expect(story.sends("desk", 3_000)).toEqual({ phone: null });
  story.says("crm", "c1", 4_000, desk("2"));
  story.answers("desk", 5_000, unknownOutcome);
  story.says("desk", "d1", 6_000, desk(""));
  expect(story.value("phone")).toBe("2");
});

test("seed 112795: an edit that our unanswered write covered was edited from what was there before it", () => {
  const tags = (...items: string[]) => ({ email: "p@example.org", tags: ["old", ...items].join(";") });
  const type = { kind: "set" } as const;
  const fields = { email: { type: { kind: "email" } as const }, tags: { type, rule: { kind: "union" } as const } };
  const story = coreStory(testPolicy(fields, { systems: ["crm", "desk"] }));
  story.says("crm", "c1", 1_000, tags());
  story.says("desk", "d1", 1_000, tags());
  story.says("crm", "c1", 2_000, tags("ours"));
  const { tags: sent } = story.sends("desk", 3_000)!;
  story.answers("desk", 4_000, unknownOutcome);
  story.says("desk", "d1", 5_000, { email: "p@example.org", tags: sent! }, { previous: { tags: "old;theirs" } });
  expect(story.value("tags")).toEqual(["old", "ours", "theirs"]);
});

test("seed 91088: an unanswered write of ours that was cut short has covered an edit too", () => {
  const story = withWriteUnderWay();
  story.answers("desk", 4_000, unknownOutcome);
  story.says("crm", "c1", 4_500, desk("2 and more"));
  story.says("desk", "d1", 5_000, desk("2"));
  expect(story.sends("desk", 6_000)).toEqual({ phone: "2 and more" });
  story.answers("desk", 7_000, unknownOutcome);
  story.says("desk", "d1", 8_000, desk("2 and"), { previous: { phone: "edit A" } });
  expect(JSON.stringify([story.holds(), story.journal.map((line) => line.other)])).toContain("edit A");
});
