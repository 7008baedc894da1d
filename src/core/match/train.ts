import type { Hold, MatchScore } from "../../model/hold.ts";
import { calibrate, type Decision } from "./scored/calibrate.ts";
import { calibrated, crossings } from "./scored/crossings.ts";
import { type Feature, featureCount, featureIndex, levelNames } from "./scored/feature.ts";
import type { Calibration } from "./scored/model.ts";

/** What people's decisions on duplicates teach about scoring, and how much righter it makes it. */
export type Lesson = {
  readonly same: number;
  readonly different: number;
  /** Of the decisions, how many the score alone would have got right at even odds, before and with what was learned. */
  readonly rightBefore: number;
  readonly rightAfter: number;
  readonly calibration: Calibration;
  /** What was learned in words: what a crossing of evidence counts for more (above 0) or less, in log odds. */
  readonly crossings: readonly { readonly about: string; readonly weight: number }[];
};

/** Learns from decided holds; `null` where none of them tells anything. The same holds teach the same. */
export function learnFromHolds(holds: readonly Hold[]): Lesson | null {
  const decisions = holds.flatMap(decisionsOn);
  if (decisions.length === 0) return null;
  const calibration = calibrate(decisions);
  const right = (odds: (decision: Decision) => number) =>
    decisions.filter((decision) => odds(decision) > 0 === decision.same).length;
  const same = decisions.filter((decision) => decision.same).length;
  return {
    same,
    different: decisions.length - same,
    rightBefore: right(({ logOdds }) => logOdds),
    rightAfter: right(({ logOdds, levels }) => calibrated(logOdds, levels, calibration)),
    calibration,
    crossings: crossings.map((about, i) => ({ about, weight: calibration.crossed[i] ?? 0 })),
  };
}

/** What a person said of each golden record that the hold's record was compared with. */
function decisionsOn({ closed, scores = [] }: Hold): Decision[] {
  if (closed === null || closed.by === "truce") return [];
  const said = /^same as (.+)$/u.exec(closed.choice)?.[1];
  if (said === undefined && closed.choice !== "new") return [];
  return scores.map((score) => ({ ...comparisonIn(score), same: score.goldenId === said }));
}

/** The comparison that the evidence tells of, without what earlier decisions had taught. */
function comparisonIn({ evidence }: MatchScore): Pick<Decision, "logOdds" | "levels"> {
  const levels = new Int8Array(featureCount).fill(-1);
  let logOdds = 0;
  for (const { about, finding, weight } of evidence) {
    if (about !== "decisions") logOdds += weight;
    if (!(about in featureIndex)) continue;
    levels[featureIndex[about as Feature]] = levelNames[about as Feature].indexOf(finding);
  }
  return { logOdds, levels };
}
