import { expect, test } from "vitest";
import { testPolicy } from "../../src/core/testing/policy.ts";
import { scene } from "../../src/core/testing/scene.ts";
import type { EntityPolicy, Policy } from "../../src/model/policy.ts";

/** The desk is told the note and not asked for it. */
function policy(): Policy {
  const base = testPolicy(
    { email: { type: { kind: "email" } }, note: {} },
    { systems: ["crm", "desk"], deletes: "ignore" },
  );
  const contact = base.entities["contact"]!;
  const [crm, desk] = contact.mappings;
  const note = { ...desk!.fields["note"]!, direction: "write" as const };
  const entity: EntityPolicy = { ...contact, mappings: [crm!, { ...desk!, fields: { ...desk!.fields, note } }] };
  return { ...base, entities: { contact: entity } };
}

test("seed 306218: a record that is back with what it was told, in its own shorter form, is not told again", () => {
  const world = scene(policy());
  world.says("desk", "1", { email: "ann@example.org", note: null });
  world.says("crm", "1", { email: "ann@example.org", note: "calls back" });
  expect(world.dispatch((patch) => ({ ...patch, note: "calls" }))).toEqual(['desk: {"note":"calls back"}']);
  world.deletes("desk", "1");
  world.says("desk", "1", { email: "ann@example.org", note: "calls" });
  expect(world.dispatch()).toEqual([]);
});
