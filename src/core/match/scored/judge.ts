import { featureIndex as at } from "./feature.ts";
import type { Model, Score, Thresholds } from "./model.ts";
import type { MatchRecord } from "./record.ts";
import { lastComparison, scorePair } from "./score.ts";

export type Outcome = "same" | "review" | "different";

/** What to do about a pair, with the rule that decided where the odds alone did not. */
export type Judgement = { readonly outcome: Outcome; readonly score: Score; readonly because: string };

/**
 * For pairs that somebody or something already suspects: linked from e^2 to 1 (88 %) on, asked about from 3 % on, or from even odds on where something speaks against it. The odds start at one in ten
 * thousand, as between any two records.
 */
export const pairThresholds: Thresholds = { link: 2, review: -3.5 };

/**
 * One thing, two things, or a question for a person. The odds decide, but for three rules: a veto is never linked; people are linked on evidence of the
 * person (mailbox, phone, birth date, number, street), or their whole name, not on a similar name at one company; two different common
 * given names are two people.
 */
export function judgePair(a: MatchRecord, b: MatchRecord, model: Model, thresholds: Thresholds): Judgement {
  const score = scorePair(a, b, model);
  const { levels, againstStrangers } = lastComparison(model);
  const { logOdds, veto } = score;
  const by = (outcome: Outcome, because: string): Judgement => ({ outcome, score, because });
  if (veto === "generation" || veto === "extension" || veto === "branch") return by("different", `another ${veto}`);
  if (veto === "legal form")
    return by((levels[at.organisation] as number) <= 1 ? "review" : "different", "another legal form");
  if (levels[at.given] === 7) {
    return by(levels[at.email] === 0 && logOdds >= thresholds.review ? "review" : "different", "another given name");
  }
  if (veto !== null) return by(logOdds >= thresholds.link ? "review" : "different", `another ${veto}`);
  if (logOdds >= thresholds.link) {
    return isPerson(a, b) && !identified(levels) && !sameName(levels)
      ? by("review", "no evidence of the person")
      : by("same", "the odds");
  }
  if (logOdds >= (contradicted(levels) ? 0 : thresholds.review)) return by("review", "the odds");
  // Kin explain it as well, but nothing says that it is not one person.
  return againstStrangers >= thresholds.link && !contradicted(levels)
    ? by("review", "nothing against it")
    : by("different", "the odds");
}

const isPerson = (a: MatchRecord, b: MatchRecord) => a.name !== null || b.name !== null;

function sameName(levels: Int8Array): boolean {
  return levels[at.given] === 0 && levels[at.family] === 0;
}

/** True where something that belongs to one person, or one household, agrees. */
function identified(levels: Int8Array): boolean {
  const upTo = (feature: number, level: number) =>
    (levels[feature] as number) >= 0 && (levels[feature] as number) <= level;
  return (
    (upTo(at.email, 4) && levels[at.email] !== 2) ||
    upTo(at.phone, 1) ||
    upTo(at.birth, 3) ||
    upTo(at.street, 1) ||
    upTo(at["number-1"], 1) ||
    upTo(at["number-2"], 1) ||
    upTo(at["number-3"], 1) ||
    levels[at["external-id"]] === 0
  );
}

function contradicted(levels: Int8Array): boolean {
  return (
    (levels[at.given] as number) >= 6 ||
    (levels[at.family] as number) >= 5 ||
    levels[at.birth] === 6 ||
    levels[at.city] === 3
  );
}
