import { expect, test } from "vitest";
import type { EntityPolicy } from "../model/policy.ts";
import { presenceOf, standingsOf } from "./convergence.ts";
import { testPolicy } from "./testing/policy.ts";
import { scene } from "./testing/scene.ts";

function agreed() {
  const policy = testPolicy(
    { email: { type: { kind: "email" } }, phone: { rule: { kind: "review" } }, note: {} },
    { systems: ["crm", "desk"] },
  );
  const world = scene(policy);
  world.says("crm", "1", { email: "p@example.org", phone: "1", note: "n" });
  world.says("desk", "1", { email: "p@example.org", phone: "1", note: "n" });
  const entity: EntityPolicy = policy.entities["contact"]!;
  const mapping = entity.mappings.find(({ system }) => system === "desk")!;
  const golden = () => [...world.goldens.values()][0]!;
  const inDesk = (change: object = {}) => {
    const link = golden().links.find(({ system }) => system === "desk")!;
    return standingsOf(golden(), { ...link, ...change }, entity, mapping);
  };
  return { world, golden, inDesk, mapping };
}

test("what all systems hold agrees, blanks too", () => {
  expect(agreed().inDesk()).toEqual({ email: "agrees", phone: "agrees", note: "agrees" });
});

test("what is to be written is behind; then it agrees", () => {
  const { world, inDesk } = agreed();
  world.says("crm", "1", { email: "p@example.org", phone: "1", note: "new" });
  expect(inDesk()["note"]).toBe("behind");
  world.dispatch();
  expect(inDesk()["note"]).toBe("agrees");
});

test("a conflict is held in the system whose value waits", () => {
  const { world, inDesk } = agreed();
  world.says("crm", "1", { email: "p@example.org", phone: "2", note: "n" });
  world.says("desk", "1", { email: "p@example.org", phone: "3", note: "n" });
  expect(inDesk()).toEqual({ email: "agrees", phone: "held", note: "agrees" });
});

test("a refusal, a dead link and another form are told apart", () => {
  const { world, golden, inDesk } = agreed();
  world.says("crm", "1", { email: "p@example.org", phone: "1", note: "new" });
  const { version } = golden().fields["note"]!;
  expect(inDesk({ refused: { note: { version, reason: "no" } } })["note"]).toBe("refused");
  expect(inDesk({ dead: "no answer" })["note"]).toBe("stuck");
  expect(inDesk({ seen: { note: version } })["note"]).toBe("other-form");
});

test("a record that is not there yet waits, is stuck, or is not wanted", () => {
  const { golden, mapping } = agreed();
  const without = (change: object) => ({
    ...golden(),
    links: golden().links.map((link) =>
      link.system === "desk" ? { ...link, status: "wanted" as const, ...change } : link,
    ),
  });
  expect(presenceOf(golden(), mapping)).toBe("linked");
  expect(presenceOf(without({}), mapping)).toBe("waiting");
  expect(presenceOf(without({ dead: "refused" }), mapping)).toBe("stuck");
  expect(presenceOf(without({ waitsFor: "hold" }), mapping)).toBe("blocked");
  expect(presenceOf(without({}), { ...mapping, create: false })).toBe("absent");
});
