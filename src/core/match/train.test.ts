import { expect, test } from "vitest";
import type { Hold } from "../../model/hold.ts";
import type { MatchingPolicy } from "../../model/policy.ts";
import { testPolicy } from "../testing/policy.ts";
import { scene } from "../testing/scene.ts";
import { defaultModel } from "./scored/default-model.ts";
import { learnFromHolds } from "./train.ts";

const matching: MatchingPolicy = {
  roles: { firstName: "given", lastName: "family", street: "street", city: "city" },
  autoLink: null,
  review: 0.02,
};

/** People at one address of whom the db has only the initial, decided by a person who always says the same. */
function decided(times: number, say: "link" | "new" | "leave"): Hold[] {
  return Array.from({ length: times }, (_, i) => {
    const world = scene(
      testPolicy({ firstName: {}, lastName: {}, street: {}, city: {} }, { identity: [], matching }),
      defaultModel("people"),
      null,
    );
    const home = { lastName: "Halvorsen", street: `Kanalstraße ${i + 1}`, city: "Bremen" };
    world.says("crm", "1", { ...home, firstName: "Jin" });
    world.says("db", "7", { ...home, firstName: "J." });
    const [hold] = world.openHolds() as [Hold];
    world.decides(hold, say === "link" ? { kind: "link", goldenId: hold.matches[0]! } : { kind: say });
    return world.holdWith(hold.id)!;
  });
}

test("what people always say of a kind of evidence moves its weight their way", () => {
  const [never, always] = [learnFromHolds(decided(30, "new"))!, learnFromHolds(decided(30, "link"))!];
  const weightOf = (lesson: typeof never) =>
    lesson.crossings.find(({ about }) => about === "initial at one address or phone")!.weight;
  expect(weightOf(never)).toBeLessThan(-0.2);
  expect(weightOf(always)).toBeGreaterThan(weightOf(never));
  expect(never).toMatchObject({ same: 0, different: 30 });
  expect(never.rightAfter).toBeGreaterThanOrEqual(never.rightBefore);
});

test("a hold that was left, or closed by itself, teaches nothing", () => {
  expect(learnFromHolds(decided(3, "leave"))).toBeNull();
  const [hold] = decided(1, "new") as [Hold];
  expect(learnFromHolds([{ ...hold, closed: { ...hold.closed!, by: "truce" } }])).toBeNull();
});

test("the same decisions teach the same", () => {
  expect(learnFromHolds(decided(5, "new"))).toEqual(learnFromHolds(decided(5, "new")));
});
