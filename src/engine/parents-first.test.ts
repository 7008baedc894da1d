import { expect, test } from "vitest";
import { testPolicy } from "../core/testing/policy.ts";
import type { EntityPolicy } from "../model/policy.ts";
import { parentsFirst } from "./parents-first.ts";

/** Entities by name, with what each points to. */
function entities(parents: Readonly<Record<string, readonly string[]>>) {
  const policy = testPolicy({}, { systems: ["crm"] });
  const all = Object.entries(parents).map(([name, to]): [string, EntityPolicy] => {
    const { entities: made } = testPolicy(
      Object.fromEntries(to.map((one) => [one, { type: { kind: "reference", to: one } }])),
      { systems: ["crm"] },
    );
    const entity = made["contact"]!;
    return [name, { ...entity, name, mappings: entity.mappings.map((one) => ({ ...one, object: name })) }];
  });
  return { ...policy, entities: Object.fromEntries(all) };
}

test("what records point to is read before them", () => {
  expect(
    parentsFirst(entities({ deal: ["contact", "company"], contact: ["company", "contact"], company: [] }), "crm"),
  ).toEqual([["company"], ["contact"], ["deal"]]);
});

test("objects that point to each other are read together, and nothing is left out", () => {
  expect(parentsFirst(entities({ contact: ["company"], company: ["contact"], list: [] }), "crm")).toEqual([
    ["list"],
    ["contact", "company"],
  ]);
});
