import { expect, test } from "vitest";
import type { Rule } from "../model/policy.ts";
import { testPolicy } from "./testing/policy.ts";
import { scene } from "./testing/scene.ts";

const prefer: Rule = { kind: "prefer", systems: ["crm", "db"], otherwise: { kind: "keep" } };

/** Two people with one mailbox who were taken for one: the crm's Ann and the db's Tom. */
function glued() {
  const world = scene(
    testPolicy(
      {
        email: { type: { kind: "email" }, rule: prefer },
        name: { rule: prefer },
        phone: { rule: prefer },
        title: { rule: prefer },
      },
      { systems: ["crm", "db", "desk"], create: false },
    ),
  );
  world.says("crm", "1", { email: "hummel@mail.example", name: "Ann", phone: null, title: "Director" });
  world.says("db", "7", { email: "hummel@mail.example", name: "Tom", phone: "200", title: null });
  world.dispatch();
  return world;
}

test("split, each has what its own records said before they met, and the systems are told", () => {
  const world = glued();
  expect(world.valuesOf("db", "7")).toEqual({
    email: "hummel@mail.example",
    name: "Ann",
    phone: "200",
    title: "Director",
  });
  expect(world.splits("g1", ["db", "7"])).toBe("done");
  expect(world.valuesOf("db", "7")).toEqual({ email: "hummel@mail.example", name: "Tom", phone: "200", title: null });
  expect(world.valuesOf("crm", "1")).toEqual({
    email: "hummel@mail.example",
    name: "Ann",
    phone: null,
    title: "Director",
  });
  expect(world.dispatch().sort()).toEqual(['crm: {"phone":null}', 'db: {"name":"Tom","title":null}']);
});

test("edits made while they were one stay where they were made", () => {
  const world = glued();
  const held = { email: "hummel@mail.example", name: "Ann", phone: "200", title: "Director" };
  world.says("db", "7", { ...held, phone: "300" });
  world.says("crm", "1", { ...held, title: "President" });
  world.dispatch();
  world.splits("g1", ["db", "7"]);
  expect(world.valuesOf("db", "7")).toMatchObject({ phone: "300", title: null });
  expect(world.valuesOf("crm", "1")).toMatchObject({ phone: null, title: "President" });
});

test("the two are known to be two: changed to each other's mailbox, nobody is asked", () => {
  const world = glued();
  world.splits("g1", ["db", "7"]);
  const [crm, db] = [world.goldenOf("crm", "1"), world.goldenOf("db", "7")];
  expect(crm?.distinctFrom).toEqual([db?.id]);
  expect(db?.distinctFrom).toEqual([crm?.id]);
});

test("what was split lives on by itself, and its last record can't be taken out", () => {
  const world = glued();
  world.splits("g1", ["db", "7"]);
  world.dispatch();
  const values = { email: "tom@mail.example", name: "Tom", phone: "200", title: null };
  world.says("db", "7", values);
  expect(world.splits("g1", ["crm", "1"])).toBe("At least one record has to stay.");
  expect(world.valuesOf("db", "7")).toEqual(values);
});

test("a record that Truce made keeps what was agreed on", () => {
  const world = scene(
    testPolicy(
      { email: { type: { kind: "email" }, rule: prefer }, name: { rule: prefer } },
      { systems: ["crm", "db"], create: true },
    ),
  );
  world.says("crm", "1", { email: "ann@mail.example", name: "Ann" });
  world.dispatch();
  const made = world.goldens.get("g1")!.links.find(({ system }) => system === "db")!.id!;
  world.splits("g1", ["db", made]);
  expect(world.valuesOf("db", made)).toEqual({ email: "ann@mail.example", name: "Ann" });
});

test("records that are none of its own, or all of them, are refused in words", () => {
  const world = glued();
  expect(world.splits("g1", ["db", "8"])).toBe("db/contacts/8 is no record of g1.");
  expect(world.splits("g1", ["db", "7"], ["crm", "1"])).toBe("At least one record has to stay.");
});
