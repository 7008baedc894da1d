import { expect, test } from "vitest";
import { testPolicy } from "../../src/core/testing/policy.ts";
import { scene } from "../../src/core/testing/scene.ts";

const policy = testPolicy(
  { email: { type: { kind: "email" } }, phone: {} },
  { identity: [{ fields: ["email"] }, { fields: ["phone"] }], systems: ["crm", "desk"] },
);

/** The crm has a record with the desk's phone number and another e-mail, and a person leaves it as it is. */
function withLeftRecord() {
  const world = scene(policy);
  world.says("desk", "1", { email: "desk@example.org", phone: "100" });
  expect(world.says("crm", "1", { email: "ann@example.org", phone: "100" })).toBe("held");
  expect(world.decides(world.openHolds()[0]!, { kind: "leave" })).toBe("done");
  expect(world.dispatch()).toEqual([]);
  expect(world.says("crm", "1", { email: "ann@example.org", phone: "100" })).toBe("no-op");
  expect(world.openHolds()).toEqual([]);
  return world;
}

test("what a record that was left as it is resembled goes on once that record is deleted", () => {
  const world = withLeftRecord();
  expect(world.deletes("crm", "1")).toBe("applied");
  expect(world.dispatch()).toEqual(['crm: {"email":"desk@example.org","phone":"100"}']);
});

test("what a record that was left as it is no longer resembles goes on", () => {
  const world = withLeftRecord();
  world.says("crm", "1", { email: "ann@example.org", phone: "300" });
  expect(world.dispatch()).toContain('crm: {"email":"desk@example.org","phone":"100"}');
});

test("seed 70283: whoever else comes to resemble a record that was left as it is, of them a person is asked anew", () => {
  const world = withLeftRecord();
  world.says("desk", "2", { email: "ann@example.org", phone: "200" });
  expect(world.says("crm", "1", { email: "ann@example.org", phone: "100" })).toBe("held");
  expect(world.openHolds().map((hold) => [hold.kind, hold.matches.length])).toEqual([["duplicate", 2]]);
  expect(world.dispatch()).toEqual([]);
});
