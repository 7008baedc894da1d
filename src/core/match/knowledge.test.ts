import { expect, test } from "vitest";
import { type Knowledge, learnOutcome, linkThreshold, modelOf, nothingKnown } from "./knowledge.ts";
import { keptOf, knowledgeFrom } from "./knowledge-kept.ts";
import { defaultWeights } from "./scored/default-weights.ts";
import { type Feature, featureCount, featureIndex, levelNames } from "./scored/feature.ts";

const before = (feature: Feature, level: string) => shareOf(defaultWeights.features, feature, level);
const now = (knowledge: Knowledge, feature: Feature, level: string) =>
  shareOf(modelOf(knowledge).weights.features, feature, level);

function shareOf(shares: typeof defaultWeights.features, feature: Feature, level: string): number {
  return shares[feature]?.same[levelNames[feature].indexOf(level)] ?? Number.NaN;
}

/** A comparison that found this, and that is as likely of one thing as the log odds say. */
function found(findings: Partial<Record<Feature, string>>, logOdds: number) {
  const levels = new Int8Array(featureCount).fill(-1);
  for (const [feature, level] of Object.entries(findings) as [Feature, string][])
    levels[featureIndex[feature]] = levelNames[feature].indexOf(level);
  return { logOdds, compared: [{ logOdds, comparisons: [levels] }] };
}

test("what the records of one person often differ in speaks less against them, the more of them have come", () => {
  const people = nothingKnown("contact");
  for (let i = 0; i < 500; i++) learnOutcome(people, found({ email: i % 2 === 0 ? "different" : "same" }, 8));
  expect(now(people, "email", "different")).toBeGreaterThan(0.4);
  expect(now(people, "email", "different")).toBeGreaterThan(2 * before("email", "different"));
});

test("what is likely not of one person teaches nothing of one", () => {
  const people = nothingKnown("contact");
  for (let i = 0; i < 500; i++) learnOutcome(people, found({ email: "different" }, -8));
  expect(now(people, "email", "different")).toBeCloseTo(before("email", "different"), 1);
});

test("households of which too many were taken for one person don't make another given name common", () => {
  const people = nothingKnown("contact");
  for (let i = 0; i < 500; i++) learnOutcome(people, found({ given: i % 2 === 0 ? "another common name" : "same" }, 8));
  expect(now(people, "given", "another common name")).toBeLessThan(0.02);
});

test("as long as few links are known each must be as sure as wanted by itself; later the sure ones carry some less sure", () => {
  const people = nothingKnown("contact");
  const isSure = (odds: number) => odds >= linkThreshold(people, 0.995);
  expect([isSure(5), isSure(5.4)]).toEqual([false, true]);
  for (let i = 0; i < 1_000; i++) learnOutcome(people, { logOdds: 9 + (i % 3), compared: [] });
  for (let i = 0; i < 20; i++) learnOutcome(people, { logOdds: 4, compared: [] });
  expect([isSure(3.9), isSure(4.1)]).toEqual([false, true]);
});

test("what was learned is the same after a restart", () => {
  const people = nothingKnown("contact");
  for (let i = 0; i < 100; i++) learnOutcome(people, found({ email: "different", given: "same" }, 9));
  const again = knowledgeFrom("contact", JSON.parse(JSON.stringify(keptOf(people))));
  expect(now(again, "email", "different")).toBeCloseTo(now(people, "email", "different"), 3);
});
