import {
  type Corpus,
  compareRecords,
  countedValues,
  type Feature,
  featureCount,
  featureIndex,
  features,
} from "./feature.ts";
import type { LevelShares, Model, Weights } from "./model.ts";
import type { MatchRecord } from "./record.ts";
import { levelsMax, rarityOf, tablesOf } from "./score.ts";

/** Random numbers in [0, 1) from a seed: estimates must come out the same each time. Source: mulberry32. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What a table tells without any pair: how common its words, codes and values are. */
export function corpusOf(records: readonly MatchRecord[]): { corpus: Corpus; share: Model["share"] } {
  const counts = new Map<Feature, Map<string, number>>();
  const words = new Map<string, number>();
  const codes = new Map<string, number>();
  const totals = new Map<Feature, number>();
  for (const record of records) {
    for (const [feature, value] of countedValues(record)) {
      const values = counts.get(feature) ?? new Map<string, number>();
      counts.set(feature, values);
      bump(values, value);
      bump(totals, feature);
    }
    for (const word of new Set([...(record.title?.words ?? []), ...(record.description?.words ?? [])]))
      bump(words, word);
    for (const code of record.title?.codes ?? []) bump(codes, code);
  }
  const commonCode = Math.max(8, records.length / 200);
  return {
    corpus: {
      words: { documents: Math.max(1, records.length), counts: words },
      isCommonCode: (code) => (codes.get(code) ?? 0) > commonCode,
    },
    share: (feature, value) => {
      const values = counts.get(feature);
      return values === undefined ? null : (values.get(value) ?? 1) / (totals.get(feature) as number);
    },
  };
}

function bump<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** How often each level is seen among random pairs, leaning on the defaults as if they were `priorPairs` more pairs. */
export function unrelatedShares(
  records: readonly MatchRecord[],
  corpus: Corpus,
  defaults: Weights,
  random: () => number,
  pairs = 400_000,
  priorPairs = 2_000,
): Weights["features"] {
  const seen = features.map(() => new Float64Array(8));
  const levels = new Int8Array(featureCount);
  const n = records.length;
  const wanted = Math.min(pairs, (n * (n - 1)) / 2);
  for (let i = 0; i < wanted && n > 1; i++) {
    const a = Math.floor(random() * n);
    const b = Math.floor(random() * (n - 1));
    compareRecords(records[a] as MatchRecord, records[b < a ? b : b + 1] as MatchRecord, corpus, levels);
    for (let f = 0; f < featureCount; f++)
      if ((levels[f] as number) >= 0) (seen[f] as Float64Array)[levels[f] as number]!++;
  }
  return mapFeatures(defaults, (feature, shares) => {
    if (feature === "turned") return shares;
    const counts = seen[featureIndex[feature]] as Float64Array;
    const unrelated = shares.unrelated.map((share, level) => (counts[level] as number) + priorPairs * share);
    return { ...shares, unrelated: normalised(unrelated) };
  });
}

function mapFeatures(
  weights: Weights,
  change: (feature: Feature, shares: LevelShares) => LevelShares,
): Weights["features"] {
  return Object.fromEntries(
    Object.entries(weights.features).map(([feature, shares]) => [
      feature,
      change(feature as Feature, shares as LevelShares),
    ]),
  );
}

function normalised(counts: readonly number[]): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => count / total);
}

/**
 * Weights for things that have no colleagues. Their kin: two businesses at one address, rarer than families; of titled things the models of one
 * series and the papers of one group, commoner.
 */
export function aboutThings(weights: Weights, titled: boolean): Weights {
  const features = mapFeatures(weights, (_, shares) => ({ ...shares, colleagues: null }));
  return { ...weights, features, priors: { ...weights.priors, household: titled ? 2e-3 : 1e-5, colleagues: 1e-9 } };
}

/** The shipped weights as they fit the records: people or things. */
export function weightsFor(records: readonly MatchRecord[], defaults: Weights): Weights {
  if (records.some((record) => record.name !== null)) return defaults;
  return aboutThings(
    defaults,
    records.some((record) => record.title !== null),
  );
}

/** Candidate pairs gathered for the estimate: their levels and how rare their agreed values are. */
export type PairSample = {
  readonly levels: Int8Array;
  readonly rarity: Float32Array;
  readonly count: number;
  /** How many real candidate pairs each sampled one stands for. */
  readonly weight: number;
};

/**
 * Expectation-maximisation over candidate pairs with four classes: same, household, colleagues, unrelated. The shares among unrelated pairs and
 * among kin stay as they are; those among pairs of one thing and the priors over all pairs are learned. The defaults count as `priorWeight` of
 * the matches, so that a class cannot drift to something else. Source: Fellegi and Sunter 1969; Winkler 1988 for the fixed u.
 */
