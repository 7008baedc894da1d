import type { GoldenRecord } from "../../model/golden.ts";
import type { MatchScore } from "../../model/hold.ts";
import type { MatchingPolicy } from "../../model/policy.ts";
import { membersOf } from "./profile.ts";
import { featureIndex, levelNames } from "./scored/feature.ts";
import type { Model, Veto } from "./scored/model.ts";
import type { MatchRecord } from "./scored/record.ts";
import { explain, lastComparison, lastVeto, logOddsOf, probabilityOf } from "./scored/score.ts";

/** How sure it is that a record is one thing with a golden record. */
export type Weighed = {
  readonly golden: GoldenRecord;
  /** Natural log of the odds, over all that the golden record's records say. */
  readonly logOdds: number;
  /** What forbids to link them without a person, however high the odds are; `null`: nothing. */
  readonly doubt: string | null;
  /** What of the golden record's agrees most. */
  readonly member: MatchRecord;
  /** How each of its records compared, as levels by feature; empty where it is far from being the same. */
  readonly comparisons: readonly Int8Array[];
};

/** No single comparison counts more than this, for or against: one record with a slip does not outweigh the others. */
const clip = 12;

/** Scores a record against golden records: the mean over what their records say. Likeliest first; what is ruled out is left out. */
export function weighCandidates(
  record: MatchRecord,
  goldens: readonly GoldenRecord[],
  matching: MatchingPolicy,
  model: Model,
): readonly Weighed[] {
  return goldens
    .map((golden) => weigh(record, golden, matching, model))
    .filter((one) => one !== null)
    .sort((a, b) => b.logOdds - a.logOdds || (a.golden.id < b.golden.id ? -1 : 1));
}

function weigh(record: MatchRecord, golden: GoldenRecord, matching: MatchingPolicy, model: Model): Weighed | null {
  const weighed = weighMembers(record, membersOf(golden, matching), model);
  return weighed === null ? null : { golden, ...weighed };
}

function weighMembers(
  record: MatchRecord,
  members: readonly MatchRecord[],
  model: Model,
): Omit<Weighed, "golden"> | null {
  let [sum, best] = [0, Number.NEGATIVE_INFINITY];
  let doubt: string | null = null;
  const comparisons: Int8Array[] = [];
  let closest = members[0];
  for (const member of members) {
    const odds = logOddsOf(record, member, model);
    const veto = lastVeto(record, member, model);
    if (veto !== null && ruling.has(veto)) return null;
    const against =
      veto !== null
        ? `another ${veto}`
        : lastComparison(model).levels[featureIndex.given] === anotherCommonName
          ? "another given name"
          : null;
    doubt ??= against;
    const logOdds = against === null ? odds : odds - contradicted;
    sum += Math.max(-clip, Math.min(clip, logOdds));
    if (logOdds > best) [best, closest] = [logOdds, member];
    if (logOdds > remote) comparisons.push(lastComparison(model).levels.slice());
  }
  return closest === undefined ? null : { logOdds: sum / members.length, doubt, member: closest, comparisons };
}

/** False where a record is so far from what a golden record's records say that neither a decision nor what is learned would differ without it. */
export function isWorthDeciding(
  record: MatchRecord,
  members: readonly MatchRecord[],
  { review }: MatchingPolicy,
  model: Model,
): boolean {
  const weighed = weighMembers(record, members, model);
  return weighed !== null && weighed.logOdds > Math.min(remote, Math.log(review / (1 - review)));
}

/** Below this nothing is learned from a comparison: less than 1 in 1,000 of such are of one thing. */
const remote = -7;

/** What contradicts is asked about only where all else is as good as sure. */
const contradicted = 5;

/** What tells two things apart for certain. A birth date may be mistyped. */
const ruling: ReadonlySet<Veto> = new Set(["generation", "extension", "branch", "legal form"]);
const anotherCommonName = levelNames.given.indexOf("another common name");
const anotherGivenName = levelNames.given.indexOf("different");

/**
 * What shows that a record with a golden record's key is somebody else all the same: a mailbox that was given on, a telephone of a family. `null`:
 * nothing does; that little agrees is no contradiction.
 */
export function contradictionOf(
  record: MatchRecord,
  golden: GoldenRecord,
  matching: MatchingPolicy,
  model: Model,
): string | null {
  const findings = membersOf(golden, matching).map((member) => {
    logOddsOf(record, member, model);
    const veto = lastVeto(record, member, model);
    if (veto !== null) return `another ${veto}`;
    return (lastComparison(model).levels[featureIndex.given] as number) >= anotherGivenName
      ? "another given name"
      : null;
  });
  return findings.includes(null) ? null : (findings[0] ?? null);
}

/** What a hold tells of a candidate. */
export function scoreOf(record: MatchRecord, { golden, logOdds, member }: Weighed, model: Model): MatchScore {
  const evidence = explain(record, member, model).evidence.map(({ feature, finding, weight }) => ({
    about: feature,
    finding,
    weight: rounded(weight, 2),
  }));
  return { goldenId: golden.id, probability: rounded(probabilityOf(logOdds), 4), evidence };
}

/** The three findings that speak most for one thing, for a reason in one line: "same email, slip in family". */
export function findingsText({ evidence }: MatchScore): string {
  const speaking = evidence.filter(({ about, weight }) => weight > 0.5 && about !== "prior" && about !== "decisions");
  return speaking
    .slice(0, 3)
    .map(({ about, finding }) => `${about} ${finding}`)
    .join(", ");
}

function rounded(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
