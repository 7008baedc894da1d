import { expect, test } from "vitest";
import { testPolicy } from "../core/testing/policy.ts";
import { scene } from "../core/testing/scene.ts";
import { emptyUnit } from "../engine/commit.ts";
import type { Rule } from "../model/policy.ts";
import { compareIntervals } from "../model/time.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { type ReplaySample, replayRules } from "./replay.ts";

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

test("a rule that leaves it to a person, and one that looks at time, are replayed from what the journal tells of both sides", async () => {
  const store = await conflictUnder(prefer("crm"));
  const counts = async (rule: Rule) => (await replayRules(store, policyWith(rule), 0)).byRule["contact.phone"];
  expect(await counts(review)).toMatchObject({ undecided: 1 });
  const { sides } = (await store.journal({ limit: 99 })).find(({ why }) => why === "prefer")!;
  expect(sides).toMatchObject({ golden: { source: { kind: "record" } }, other: { source: { kind: "record" } } });
  const isTie = compareIntervals(sides!.golden.changedAt, sides!.other.changedAt) === 0;
  expect(await counts({ kind: "newest", tie: review })).toMatchObject(isTie ? { undecided: 1 } : { other: 1 });
});

test("of a line from before both sides were journaled, what a rule that looks at time would say can't be told", async () => {
  const store = await conflictUnder(prefer("crm"));
  const lines = (await store.journal({ limit: 99 })).map(({ sides: _, ...line }) => line);
  await store.replaceLines(lines);
  const counts = async (rule: Rule) => (await replayRules(store, policyWith(rule), 0)).byRule["contact.phone"];
  expect(await counts({ kind: "newest", tie: review })).toMatchObject({ blind: 1 });
  expect(await counts(prefer("desk"))).toMatchObject({ other: 1 });
});

test("every value that would be another one is handed over, not just the first few", async () => {
  const others: ReplaySample[] = [];
  const store = await conflictUnder(prefer("crm"));
  await replayRules(store, policyWith(prefer("desk")), 0, (one) => void others.push(one));
  expect(others).toMatchObject([{ decided: "crm's", value: "desk's" }]);
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