export function expectMaximise(
  sample: PairSample,
  start: Weights,
  allPairs: number,
  rounds = 25,
  priorWeight = 0.1,
): Weights {
  let weights = start;
  for (let round = 0; round < rounds; round++) {
    const next = oneRound(sample, weights, start, allPairs, priorWeight);
    const change = Math.abs(next.priors.same - weights.priors.same) / weights.priors.same;
    weights = next;
    if (change < 1e-4) break;
  }
  return weights;
}

function oneRound(
  sample: PairSample,
  weights: Weights,
  start: Weights,
  allPairs: number,
  priorWeight: number,
): Weights {
  const tables = tablesOf(weights);
  const matched = features.map(() => new Float64Array(8));
  const { logPriors } = tables;
  let same = 0;
  let household = 0;
  let colleagues = 0;
  for (let pair = 0; pair < sample.count; pair++) {
    const from = pair * featureCount;
    let s = logPriors.same;
    let h = logPriors.household;
    let c = logPriors.colleagues;
    for (let f = 0; f < featureCount; f++) {
      const level = sample.levels[from + f] as number;
      if (level < 0) continue;
      const at = f * levelsMax + level;
      const weight = tables.same[at] as number;
      if (Number.isNaN(weight)) continue;
      const rarity = sample.rarity[from + f] as number;
      s += weight + rarity;
      const ofHousehold = tables.household[at] as number;
      if (!Number.isNaN(ofHousehold)) h += ofHousehold + rarity;
      const ofColleagues = tables.colleagues[at] as number;
      if (!Number.isNaN(ofColleagues)) c += ofColleagues + rarity;
    }
    const top = Math.max(s, h, c, logPriors.unrelated);
    const [es, eh, ec] = [Math.exp(s - top), Math.exp(h - top), Math.exp(c - top)];
    const sum = es + eh + ec + Math.exp(logPriors.unrelated - top);
    const p = es / sum;
    same += p;
    household += eh / sum;
    colleagues += ec / sum;
    if (p < 1e-4) continue;
    for (let f = 0; f < featureCount; f++) {
      const level = sample.levels[from + f] as number;
      if (level >= 0) (matched[f] as Float64Array)[level]! += p;
    }
  }
  const share = (count: number) => Math.min(0.2, (count * sample.weight + 0.5) / allPairs);
  return {
    version: weights.version,
    calibration: weights.calibration,
    priors: { same: share(same), household: share(household), colleagues: share(colleagues) },
    features: mapFeatures(weights, (feature, shares) => {
      const defaults = (start.features[feature] as LevelShares).same;
      return {
        ...shares,
        same: sharesOfSame(feature, matched[featureIndex[feature]] as Float64Array, defaults, priorWeight),
      };
    }),
  };
}

/** Shares of a feature's levels among records of one thing, from counts of them, the defaults counting as `priorWeight` of all, and as 20 at least. */
export function sharesOfSame(
  feature: Feature,
  counts: readonly number[] | Float64Array,
  defaults: readonly number[],
  priorWeight: number,
): number[] {
  let total = 0;
  for (const count of counts) total += count;
  const lean = Math.max(20, total * priorWeight);
  const same = normalised(defaults.map((p, level) => (counts[level] as number) + lean * p));
  return names.has(feature) ? notDrifting(same, defaults) : same;
}

const names: ReadonlySet<Feature> = new Set(["given", "family", "title", "code", "authors"]);

/**
 * What a thing is called rarely differs. Without this bound the class of matches can drift to kin: households, where nothing but the given name
 * differs, or a series, where nothing but the model does.
 */
function notDrifting(same: readonly number[], defaults: readonly number[]): number[] {
  return normalised(
    same.map((p, level) => ((defaults[level] as number) < 0.11 ? Math.min(p, 2.5 * (defaults[level] as number)) : p)),
  );
}

/** Writes one pair into a sample under construction. */
export function samplePair(
  a: MatchRecord,
  b: MatchRecord,
  model: Model,
  levels: Int8Array,
  rarity: Float32Array,
  index: number,
): void {
  const found = levels.subarray(index * featureCount, (index + 1) * featureCount);
  compareRecords(a, b, model.corpus, found);
  const turned = found[featureIndex.turned] === 1;
  for (let f = 0; f < featureCount; f++) {
    const level = found[f] as number;
    rarity[index * featureCount + f] = level < 0 ? 0 : rarityOf(f, level, a, b, turned, model);
  }
}
