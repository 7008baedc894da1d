import { expect, test } from "vitest";
import { testPolicy } from "../../src/core/testing/policy.ts";
import { scene } from "../../src/core/testing/scene.ts";

test("seed 89298: a record of which a part was never seen is read before it is deleted with the others", () => {
  const policy = testPolicy(
    { email: { type: { kind: "email" } }, phone: {} },
    { systems: ["crm", "desk"], deletes: "propagate" },
  );
  const world = scene(policy);
  world.says("crm", "1", { email: "ann@example.org", phone: "1" });
  world.says("desk", "1", { email: "ann@example.org" });
  world.deletes("crm", "1");
  expect(world.dispatch()).toEqual(["desk: read first"]);
  // Nobody who deleted it has seen this.
  world.says("desk", "1", { email: "ann@example.org", phone: "2" });
  expect(world.dispatch()).toEqual([]);
  expect(world.openHolds().map((hold) => hold.kind)).toEqual(["conflict", "delete"]);
});
