import { expect, test } from "vitest";
import { judge } from "./judge.ts";
import { reopen } from "./reopen.ts";
import { testPolicy } from "./testing/policy.ts";
import { scene } from "./testing/scene.ts";

const policy = testPolicy({ email: { type: { kind: "email" } }, phone: {} });
const now = 2_000_000;

/** A conflict on the phone, 200 of crm against 300 of db, decided for this candidate. */
function decided(candidate: number) {
  const world = scene(policy);
  for (const system of ["crm", "db"]) world.says(system, "1", { email: "a@b.co", phone: "100" });
  world.says("crm", "1", { email: "a@b.co", phone: "200" });
  world.says("db", "1", { email: "a@b.co", phone: "300" });
  const golden = [...world.goldens.values()][0]!;
  const hold = golden.holds[0]!;
  const choice = { kind: "take" as const, candidate };
  const judged = judge(
    golden,
    () => undefined,
    hold,
    { holdId: hold.id, revision: hold.revision, by: "ann", choice },
    policy,
    now,
  );
  const decided = judged.kind === "done" ? judged.goldens[0] : undefined;
  if (judged.kind !== "done" || decided === undefined) throw new Error("It was not decided.");
  return { golden: decided, hold: judged.hold, lines: judged.journal, before: hold };
}

test.each([0, 1])(
  "a decision for candidate %i is taken back: the value is what it was, and the hold open as it was",
  (candidate) => {
    const { golden, hold, lines, before } = decided(candidate);
    const undone = reopen(golden, hold, lines, "bob", policy, now + 1);
    expect(undone).toMatchObject({
      kind: "done",
      golden: { fields: { phone: { value: "200" } }, holds: [{ id: hold.id }] },
      hold: { ...before, revision: before.revision + 2, updatedAt: now + 1 },
    });
  },
);

test("it is not taken back once the field has moved on, or when the hold is open anyway", () => {
  const { golden, hold, lines, before } = decided(1);
  const phone = golden.fields["phone"]!;
  const moved = { ...golden, fields: { ...golden.fields, phone: { ...phone, version: phone.version + 1 } } };
  expect(reopen(moved, hold, lines, "bob", policy, now)).toMatchObject({ kind: "stale" });
  expect(reopen(golden, before, lines, "bob", policy, now)).toMatchObject({ kind: "stale" });
});

/** Deleted in crm, still there in db: a person is asked. */
function deletion() {
  const world = scene(policy);
  for (const system of ["crm", "db"]) world.says(system, "1", { email: "a@b.co", phone: "100" });
  world.dispatch();
  world.deletes("crm", "1");
  return { world, hold: world.openHolds()[0]! };
}

type World = ReturnType<typeof scene>;

function undone(world: World, holdId: string) {
  const hold = world.holdWith(holdId)!;
  const lines = world.journal.filter(({ goldenId }) => goldenId === hold.goldenId).toReversed();
  return reopen(world.goldens.get(hold.goldenId!)!, hold, lines, "bob", policy, now);
}

test.each(["leave", "delete", "restore"] as const)("a deletion that was decided by %s is asked about again", (kind) => {
  const { world, hold } = deletion();
  const before = world.goldens.get(hold.goldenId!)!;
  expect(world.decides(hold, { kind })).toBe("done");
  const again = undone(world, hold.id);
  expect(again).toMatchObject({
    kind: "done",
    hold: { status: "open", closed: null, revision: hold.revision + 2 },
    golden: { deletedAt: null, holds: [{ id: hold.id }] },
    journal: [{ kind: "held", why: "decision undone", source: { kind: "person", name: "bob" } }],
  });
  const shape = (links: typeof before.links) => links.map(({ system, id, status }) => [system, id, status]);
  if (again.kind === "done") expect(shape(again.golden.links)).toEqual(shape(before.links));
});

test.each([
  ["delete", "It is being deleted elsewhere already; what is gone can be created again."],
  ["restore", "It has been created again already, or is just being so."],
] as const)("what %s came to is not taken back once it has been carried out", (kind, reason) => {
  const { world, hold } = deletion();
  world.decides(hold, { kind });
  world.dispatch();
  expect(undone(world, hold.id)).toEqual({ kind: "invalid", reason });
});
