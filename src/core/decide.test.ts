import { describe, expect, test } from "vitest";
import { testPolicy } from "./testing/policy.ts";
import { scene } from "./testing/scene.ts";

const email = { type: { kind: "email" as const } };

/** Three systems that agree on one contact. */
function agreed(policy: Parameters<typeof scene>[0], cells: Record<string, string>) {
  const world = scene(policy);
  for (const system of ["crm", "db", "desk"]) world.says(system, "1", cells);
  return world;
}

describe("one field, seen from several systems", () => {
  test("a record of which nothing is known is made nowhere, until something is", () => {
    const world = scene(testPolicy({ email, phone: {} }));
    world.says("crm", "1", { email: null, phone: null });
    expect(world.dispatch()).toEqual([]);
    world.says("crm", "1", { email: null, phone: "200" });
    expect(world.dispatch()).toHaveLength(2);
  });

  test("an edit by someone who had the agreed value travels to the others and to nobody else", () => {
    const world = agreed(testPolicy({ email, phone: {} }), { email: "a@b.co", phone: "100" });
    world.says("crm", "1", { email: "a@b.co", phone: "200" });
    expect(world.dispatch()).toEqual(['db: {"phone":"200"}', 'desk: {"phone":"200"}']);
    expect(world.dispatch()).toEqual([]);
  });

  test("edits of different fields on two sides are both kept", () => {
    const world = agreed(testPolicy({ email, phone: {}, city: {} }), { email: "a@b.co", phone: "100", city: "Rome" });
    world.says("crm", "1", { email: "a@b.co", phone: "200", city: "Rome" });
    world.says("db", "1", { email: "a@b.co", phone: "100", city: "Oslo" });
    world.dispatch();
    expect(world.values()).toMatchObject({ phone: "200", city: "Oslo" });
    expect(world.openHolds()).toEqual([]);
  });

  test("two edits of one field since the last sync are a conflict, held with both sides and the base, and neither is written", () => {
    const world = agreed(testPolicy({ email, phone: {} }), { email: "a@b.co", phone: "100" });
    world.says("crm", "1", { email: "a@b.co", phone: "200" });
    expect(world.says("db", "1", { email: "a@b.co", phone: "300" })).toBe("held");
    const [hold] = world.openHolds();
    expect(hold?.candidates.map((candidate) => candidate.values["phone"])).toEqual(["200", "300"]);
    expect(hold?.base).toEqual({ phone: "100" });
    expect(world.dispatch()).toEqual([]);
  });

  test("a hold freezes its field only", () => {
    const world = agreed(testPolicy({ email, phone: {}, city: {} }), { email: "a@b.co", phone: "1", city: "Rome" });
    world.says("crm", "1", { email: "a@b.co", phone: "2", city: "Rome" });
    world.says("db", "1", { email: "a@b.co", phone: "3", city: "Oslo" });
    expect(world.dispatch()).toEqual(['crm: {"city":"Oslo"}', 'desk: {"city":"Oslo"}']);
  });

  test("a hold closes by itself when the systems come to agree", () => {
    const world = agreed(testPolicy({ email, phone: {} }), { email: "a@b.co", phone: "100" });
    world.says("crm", "1", { email: "a@b.co", phone: "200" });
    world.says("db", "1", { email: "a@b.co", phone: "300" });
    world.says("db", "1", { email: "a@b.co", phone: "200" });
    expect(world.openHolds()).toEqual([]);
    expect(world.dispatch()).toEqual(['desk: {"phone":"200"}']);
  });

  test.each([
    ["crm", "db"],
    ["db", "crm"],
  ])("a counter that is held goes on counting, whoever is heard first (%s, then %s)", (first, second) => {
    const score = {
      type: { kind: "number" as const },
      rule: { kind: "counter" as const },
      clears: "propagate" as const,
    };
    const world = agreed(testPolicy({ email, score }), { email: "a@b.co", score: "100" });
    const raised = new Map([
      ["crm", "101"],
      ["db", "121"],
    ]);
    world.says(first, "1", { email: "a@b.co", score: raised.get(first) ?? "" });
    expect(world.says("desk", "1", { email: "a@b.co", score: "" })).toBe("held");
    expect(world.says(second, "1", { email: "a@b.co", score: raised.get(second) ?? "" })).toBe("held");
    expect(world.openHolds()[0]?.candidates.map((one) => one.values["score"])).toEqual(["122", null]);
  });

  test("an absent field says nothing and is read before it is written; a first blank is filled, not copied", () => {
    const world = scene(testPolicy({ email, phone: {} }));
    world.says("crm", "1", { email: "a@b.co", phone: "100" });
    world.says("db", "1", { email: "a@b.co", phone: null });
    world.says("desk", "1", { email: "a@b.co" });
    expect(world.values()).toEqual({ email: "a@b.co", phone: "100" });
    expect(world.dispatch()).toEqual(['db: {"phone":"100"}', "desk: read first"]);
  });

  test.each([
    ["hold", "held", []],
    ["propagate", "applied", ['db: {"phone":null}', 'desk: {"phone":null}']],
    ["restore", "applied", ['crm: {"phone":"100"}']],
  ] as const)("an emptied field under clears: %s", (clears, outcome, writes) => {
    const world = agreed(testPolicy({ email, phone: { clears } }), { email: "a@b.co", phone: "100" });
    expect(world.says("crm", "1", { email: "a@b.co", phone: "" })).toBe(outcome);
    expect(world.dispatch()).toEqual(writes);
  });

  test("an old observation is superseded and changes nothing", () => {
    const world = agreed(testPolicy({ email, phone: {} }), { email: "a@b.co", phone: "100" });
    world.says("crm", "1", { email: "a@b.co", phone: "200" });
    const old = { revision: "00000000000000000001" };
    expect(world.says("crm", "1", { email: "a@b.co", phone: "100" }, old)).toBe("superseded");
    expect(world.values()).toMatchObject({ phone: "200" });
  });

  test("without an order of the system's own, an earlier reading that differs is journaled and read again", () => {
    const world = scene(testPolicy({ email, phone: {} }));
    world.says("crm", "1", { email: "a@b.co", phone: "100" }, { revision: null });
    expect(world.says("crm", "1", { email: "a@b.co", phone: "50" }, { revision: null, observedAt: 5 })).toBe(
      "superseded",
    );
    expect(world.values()).toMatchObject({ phone: "100" });
  });
});

