import { expect, test } from "vitest";
import type { Hold } from "../model/hold.ts";
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

test("only decisions on values can be taken back", () => {
  const { golden, hold, lines } = decided(1);
  const other: Hold = { ...hold, kind: "delete" };
  expect(reopen(golden, other, lines, "bob", policy, now)).toMatchObject({ kind: "invalid" });
});
