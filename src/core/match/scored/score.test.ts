import fc from "fast-check";
import { expect, test } from "vitest";
import { blockingKeys } from "./blocking.ts";
import { calibrate } from "./calibrate.ts";
import { defaultModel } from "./default-model.ts";
import { defaultWeights } from "./default-weights.ts";
import { levelNames } from "./feature.ts";
import { judgePair, pairThresholds } from "./judge.ts";
import { explain, lastComparison, scorePair } from "./score.ts";
import { recordWith } from "./test-records.ts";

const people = defaultModel("people");
const judged = (a: Parameters<typeof recordWith>[0], b: Parameters<typeof recordWith>[0]) =>
  judgePair(recordWith(a), recordWith(b), people, pairThresholds).outcome;

test("every level of every comparison has its share, and the shares sum to one", () => {
  for (const [feature, { same, unrelated, household, colleagues }] of Object.entries(defaultWeights.features)) {
    const levels = levelNames[feature as keyof typeof levelNames].length;
    for (const shares of [same, unrelated, household, colleagues]) {
      if (shares === null) continue;
      expect(shares.length, feature).toBe(levels);
      if (feature !== "turned")
        expect(
          shares.reduce((sum, share) => sum + share, 0),
          feature,
        ).toBeCloseTo(1, 6);
    }
  }
});

const word = fc.constantFrom("Anna", "Ana", "William", "Bill", "Smith", "Smyth", "Novak", "Keller", "J.", "Lee", "");
const record = fc.record({
  "full-name": fc.tuple(word, word).map((words) => words.join(" ").trim()),
  email: fc.constantFrom("anna@acme.example", "a.smith@acme.example", "info@acme.example", "bill12@gmail.com", ""),
  phone: fc.constantFrom("+1 206 555 0100", "+1 206 555 0101", "+1 206 555 0100 x12", ""),
  organisation: fc.constantFrom("Acme Ltd", "Acme Trading Ltd", "Fabrikam", ""),
  city: fc.constantFrom("Boston", "Bostn", "Seattle", ""),
  "birth-date": fc.constantFrom("1984-03-17", "1984-01-01", "1961-08-30", ""),
});

test("the score of two records does not depend on which comes first", () => {
  fc.assert(
    fc.property(record, record, (a, b) => {
      const [x, y] = [recordWith(a), recordWith(b)];
      const [forth, back] = [scorePair(x, y, people), scorePair(y, x, people)];
      expect(back.logOdds).toBeCloseTo(forth.logOdds, 9);
      expect(back.veto).toBe(forth.veto);
    }),
  );
});

test("the evidence adds up to the score", () => {
  const a = recordWith({ "full-name": "Bill Gatesby", phone: "303-555-0114", organisation: "Litware Inc" });
  const b = recordWith({ "full-name": "William Gatesby", phone: "+13035550114", organisation: "Litware" });
  const { evidence, logOdds } = explain(a, b, people);
  expect(evidence.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(logOdds, 0);
  expect(evidence.map(({ feature }) => feature)).toContain("given");
});

test("a rare name's agreement says more than a common one's", () => {
  const score = (name: string) =>
    scorePair(recordWith({ "full-name": name }), recordWith({ "full-name": name }), people).logOdds;
  expect(score("Zebulon Quackenbush")).toBeGreaterThan(score("John Smith") + 3);
});

test("what a household shares does not make two people one", () => {
  const home = { phone: "+44 113 496 0071", street: "14 Mill Road", city: "Leeds" };
  expect(judged({ "full-name": "Tom Baker", ...home }, { "full-name": "Susan Baker", ...home })).toBe("different");
  expect(judged({ "full-name": "Tom Baker", ...home }, { "full-name": "Thomas Baker", ...home })).toBe("same");
});

test("what colleagues share does not make two people one", () => {
  const office = { email: "info@tailspin.example", organisation: "Tailspin Toys" };
  expect(judged({ "full-name": "Ana Costa", ...office }, { "full-name": "Joao Pinto", ...office })).toBe("different");
});

test("junior and senior, and two extensions of one switchboard, are never one", () => {
  const home = { phone: "702-555-0119", street: "1515 Adela Lane", country: "US" };
  expect(judged({ "full-name": "Robert Smith Sr.", ...home }, { "full-name": "Robert Smith Jr.", ...home })).toBe(
    "different",
  );
  expect(
    judged(
      { "full-name": "Carlos Ruiz", phone: "+12065550100 x201" },
      { "full-name": "Dana Li", phone: "+12065550100 x377" },
    ),
  ).toBe("different");
});

test("a personal mailbox under another given name is a question for a person", () => {
  const mail = { email: "j.lee@wingtip.example", organisation: "Wingtip" };
  expect(judged({ "full-name": "Jin Lee", ...mail }, { "full-name": "Jessica Lee", ...mail })).toBe("review");
});

test("records worth comparing share a key, and no record has more than fifteen", () => {
  const a = recordWith({
    "full-name": "Katherine O'Neil",
    email: "kate@acme.example",
    city: "Boston",
    postcode: "02108",
    "birth-date": "1984-03-17",
  });
  const b = recordWith({ "full-name": "Kate ONeill", phone: "+1 206 555 0100", "birth-date": "1984-03-17" });
  expect(blockingKeys(a).filter((key) => blockingKeys(b).includes(key))).not.toEqual([]);
  expect(blockingKeys(a).length).toBeLessThanOrEqual(15);
  expect(blockingKeys(recordWith({ city: "Boston" }))).toEqual([]);
});

test("decisions move the score where they were taken, a few of them only little", () => {
  const pair = [
    recordWith({ "full-name": "J. Lee", street: "1 Elm Street", city: "Leeds" }),
    recordWith({ "full-name": "Jin Lee", street: "1 Elm Street", city: "Leeds" }),
  ] as const;
  const taught = (times: number) => {
    const { logOdds } = scorePair(...pair, people);
    const levels = Int8Array.from(lastComparison(people).levels);
    const calibration = calibrate(Array.from({ length: times }, () => ({ logOdds, levels, same: false })));
    return scorePair(...pair, { ...people, weights: { ...people.weights, calibration } }).logOdds;
  };
  const untaught = scorePair(...pair, people).logOdds;
  expect(taught(0)).toBeCloseTo(untaught, 9);
  expect(taught(50)).toBeLessThan(taught(2));
  expect(taught(2)).toBeLessThan(untaught);
});
