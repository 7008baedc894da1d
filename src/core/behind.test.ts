import { expect, test } from "vitest";
import { testPolicy } from "./testing/policy.ts";
import { scene } from "./testing/scene.ts";

const fields = { email: { type: { kind: "email" as const } }, phone: {}, name: {} };

/** Three systems that agree on one contact, whose changes wait ten seconds. */
function agreed() {
  const world = scene(testPolicy(fields, { settleMs: 10_000 }));
  for (const system of ["crm", "db", "desk"]) world.says(system, "1", { email: "a@b.co", phone: "1", name: "Ann" });
  world.passes(60_000);
  return world;
}

test("a change travels once its record has been left alone for the settle time", () => {
  const world = agreed();
  world.says("crm", "1", { email: "a@b.co", phone: "12", name: "Ann" });
  world.passes(6_000);
  expect(world.dispatch()).toEqual([]);
  // Still being typed; another field counts as well.
  world.says("crm", "1", { email: "a@b.co", phone: "123", name: "Anna" });
  world.passes(6_000);
  expect(world.dispatch()).toEqual([]);
  world.passes(6_000);
  expect(world.dispatch()).toEqual(['db: {"phone":"123","name":"Anna"}', 'desk: {"phone":"123","name":"Anna"}']);
});

test("a moment in the future, from a wrong clock or an import, does not put a change off until then", () => {
  const world = agreed();
  const future = 9_000_000_000_000;
  const changedAt = { from: future, until: future };
  world.says("crm", "1", { email: "a@b.co", phone: "12", name: "Ann" }, { changedAt });
  world.passes(20_000);
  expect(world.dispatch()).toEqual(['db: {"phone":"12"}', 'desk: {"phone":"12"}']);
});

test("a new record waits as well", () => {
  const world = scene(testPolicy(fields, { settleMs: 10_000 }));
  world.says("crm", "1", { email: "a@b.co", phone: "1", name: "Ann" });
  expect(world.dispatch()).toEqual([]);
  world.passes(10_000);
  expect(world.dispatch()).toHaveLength(2);
});
