import { expect, test } from "vitest";
import { testPolicy } from "../core/testing/policy.ts";
import { scene } from "../core/testing/scene.ts";
import { emptyUnit } from "../engine/commit.ts";
import type { Rule } from "../model/policy.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { replayRules } from "./replay.ts";

const review: Rule = { kind: "review" };
const prefer = (...systems: string[]): Rule => ({ kind: "prefer", systems, otherwise: review });
const policyWith = (rule: Rule) =>
  testPolicy({ email: { type: { kind: "email" } }, phone: { rule } }, { systems: ["crm", "desk"] });

/** Both systems change one person's phone before either has seen the other's, under this rule; journal and holds are stored. */
async function conflictUnder(rule: Rule, taken: number | null = null) {
  const world = scene(policyWith(rule));
  for (const system of ["crm", "desk"]) world.says(system, "1", { email: "p@example.org", phone: "old" });
  world.says("crm", "1", { email: "p@example.org", phone: "crm's" });
  world.says("desk", "1", { email: "p@example.org", phone: "desk's" });
  const store = createMemoryStore();
  const closed = taken === null ? null : { at: 1, by: "ann", choice: `took candidate ${taken}` };
  const holds = world
    .openHolds()
    .map((hold) => ({ ...hold, closed, status: closed === null ? hold.status : "closed" }) as typeof hold);
  await store.commit([{ ...emptyUnit, journal: world.journal, holds }]);
  return store;
}

test("the rule that decided decides the same again", async () => {
  const store = await conflictUnder(prefer("crm"));
  const { byRule, samples } = await replayRules(store, policyWith(prefer("crm")), 0);
  expect(byRule).toEqual({ "contact.phone": { same: 1, other: 0, undecided: 0, blind: 0 } });
  expect(samples).toEqual([]);
});

test("another rule's other value is listed with the line that it differs from", async () => {
  for (const [was, would, decided, value] of [
    [prefer("crm"), prefer("desk"), "crm's", "desk's"],
    [prefer("desk"), prefer("crm"), "desk's", "crm's"],
  ] as const) {
    const { byRule, samples } = await replayRules(await conflictUnder(was), policyWith(would), 0);
    expect(byRule["contact.phone"]).toMatchObject({ same: 0, other: 1 });
    expect(samples).toMatchObject([{ field: "phone", by: "rule", decided, value }]);
  }
});

test("a rule that leaves it to a person, and one that looks at time, are told apart", async () => {
  const store = await conflictUnder(prefer("crm"));
  const counts = async (rule: Rule) => (await replayRules(store, policyWith(rule), 0)).byRule["contact.phone"];
  expect(await counts(review)).toMatchObject({ undecided: 1 });
  expect(await counts({ kind: "newest", tie: review })).toMatchObject({ blind: 1 });
});

test("what people decided is replayed exactly: agreement, contradiction and what is open", async () => {
  const person = async (taken: number | null, rule: Rule) =>
    replayRules(await conflictUnder(review, taken), policyWith(rule), 0);
  expect((await person(0, prefer("crm"))).byPerson["contact.phone"]).toMatchObject({ same: 1 });
  const against = await person(1, prefer("crm"));
  expect(against.byPerson["contact.phone"]).toMatchObject({ other: 1 });
  expect(against.samples).toMatchObject([{ by: "person", decided: "desk's", value: "crm's" }]);
  expect((await person(null, prefer("crm"))).open["contact.phone"]).toMatchObject({ other: 1 });
});
