import { expect, test } from "vitest";
import type { Hold } from "../model/hold.ts";
import type { Rule } from "../model/policy.ts";
import { testPolicy } from "./testing/policy.ts";
import { scene } from "./testing/scene.ts";

const prefer: Rule = { kind: "prefer", systems: ["crm", "db"], otherwise: { kind: "keep" } };

function contacts() {
  return scene(
    testPolicy(
      {
        email: { type: { kind: "email" }, rule: prefer },
        phone: { rule: prefer },
        note: {},
        street: { rule: prefer, group: "address" },
        city: { rule: prefer, group: "address" },
      },
      { systems: ["crm", "db", "desk"], create: false },
    ),
  );
}

/** Two golden records of one person, whose mailbox in the one has just become that of the other. */
function twice() {
  const world = contacts();
  world.says("crm", "1", { email: "ann@old.example", phone: "100", note: "calls back", street: "A 1", city: "Bonn" });
  world.says("db", "7", { email: "ann@new.example", phone: "200", note: "met in Rome", street: "B 2", city: "Köln" });
  world.says("crm", "1", { email: "ann@new.example", phone: "100", note: "calls back", street: "A 1", city: "Bonn" });
  const [hold] = world.openHolds() as [Hold];
  return { world, hold };
}

test("a mailbox that becomes another golden record's opens a hold with both owners, and travels on", () => {
  const { world, hold } = twice();
  expect(hold).toMatchObject({ kind: "duplicate", goldenId: "g1", matches: ["g2"], fields: ["email"] });
  expect(hold.candidates.map(({ values }) => values["phone"])).toEqual(["100", "200"]);
  expect(world.valuesOf("crm", "1")["email"]).toBe("ann@new.example");
});

test("once they share it no more, nobody is asked", () => {
  const { world } = twice();
  world.says("crm", "1", { email: "ann@third.example", phone: "100", note: "calls back", street: "A 1", city: "Bonn" });
  expect(world.openHolds()).toEqual([]);
});

test("made one, they are decided field by field by the rules, and what lost is in the journal", () => {
  const { world, hold } = twice();
  expect(world.decides(hold, { kind: "link", goldenId: "g2" })).toBe("done");
  expect(world.goldenOf("crm", "1")?.id).toBe("g2");
  expect(world.valuesOf("db", "7")).toMatchObject({
    email: "ann@new.example",
    phone: "100",
    street: "A 1",
    city: "Bonn",
  });
  const told = world.journal.filter(({ goldenId, kind }) => goldenId === "g2" && kind === "set");
  expect(told).toContainEqual(expect.objectContaining({ field: "phone", to: "100", other: "200" }));
  expect(world.goldens.get("g1")).toMatchObject({ mergedInto: "g2", links: [], holds: [] });
  expect(world.dispatch()).toEqual([expect.stringContaining('"phone":"100"')]);
});

test("what no rule decides waits, with both values", () => {
  const { world, hold } = twice();
  world.decides(hold, { kind: "link", goldenId: "g2" });
  expect(world.openHolds()).toMatchObject([
    {
      kind: "conflict",
      fields: ["note"],
      candidates: [{ values: { note: "met in Rome" } }, { values: { note: "calls back" } }],
    },
  ]);
});

test("an edit after the merging is an edit, not a conflict", () => {
  const { world, hold } = twice();
  world.decides(hold, { kind: "link", goldenId: "g2" });
  world.dispatch();
  const held = { email: "ann@new.example", phone: "100", note: "met in Rome", street: "A 1", city: "Bonn" };
  expect(world.says("db", "7", { ...held, phone: "300" })).toBe("applied");
  expect(world.valuesOf("crm", "1")["phone"]).toBe("300");
});

test("seed 83112: what a system keeps in a shorter form is not told to it again", () => {
  const rule: Rule = { kind: "longest" };
  const world = scene(
    testPolicy({ email: { type: { kind: "email" } }, note: { rule } }, { systems: ["crm", "db"], create: false }),
  );
  world.says("crm", "1", { email: "ann@old.example", note: "one" });
  world.says("db", "1", { email: "ann@old.example", note: "one" });
  world.says("crm", "1", { email: "ann@old.example", note: "calls back on Monday" });
  expect(world.dispatch((patch) => ({ ...patch, note: "calls" }))).toEqual(['db: {"note":"calls back on Monday"}']);
  world.says("crm", "2", { email: "ann@new.example", note: "met in Rome" });
  world.says("crm", "1", { email: "ann@new.example", note: "calls back on Monday" });
  const [hold] = world.openHolds() as [Hold];
  expect(world.decides(hold, { kind: "link", goldenId: hold.matches[0]! })).toBe("done");
  expect(world.valuesOf("db", "1")["note"]).toBe("calls back on Monday");
  expect(world.dispatch()).toEqual(['crm: {"note":"calls back on Monday"}', 'db: {"email":"ann@new.example"}']);
});

test("a late word for the golden record that was merged away reaches the one it became", () => {
  const { world, hold } = twice();
  world.decides(hold, { kind: "link", goldenId: "g2" });
  world.says("desk", "9", { email: null, phone: "555" }, { createKey: "g1" });
  expect(world.goldenOf("desk", "9")?.id).toBe("g2");
});

test("not the same is remembered: nobody is asked about the two again", () => {
  const { world, hold } = twice();
  expect(world.decides(hold, { kind: "new" })).toBe("done");
  const held = { phone: "100", note: "calls back", street: "A 1", city: "Bonn" };
  world.says("crm", "1", { ...held, email: "ann@third.example" });
  world.says("crm", "1", { ...held, email: "ann@new.example" });
  expect(world.openHolds()).toEqual([]);
  expect(world.goldens.get("g1")?.distinctFrom).toEqual(["g2"]);
});

test("a merge is refused in words where there is no such golden record", () => {
  const { world, hold } = twice();
  expect(world.decides(hold, { kind: "link", goldenId: "nobody" })).toMatch(/no such golden record/u);
});
