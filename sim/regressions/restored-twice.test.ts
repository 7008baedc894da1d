import { expect, test } from "vitest";
import { judge } from "../../src/core/judge.ts";
import { testPolicy } from "../../src/core/testing/policy.ts";
import { scene } from "../../src/core/testing/scene.ts";

const policy = testPolicy(
  { email: { type: { kind: "email" } } },
  { systems: ["crm", "desk"], duplicates: "link", deletes: "hold" },
);

test("seed 587: of two records that were deleted in one system, one is made again", () => {
  const world = scene(policy);
  world.says("crm", "1", { email: "ann@example.org" });
  world.says("desk", "1", { email: "ann@example.org" });
  world.says("desk", "2", { email: "ann@example.org" });
  world.deletes("desk", "1");
  world.deletes("desk", "2");
  const [golden] = [...world.goldens.values()];
  let decided = golden!;
  for (const { id } of golden!.holds) {
    const hold = decided.holds.find((one) => one.id === id)!;
    const decision = { holdId: id, revision: hold.revision, by: "anna", choice: { kind: "restore" } } as const;
    const judged = judge(decided, () => undefined, hold, decision, policy, 9_000_000);
    if (judged.kind === "done") decided = judged.goldens[0]!;
  }
  expect(decided.holds).toEqual([]);
  expect(decided.links.filter((link) => link.system === "desk").map((link) => link.status)).toEqual([
    "deleted",
    "deleted",
    "wanted",
  ]);
});