describe("rules on a true conflict", () => {
  const conflict = (rule: Parameters<typeof testPolicy>[0][string], base: string, left: string, right: string) => {
    const world = agreed(testPolicy({ email, note: rule }), { email: "a@b.co", note: base });
    world.says("crm", "1", { email: "a@b.co", note: left });
    world.says("db", "1", { email: "a@b.co", note: right });
    return world;
  };

  test("prefer: the listed system wins in either order, and the loser stays in the journal", () => {
    const prefer = { rule: { kind: "prefer" as const, systems: ["db"], otherwise: { kind: "review" as const } } };
    const world = conflict(prefer, "1", "left", "right");
    expect(world.values()).toMatchObject({ note: "right" });
    expect(world.journal.at(-1)).toMatchObject({
      kind: "set",
      from: "left",
      to: "right",
      other: "left",
      why: "prefer",
    });
  });

  test("owner: an edit beside the source of truth is put back and journaled", () => {
    const world = agreed(testPolicy({ email, note: { rule: { kind: "owner", system: "db" } } }), {
      email: "a@b.co",
      note: "1",
    });
    world.says("crm", "1", { email: "a@b.co", note: "2" });
    expect(world.journal.at(-1)).toMatchObject({ kind: "put-back", other: "2" });
    expect(world.dispatch()).toEqual(['crm: {"note":"1"}']);
  });

  test("counter: both differences count", () => {
    const world = conflict({ type: { kind: "number" }, rule: { kind: "counter" } }, "10", "13", "9");
    expect(world.values()).toMatchObject({ note: "12" });
  });

  test("merge-text: edits of different words are merged", () => {
    const world = conflict(
      { rule: { kind: "merge-text", otherwise: { kind: "review" } } },
      "call me on Monday",
      "call us on Monday",
      "call me on Friday",
    );
    expect(world.values()).toMatchObject({ note: "call us on Friday" });
    expect(world.dispatch()).toHaveLength(3);
  });

  test("forward-only: nobody moves back, not even alone", () => {
    const stages = ["lead", "customer"];
    const world = agreed(testPolicy({ email, note: { rule: { kind: "forward-only", stages } } }), {
      email: "a@b.co",
      note: "customer",
    });
    world.says("crm", "1", { email: "a@b.co", note: "lead" });
    expect(world.dispatch()).toEqual(['crm: {"note":"customer"}']);
  });

  test("a group is decided as a unit", () => {
    const rule = {
      rule: { kind: "prefer" as const, systems: ["db"], otherwise: { kind: "review" as const } },
      group: "address",
    };
    const world = agreed(testPolicy({ email, street: rule, city: rule }), {
      email: "a@b.co",
      street: "1 A St",
      city: "Rome",
    });
    world.says("crm", "1", { email: "a@b.co", street: "2 B St", city: "Rome" });
    world.says("db", "1", { email: "a@b.co", street: "1 A St", city: "Oslo" });
    expect(world.values()).toMatchObject({ street: "1 A St", city: "Oslo" });
  });
});

