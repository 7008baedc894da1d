import { expect, test } from "vitest";
import type { Policy } from "../model/policy.ts";
import { testPolicy } from "./testing/policy.ts";
import { scene } from "./testing/scene.ts";

function people(merges: "hold" | "link"): Policy {
  return testPolicy(
    { email: { type: { kind: "email" } }, name: {}, tags: { type: { kind: "set" }, rule: { kind: "union" } } },
    { systems: ["crm", "db"], merges },
  );
}

/** Two people in both systems. */
function two(merges: "hold" | "link") {
  const world = scene(people(merges));
  world.says("crm", "1", { email: "ann@x.org", name: "Ann", tags: ["a"] });
  world.says("crm", "2", { email: "anna@x.org", name: "Anna", tags: ["b"] });
  world.dispatch();
  return world;
}

test("by default a person is asked whether records that one system merged are one elsewhere too", () => {
  const world = two("hold");
  world.merges("crm", "1", ["2"]);
  expect(world.openHolds().map((hold) => [hold.kind, hold.reason])).toEqual([
    ["duplicate", "merged in crm, still two elsewhere"],
  ]);
});

test("with merges: link the golden records become one; rules decide, and what no rule decides is held", () => {
  const world = two("link");
  const [into, from] = [world.goldenOf("crm", "1")!.id, world.goldenOf("crm", "2")!.id];
  expect(world.merges("crm", "1", ["2"])).toBe("applied");
  expect(world.goldens.get(from)).toMatchObject({ mergedInto: into, links: [], holds: [] });
  expect(world.goldenOf("crm", "2")?.id).toBe(into);
  expect(world.goldenOf("db", `db-${from}`)?.id).toBe(into);
  expect(world.goldens.get(into)?.fields["tags"]?.value).toEqual(["a", "b"]);
  expect(world.openHolds().map((hold) => [hold.kind, hold.fields])).toEqual([
    ["conflict", ["email"]],
    ["conflict", ["name"]],
  ]);
  // Both records of the other system are told what the rule has decided.
  expect(world.dispatch().filter((line) => line.startsWith("db"))).toEqual([
    'db: {"tags":["a","b"]}',
    'db: {"tags":["a","b"]}',
  ]);
});
