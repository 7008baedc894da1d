import { expect, test } from "vitest";
import type { GoldenRecord } from "../model/golden.ts";
import { testPolicy } from "./testing/policy.ts";
import { scene } from "./testing/scene.ts";
import { type Change, undoSteps } from "./undo.ts";

/** A phone that was 1, then 2, 3 and 4; every change came from the crm. */
function phones() {
  const policy = testPolicy({ email: { type: { kind: "email" } }, phone: {} });
  const world = scene(policy);
  for (const phone of ["1", "2", "3", "4"]) world.says("crm", "1", { email: "p@example.org", phone });
  const [golden] = [...world.goldens.values()];
  const changes = world.journal.flatMap(({ kind, field, version, from }): Change[] =>
    kind === "set" && field === "phone" ? [{ field, version, from }] : [],
  );
  const entity = policy.entities["contact"]!;
  return {
    changes,
    undo: (versions: readonly number[], of: GoldenRecord = golden!) =>
      undoSteps(
        of,
        entity,
        changes.filter(({ version }) => versions.includes(version)),
      ),
    golden: golden!,
  };
}

test("the last change goes back to the value before it, several in a row to the value before all of them", () => {
  const { undo } = phones();
  expect(undo([4])).toEqual([{ kind: "restore", field: "phone", from: "4", to: "3" }]);
  expect(undo([2, 3, 4])).toEqual([{ kind: "restore", field: "phone", from: "4", to: "1" }]);
});

test("what somebody changed since stays", () => {
  const { undo } = phones();
  expect(undo([2, 3])).toEqual([{ kind: "skip", field: "phone", reason: "it was changed since, by crm" }]);
  // Another one stands between: only what follows it goes back.
  expect(undo([2, 4])).toEqual([{ kind: "restore", field: "phone", from: "4", to: "3" }]);
});

test("a first value stays: there is nothing to go back to", () => {
  expect(phones().undo([1, 2, 3, 4])).toMatchObject([{ kind: "skip", reason: expect.stringContaining("first value") }]);
});

test("what is deleted or held stays", () => {
  const { undo, golden } = phones();
  expect(undo([4], { ...golden, deletedAt: 1 })).toMatchObject([{ reason: "the record was deleted" }]);
  const hold = { id: "h1", kind: "conflict", fields: ["phone"] } as unknown as GoldenRecord["holds"][number];
  expect(undo([4], { ...golden, holds: [hold] })).toMatchObject([{ reason: "it is held for a person (h1)" }]);
});
