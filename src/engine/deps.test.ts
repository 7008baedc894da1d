import { expect, test } from "vitest";
import { testPolicy } from "../core/testing/policy.ts";
import type { Policy } from "../model/policy.ts";
import { mappedObject } from "./deps.ts";

function withConstants(constants: Readonly<Record<string, string | number | boolean>>): Policy {
  const policy = testPolicy({ email: { type: { kind: "email" } } }, { systems: ["crm"] });
  const contact = policy.entities["contact"]!;
  return {
    ...policy,
    entities: { contact: { ...contact, mappings: contact.mappings.map((one) => ({ ...one, constants })) } },
  };
}

test("a constant has the type that the system's own fields of its kind take: a day is a date, any other text a choice", () => {
  const policy = withConstants({
    CloseDate: "2026-12-31",
    StartsAt: "2026-12-31T08:00:00Z",
    StageName: "Prospecting",
    Code: "2026-13-45",
    IsNew: true,
    Count: 3,
  });
  const { cells } = mappedObject(policy, "crm", "contacts");
  expect(cells.filter(({ direction }) => direction === "write").map(({ cell, type }) => [cell, type])).toEqual([
    ["CloseDate", { kind: "date" }],
    ["StartsAt", { kind: "datetime" }],
    ["StageName", { kind: "choice", options: ["Prospecting"] }],
    ["Code", { kind: "choice", options: ["2026-13-45"] }],
    ["IsNew", { kind: "boolean" }],
    ["Count", { kind: "number" }],
  ]);
});
