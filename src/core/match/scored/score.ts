import { calibrated } from "./crossings.ts";
import {
  agreedValue,
  compareRecords,
  type Feature,
  featureCount,
  featureIndex,
  features,
  levelNames,
} from "./feature.ts";
import type { Evidence, Explanation, LevelShares, Model, Score, ScoreTables, Veto, Weights } from "./model.ts";
import type { MatchRecord } from "./record.ts";

/** No feature has more levels. */
export const levelsMax = 8;

const levels = new Int8Array(featureCount);
/** Parts of the last score: log-likelihoods against strangers. Overwritten by each call. */
const parts = { same: 0, household: 0, colleagues: 0, kin: 0 };

/** Scores two normalised records: log odds, probability, veto. Symmetric; allocates nothing but its answer. */
export function scorePair(a: MatchRecord, b: MatchRecord, model: Model): Score {
  const logOdds = logOddsOf(a, b, model);
  return { logOdds, probability: probabilityOf(logOdds), veto: vetoOf(a, b, levels, model) };
}

/** The log odds alone: what a full run over millions of candidate pairs needs. */
export function logOddsOf(a: MatchRecord, b: MatchRecord, model: Model): number {
  compareRecords(a, b, model.corpus, levels);
  weighLevels(a, b, model);
  const logOdds = combine(model.tables);
  parts.kin = logOdds - (parts.same + model.tables.logPriors.same - model.tables.logPriors.unrelated);
  const { calibration } = model.weights;
  return calibration === null ? logOdds : calibrated(logOdds, levels, calibration);
}

/** A veto for the pair that `logOddsOf` has just compared. */
export function lastVeto(a: MatchRecord, b: MatchRecord, model: Model): Veto | null {
  return vetoOf(a, b, levels, model);
}

export function probabilityOf(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}

function weighLevels(a: MatchRecord, b: MatchRecord, model: Model): void {
  const { tables } = model;
  let [same, household, colleagues] = [0, 0, 0];
  const turned = levels[featureIndex.turned] === 1;
  for (let feature = 0; feature < featureCount; feature++) {
    const level = levels[feature] as number;
    if (level < 0) continue;
    const at = feature * levelsMax + level;
    const weight = tables.same[at] as number;
    if (Number.isNaN(weight)) continue;
    const rarity = level > 2 ? 0 : rarityOf(feature, level, a, b, turned, model);
    same += weight + rarity;
    const ofHousehold = tables.household[at] as number;
    if (!Number.isNaN(ofHousehold)) household += ofHousehold + rarity;
    const ofColleagues = tables.colleagues[at] as number;
    if (!Number.isNaN(ofColleagues)) colleagues += ofColleagues + rarity;
  }
  parts.same = same;
  parts.household = household;
  parts.colleagues = colleagues;
}

/** How much more (rare value) or less (common value) an agreement says than an average one, in log odds. */
export function rarityOf(
  feature: number,
  level: number,
  a: MatchRecord,
  b: MatchRecord,
  turned: boolean,
  model: Model,
): number {
  if (level > 2) return 0;
  const value = agreedValue(feature, level, a, b, turned);
  if (value === null) return 0;
  const share = model.share(features[feature] as Feature, value);
  if (share === null) return 0;
  const average = model.tables.unrelatedLog[feature * levelsMax + level] as number;
  return Math.max(-rarityMax, Math.min(rarityMax, average - Math.log(share)));
}

const rarityMax = 3;

function combine({ logPriors }: ScoreTables): number {
  const kin =
    Math.exp(logPriors.unrelated) +
    Math.exp(logPriors.household + Math.min(600, parts.household)) +
    Math.exp(logPriors.colleagues + Math.min(600, parts.colleagues));
  return logPriors.same + parts.same - Math.log(kin);
}

const at = featureIndex;

