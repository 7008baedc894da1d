import { expect, test } from "vitest";
import type { Policy, Rule } from "../model/policy.ts";
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

/** Two people in both systems who are one by the rules, and what becomes of a second record in the database. */
function twins(merged: "merge" | "delete", rule: Rule = { kind: "keep" }) {
  const policy = testPolicy(
    {
      email: { type: { kind: "email" }, rule: { kind: "prefer", systems: ["crm"], otherwise: { kind: "keep" } } },
      name: { rule },
    },
    { systems: ["crm", "db"], merges: "link" },
  );
  const { contact } = policy.entities;
  const mappings = contact!.mappings.map((one) => (one.system === "db" ? { ...one, merged } : one));
  const world = scene({ ...policy, entities: { contact: { ...contact!, mappings } } });
  world.says("crm", "1", { email: "ann@x.org", name: "Ann" });
  world.says("db", "10", { email: "ann@x.org", name: "Ann" });
  world.says("crm", "2", { email: "anna@x.org", name: "Anna" });
  world.says("db", "20", { email: "anna@x.org", name: "Anna" });
  expect(world.dispatch()).toEqual([]);
  return world;
}

test("with merged: merge a system of its own merges the record that is left over; both ids mean the one that stays", () => {
  const world = twins("merge");
  const into = world.goldenOf("crm", "1")!.id;
  world.merges("crm", "1", ["2"]);
  expect(world.openHolds()).toEqual([]);
  expect(world.dispatch()).toEqual(["db: merged into 10"]);
  expect(world.goldenOf("db", "20")?.id).toBe(into);
  const links = world.goldens.get(into)!.links.filter(({ system }) => system === "db");
  expect(links).toMatchObject([{ id: "10", status: "linked", aliases: ["20"] }]);
  expect(world.dispatch()).toEqual([]);
  // Late words about the one that is gone touch nobody.
  expect(world.deletes("db", "20")).toBe("no-op");
  world.merges("db", "10", ["20"]);
  expect([world.openHolds(), world.dispatch()]).toEqual([[], []]);
});

test("with merged: delete the record that is left over is deleted, and nobody is asked about that", () => {
  const world = twins("delete");
  const into = world.goldenOf("crm", "1")!.id;
  world.merges("crm", "1", ["2"]);
  expect(world.dispatch()).toEqual(["db: deleted"]);
  expect(world.deletes("db", "20")).toBe("no-op");
  expect([world.openHolds(), world.dispatch()]).toEqual([[], []]);
  expect(world.goldens.get(into)).toMatchObject({ deletedAt: null });
  // Made again by someone, it is a record like any other, of the next generation.
  world.says("db", "20", { email: "ann@x.org", name: "Ann" });
  expect(world.dispatch()).toEqual([]);
  expect(world.goldens.get(into)!.links.find(({ id }) => id === "20")).toMatchObject({
    status: "linked",
    generation: 1,
  });
});

test("what is left over stays while something is open, and goes before the other one is told what it may hold alone", () => {
  const world = twins("delete", { kind: "review" });
  world.merges("crm", "1", ["2"]);
  const [hold] = world.openHolds();
  expect(hold).toMatchObject({ kind: "conflict", fields: ["name"] });
  expect(world.dispatch()).toEqual([]);
  const anna = hold!.candidates.findIndex(({ values }) => values["name"] === "Anna");
  expect(world.decides(hold!, { kind: "take", candidate: anna })).toBe("done");
  const ofDb = () => world.dispatch().filter((line) => line.startsWith("db"));
  expect([...ofDb(), ...ofDb()]).toEqual(["db: deleted", 'db: {"name":"Anna"}']);
});

test("someone who deletes what is left over is not asked about", () => {
  const world = twins("merge");
  world.merges("crm", "1", ["2"]);
  expect(world.deletes("db", "20")).toBe("applied");
  expect([world.openHolds(), world.dispatch()]).toEqual([[], []]);
});

test("an edit of what is left over is decided like any other before it goes", () => {
  const world = twins("merge");
  world.merges("crm", "1", ["2"]);
  world.says("db", "20", { email: "ann@x.org", name: "Anna Maria" });
  expect(world.journal.some(({ kind, other }) => kind === "kept" && other === "Anna Maria")).toBe(true);
  expect(world.dispatch()).toEqual(["db: merged into 10"]);
});
