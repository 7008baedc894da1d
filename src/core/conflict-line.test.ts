import { expect, test } from "vitest";
import type { Rule } from "../model/policy.ts";
import { conflictDecider } from "./conflict-line.ts";
import { testPolicy } from "./testing/policy.ts";
import { scene } from "./testing/scene.ts";

/** Both systems change one person's phone before either has seen the other's. */
function conflictUnder(rule: Rule) {
  const world = scene(
    testPolicy({ email: { type: { kind: "email" } }, phone: { rule } }, { systems: ["crm", "desk"] }),
  );
  for (const system of ["crm", "desk"]) world.says(system, "1", { email: "p@example.org", phone: "old" });
  world.says("crm", "1", { email: "p@example.org", phone: "crm's" });
  world.says("desk", "1", { email: "p@example.org", phone: "desk's" });
  return world;
}

const deciders = ({ journal }: ReturnType<typeof conflictUnder>) =>
  journal.flatMap((line) => conflictDecider(line) ?? []);

test("a conflict is counted once, by who decides it; first values and edits that nobody contradicts are none", () => {
  const review: Rule = { kind: "review" };
  expect(deciders(conflictUnder(review))).toEqual(["person"]);
  expect(deciders(conflictUnder({ kind: "prefer", systems: ["crm"], otherwise: review }))).toEqual(["rule"]);
  expect(deciders(conflictUnder({ kind: "prefer", systems: ["desk"], otherwise: review }))).toEqual(["rule"]);
});
