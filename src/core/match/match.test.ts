import { expect, test } from "vitest";
import type { MatchingPolicy } from "../../model/policy.ts";
import { testPolicy } from "../testing/policy.ts";
import { scene } from "../testing/scene.ts";
import { defaultModel } from "./scored/default-model.ts";

const roles = {
  email: "email",
  firstName: "given",
  lastName: "family",
  phone: "phone",
  street: "street",
  city: "city",
  born: "birth-date",
} as const;
const matching: MatchingPolicy = { roles, autoLink: 0.995, review: 0.5 };

function people(options: Parameters<typeof testPolicy>[1] = {}) {
  const policy = testPolicy(
    {
      email: { type: { kind: "email" } },
      firstName: { type: { kind: "name" } },
      lastName: { type: { kind: "name" } },
      phone: { type: { kind: "phone", country: "DE" } },
      street: { type: { kind: "address" } },
      city: {},
      born: { type: { kind: "date" } },
    },
    { matching, ...options },
  );
  return scene(policy, defaultModel("people"));
}

const greta = {
  email: "greta.halvorsen@fjordbau.no",
  firstName: "Greta",
  lastName: "Halvorsen",
  phone: "+49 30 9018201",
  street: "Kanalstraße 14",
  city: "Bremen",
  born: "1971-03-09",
};
const privately = { ...greta, email: "greta.halvorsen71@gmail.com" };

test("a person known by another mailbox is found by all that else agrees, and the journal says by what", () => {
  const world = people();
  world.says("crm", "1", greta);
  expect(world.says("db", "7", privately)).toBe("held");
  expect(world.goldens.size).toBe(1);
  const linked = world.journal.find((line) => line.kind === "linked");
  expect(linked?.why).toMatch(/^likely the same \(\d+\.\d %\): birth same, /u);
});

test("who is likely but not surely the same waits for a person, with what each field says", () => {
  const world = people();
  world.says("crm", "1", { ...greta, born: null, street: null });
  expect(world.says("db", "7", { firstName: "G.", lastName: "Halvorsen", phone: greta.phone })).toBe("held");
  const [hold] = world.openHolds();
  expect(hold).toMatchObject({ kind: "duplicate", matches: ["g1"], scores: [{ goldenId: "g1" }] });
  expect(hold?.scores?.[0]?.evidence).toContainEqual(
    expect.objectContaining({ about: "phone", finding: "same", weight: expect.any(Number) }),
  );
  expect(world.goldens.size).toBe(1);
});

test("who merely shares a home or a name is somebody else", () => {
  const world = people();
  world.says("crm", "1", greta);
  world.says("db", "7", { ...greta, email: "olaf@fjordbau.no", firstName: "Olaf", born: "1998-11-30" });
  world.says("db", "8", { firstName: "Greta", lastName: "Halvorsen", city: "Passau", born: "1990-01-01" });
  expect(world.goldens.size).toBe(3);
  expect(world.openHolds()).toEqual([]);
});

test("father and son of one name, home and telephone are two people", () => {
  const world = people();
  const john = {
    firstName: "John",
    lastName: "Abernathy",
    phone: "+1 206 555 0143",
    city: "Tacoma",
    street: "12 Elm St",
  };
  world.says("crm", "1", { ...john, lastName: "Abernathy Sr." });
  world.says("db", "7", { ...john, lastName: "Abernathy Jr." });
  expect(world.goldens.size).toBe(2);
  expect(world.openHolds()).toEqual([]);
});

test("two records of one system are never made one without a person, unless the config asks for it", () => {
  const world = people();
  world.says("crm", "1", greta);
  expect(world.says("crm", "2", privately)).toBe("held");
  expect(world.openHolds()).toMatchObject([{ kind: "duplicate", ref: { id: "2" } }]);
  expect(world.openHolds()[0]?.reason).toContain("as record 1 of crm");

  const lenient = people({ duplicates: "link" });
  lenient.says("crm", "1", greta);
  lenient.says("crm", "2", privately);
  expect(lenient.goldens.size).toBe(1);
});

test("autoLink: never leaves every link that no key makes to a person", () => {
  const world = scene(
    testPolicy(
      { email: { type: { kind: "email" } }, firstName: {}, lastName: {}, phone: {}, street: {}, city: {}, born: {} },
      { matching },
    ),
    defaultModel("people"),
    null,
  );
  world.says("crm", "1", greta);
  expect(world.says("db", "7", privately)).toBe("held");
  expect(world.openHolds()).toMatchObject([{ kind: "duplicate" }]);
});

test("a mailbox that was given to somebody else does not glue two people", () => {
  const world = people();
  world.says("crm", "1", { email: "sales.lead@fjordbau.no", firstName: "Greta", lastName: "Halvorsen" });
  expect(world.says("db", "7", { email: "sales.lead@fjordbau.no", firstName: "Tomasz", lastName: "Wilk" })).toBe(
    "held",
  );
  expect(world.openHolds()).toMatchObject([{ reason: "same email, but another given name" }]);
});

test("a mailbox that changes in one system stays with its person", () => {
  const world = people();
  world.says("crm", "1", greta);
  world.says("db", "7", greta);
  world.says("crm", "1", { ...greta, email: "greta@neu.example" });
  expect(world.goldens.size).toBe(1);
  expect(world.values()["email"]).toBe("greta@neu.example");
});

test("half a record is not judged by what it resembles: it is read first", () => {
  const world = people();
  world.says("crm", "1", greta);
  const { email: _, ...rest } = privately;
  expect(world.says("db", "7", rest, { complete: false })).toBe("reread");
});