describe("matching", () => {
  test("one identity in three systems is one golden record, however it is spelled", () => {
    const world = scene(testPolicy({ email }));
    world.says("crm", "1", { email: "A@B.co" });
    world.says("db", "1", { email: " a@b.co" });
    expect(world.goldens.size).toBe(1);
    expect(world.dispatch()).toEqual(['desk: {"email":"a@b.co"}']);
  });

  test("a second record of one system with the same identity is held, and nothing is made beside it", () => {
    const world = scene(testPolicy({ email }));
    world.says("crm", "1", { email: "a@b.co" });
    expect(world.says("crm", "2", { email: "a@b.co" })).toBe("held");
    expect(world.openHolds()).toMatchObject([{ kind: "duplicate", matches: ["g1"] }]);
  });

  test("a weaker key against a stronger one that differs is held: a recycled phone glues nobody", () => {
    const world = scene(
      testPolicy(
        { email, phone: { type: { kind: "phone" } } },
        { identity: [{ fields: ["email"] }, { fields: ["phone"] }] },
      ),
    );
    world.says("crm", "1", { email: "a@b.co", phone: "+49301119876" });
    expect(world.says("db", "1", { email: "z@y.co", phone: "+49301119876" })).toBe("held");
    // It may be the contact that is missing in db, so none is made there.
    expect(world.dispatch()).toEqual(['desk: {"email":"a@b.co","phone":"+49301119876"}']);
  });

  test("a shared mailbox identifies nobody", () => {
    const world = scene(testPolicy({ email }));
    world.says("crm", "1", { email: "info@b.co" });
    world.says("db", "1", { email: "info@b.co" });
    expect(world.goldens.size).toBe(2);
  });

  test("a link survives a change of the identity itself", () => {
    const world = agreed(testPolicy({ email }), { email: "a@b.co" });
    world.says("crm", "1", { email: "new@b.co" });
    expect(world.goldens.size).toBe(1);
    expect(world.dispatch()).toHaveLength(2);
  });
});

describe("deletes and merges", () => {
  test("a deletion is held, and the other systems keep their records", () => {
    const world = agreed(testPolicy({ email }), { email: "a@b.co" });
    expect(world.deletes("crm", "1")).toBe("held");
    expect(world.openHolds()).toMatchObject([{ kind: "delete" }]);
    expect(world.dispatch()).toEqual([]);
  });

  test("a record that comes back is a new generation, and late events of the old one are superseded", () => {
    const world = agreed(testPolicy({ email }), { email: "a@b.co" });
    world.deletes("crm", "1");
    expect(world.says("crm", "1", { email: "late@b.co" }, { revision: "00000000000000000002" })).toBe("superseded");
    world.says("crm", "1", { email: "a@b.co" });
    expect([...world.goldens.values()][0]?.links[0]).toMatchObject({ status: "linked", generation: 1 });
    expect(world.openHolds()).toEqual([]);
  });

  test("after a merge in a system, late events of the loser belong to the survivor", () => {
    const world = agreed(testPolicy({ email, phone: {} }), { email: "a@b.co", phone: "1" });
    world.merges("crm", "9", ["1"]);
    world.says("crm", "9", { email: "a@b.co", phone: "2" });
    expect([...world.goldens.values()][0]?.links[0]).toMatchObject({ id: "9", aliases: ["1"] });
    expect(world.goldens.size).toBe(1);
  });
});

describe("what a system makes of a write", () => {
  test("an edit that our write covered is decided when the history tells of it, however late", () => {
    const prefer = { rule: { kind: "prefer" as const, systems: ["crm"], otherwise: { kind: "review" as const } } };
    const world = agreed(testPolicy({ email, note: prefer }), { email: "a@b.co", note: "1" });
    world.says("db", "1", { email: "a@b.co", note: "from db" });
    world.dispatch();
    const covered = { note: [{ value: "from crm", at: null, author: "Rosa" }] };
    expect(world.says("crm", "1", {}, { complete: false, revision: null, observedAt: 1, covered })).toBe("applied");
    expect(world.values()).toMatchObject({ note: "from crm" });
    expect(world.dispatch()).toHaveLength(3);
  });

  test("a lossy form is reported once, is not written again, and never travels back", () => {
    const world = agreed(testPolicy({ email, note: {} }), { email: "a@b.co", note: "1" });
    world.says("crm", "1", { email: "a@b.co", note: "a long note" });
    world.dispatch((patch) => ("note" in patch ? { note: "a long" } : patch));
    world.says("db", "1", { email: "a@b.co", note: "a long" });
    expect(world.journal.filter((line) => line.kind === "lossy")).toHaveLength(2);
    expect(world.values()).toMatchObject({ note: "a long note" });
    expect(world.dispatch()).toEqual([]);
  });
});
