import { expect, test } from "vitest";
import type { Candidate, Hold } from "../model/hold.ts";
import { createSuggester } from "./suggest.ts";
import { testPolicy } from "./testing/policy.ts";

const policy = testPolicy({
  phone: {},
  title: { rule: { kind: "prefer", systems: ["crm"], otherwise: { kind: "review" } } },
});

function side(system: string, field: string, minutes: number): Candidate {
  const source = { kind: "record", ref: { system, object: "contacts", id: "1" }, author: null } as const;
  const at = { from: minutes * 60_000, until: minutes * 60_000 + 1_000 };
  return { values: { [field]: `${system} ${minutes}` }, source, at, cause: "o" };
}

let ids = 0;
/** A conflict between crm and desk, of which a person took one; `null`: it is open. */
function conflict(taken: number | null, field = "phone", minutes: readonly [number, number] = [0, 0]): Hold {
  const closed = taken === null ? null : { at: 1, by: "ann", choice: `took candidate ${taken}` };
  return {
    ...{ id: `h${++ids}`, kind: "conflict", entity: "contact", goldenId: "g", ref: null, fields: [field], base: {} },
    ...{ candidates: [side("crm", field, minutes[0]), side("desk", field, minutes[1])], matches: [], reason: "" },
    ...{ openedAt: 0, updatedAt: 0, revision: 1, status: closed === null ? "open" : "closed", closed },
  } as Hold;
}

function suggestionsOf(holds: readonly Hold[]) {
  const suggester = createSuggester(policy);
  for (const hold of holds) suggester.take(hold);
  return suggester.suggestions();
}

const many = (count: number, taken: number | null, field?: string, minutes?: readonly [number, number]) =>
  Array.from({ length: count }, () => conflict(taken, field, minutes));

test("a system that people nearly always take is suggested as the rule, with what it would settle and contradict", () => {
  const exceptions = many(3, 1);
  const [suggestion, ...others] = suggestionsOf([...many(97, 0), ...exceptions, ...many(12, null)]);
  expect(others).toEqual([]);
  expect(suggestion).toMatchObject({
    ...{ field: "phone", rule: "{ prefer: [crm], otherwise: review }", decisions: 100, agreed: 97, settles: 12 },
    contradicts: exceptions.map(({ id }) => id),
  });
  expect(suggestion?.atLeast).toBeCloseTo(0.915, 2);
  expect(suggestion?.atMost).toBeCloseTo(0.99, 2);
});

test("what people decide now this way, now that, is no habit; nor are a few decisions", () => {
  expect(suggestionsOf([...many(60, 0), ...many(40, 1)])).toEqual([]);
  expect(suggestionsOf(many(19, 0))).toEqual([]);
});

test("that the newer value is taken, whoever said it, is seen", () => {
  const holds = [...many(30, 0, "phone", [9, 1]), ...many(30, 1, "phone", [1, 9])];
  expect(suggestionsOf(holds)).toMatchObject([{ rule: "newest", agreed: 60, contradicts: [] }]);
});

test("the rule that a field has is not suggested again", () => {
  expect(suggestionsOf(many(50, 0, "title"))).toEqual([]);
});