/** What forbids to link two records on evidence alone. */
function vetoOf(a: MatchRecord, b: MatchRecord, found: Int8Array, model: Model): Veto | null {
  const generations = [a.name?.generation ?? null, b.name?.generation ?? null];
  if (generations[0] !== null && generations[1] !== null && generations[0] !== generations[1]) return "generation";
  if (found[at.phone] === 2 && (found[at.given] as number) > 4) return "extension";
  if (found[at.birth] === 6 && rarelySame(model.weights, "birth", 6) && !sameNumber(found)) return "birth date";
  if (a.name === null && found[at["legal-form"]] === 2) return "legal form";
  if (
    a.name === null &&
    a.organisation !== null &&
    b.organisation !== null &&
    a.organisation.numbers !== b.organisation.numbers &&
    a.organisation.numbers !== "" &&
    b.organisation.numbers !== ""
  )
    return "branch";
  return null;
}

/** A number that is one person's own (a passport's, a tax number) outweighs a mistyped date. */
function sameNumber(found: Int8Array): boolean {
  return (
    found[at["number-1"]] === 0 ||
    found[at["number-2"]] === 0 ||
    found[at["number-3"]] === 0 ||
    found[at["external-id"]] === 0
  );
}

/** What the pair that was compared last showed: for whoever judges it. The levels are overwritten by the next comparison. */
export function lastComparison(model: Model): { readonly levels: Int8Array; readonly againstStrangers: number } {
  return { levels, againstStrangers: parts.same + model.tables.logPriors.same };
}

/** True when records of one thing hardly ever show this level: then showing it is a contradiction, not an accident. */
function rarelySame(weights: Weights, feature: Feature, level: number): boolean {
  return (weights.features[feature]?.same[level] ?? 0) < 0.02;
}

/** The score with what each field said, strongest first. */
export function explain(a: MatchRecord, b: MatchRecord, model: Model): Explanation {
  const score = scorePair(a, b, model);
  const turned = levels[featureIndex.turned] === 1;
  const evidence: Evidence[] = [];
  for (let feature = 0; feature < featureCount; feature++) {
    const level = levels[feature] as number;
    const ratio = level < 0 ? Number.NaN : (model.tables.same[feature * levelsMax + level] as number);
    if (Number.isNaN(ratio)) continue;
    const weight = ratio + rarityOf(feature, level, a, b, turned, model);
    const name = features[feature] as Feature;
    if (Math.abs(weight) >= 0.05) evidence.push({ feature: name, finding: levelNames[name][level] as string, weight });
  }
  evidence.sort((x, y) => Math.abs(y.weight) - Math.abs(x.weight));
  const { same, unrelated } = model.tables.logPriors;
  const { kin } = parts;
  if (kin < -0.05)
    evidence.push({ feature: "shared by kin", finding: "a household, a company or a series", weight: kin });
  evidence.push({ feature: "prior", finding: "any two records", weight: same - unrelated });
  const said = evidence.reduce((sum, { weight }) => sum + weight, 0);
  if (model.weights.calibration !== null)
    evidence.push({ feature: "decisions", finding: "learned from reviews", weight: score.logOdds - said });
  return { ...score, evidence };
}

/** Makes the tables that scoring reads from weights. */
export function tablesOf(weights: Weights): ScoreTables {
  const each = (logOf: (shares: LevelShares, level: number) => number) => {
    const table = new Float64Array(featureCount * levelsMax).fill(Number.NaN);
    features.forEach((feature, f) => {
      const shares = weights.features[feature];
      shares?.unrelated.forEach((_, level) => {
        table[f * levelsMax + level] = logOf(shares, level);
      });
    });
    return table;
  };
  const ratio = (of: "same" | "household" | "colleagues") =>
    each((shares, level) => Math.log((shares[of]?.[level] ?? Number.NaN) / (shares.unrelated[level] as number)));
  const { same, household, colleagues } = weights.priors;
  return {
    same: ratio("same"),
    household: ratio("household"),
    colleagues: ratio("colleagues"),
    unrelatedLog: each((shares, level) => Math.log(shares.unrelated[level] as number)),
    logPriors: {
      same: Math.log(same),
      household: Math.log(household),
      colleagues: Math.log(colleagues),
      unrelated: Math.log(1 - same - household - colleagues),
    },
  };
}
