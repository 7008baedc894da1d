import { expect, test } from "vitest";
import { testPolicy } from "../../src/core/testing/policy.ts";
import { scene } from "../../src/core/testing/scene.ts";

const policy = testPolicy({ email: { type: { kind: "email" } }, phone: {} }, { systems: ["crm", "desk"] });

test("seed 51222: a late event of a record that was merged away is no edit of the one it was merged into", () => {
  const world = scene(policy);
  world.says("crm", "1", { email: "ann@example.org", phone: "100" });
  world.says("crm", "2", { email: "ben@example.org", phone: "200" });
  world.merges("crm", "1", ["2"]);
  expect(world.says("crm", "2", { email: "ben@example.org", phone: "201" })).toBe("superseded");
  expect([...world.goldens.values()].map((golden) => golden.fields["phone"]?.value)).toEqual(["100", "200"]);
  expect(world.journal.filter((line) => line.kind === "superseded").map((line) => line.other)).toContain("201");
});
