import type { EntityType } from "../../model/golden.ts";
import type { Asked } from "./match.ts";
import { guessFamilyShare, guessGivenShare } from "./scored/common-names.ts";
import { defaultWeights } from "./scored/default-weights.ts";
import { aboutThings, sharesOfSame } from "./scored/estimate.ts";
import { compareRecords, countedValues, type Feature, featureCount, featureIndex, features } from "./scored/feature.ts";
import type { Calibration, LevelShares, Model, Weights } from "./scored/model.ts";
import type { MatchRecord } from "./scored/record.ts";
import { probabilityOf, tablesOf } from "./scored/score.ts";

type Counts = { total: number; readonly values: Map<string, number> };

/**
 * What the records of an entity seen so far tell about any record: how common values are, and how often strangers agree. Grows with each batch, and
 * stays small: of each field's values the commonest are counted.
 */
export type Knowledge = {
  readonly entity: EntityType;
  /** Records seen. */
  records: number;
  readonly counts: Map<Feature, Counts>;
  readonly words: Map<string, number>;
  /** How often each level was seen between records picked at random, by feature. */
  readonly levels: readonly number[][];
  /** The same between records of one thing, each comparison by how likely it is one. */
  readonly sameLevels: readonly number[][];
  /** Some records to compare new ones with. */
  readonly sample: MatchRecord[];
  people: number;
  titled: number;
  /** Of how many records it was asked what they are the same as, how many of them were of something known, by the sum of their probabilities. */
  asked: number;
  known: number;
  /** How often the best candidate had which log odds, in steps of a half from 0. */
  readonly best: number[];
  /** What people's decisions taught; null before any. */
  calibration: Calibration | null;
};

const valuesMax = 2_000;
const sampleMax = 256;
const strangersEach = 3;
const levelCount = 8;

export function nothingKnown(entity: EntityType): Knowledge {
  return {
    entity,
    records: 0,
    counts: new Map(),
    words: new Map(),
    levels: features.map(() => new Array<number>(levelCount).fill(0)),
    sameLevels: features.map(() => new Array<number>(levelCount).fill(0)),
    sample: [],
    people: 0,
    titled: 0,
    asked: 0,
    known: 0,
    best: new Array<number>(steps).fill(0),
    calibration: null,
  };
}

/** Takes a batch of records into account. `pick` gives numbers in [0, 1): which records are compared with which. */
export function learn(knowledge: Knowledge, records: readonly MatchRecord[], pick: () => number): void {
  const corpus = corpusOf(knowledge);
  const levels = new Int8Array(featureCount);
  for (const record of records) {
    for (let i = 0; i < strangersEach && knowledge.sample.length > 0; i++) {
      const other = knowledge.sample[Math.floor(pick() * knowledge.sample.length)] as MatchRecord;
      compareRecords(record, other, corpus, levels);
      for (let f = 0; f < featureCount; f++) {
        const level = levels[f] as number;
        if (level >= 0) (knowledge.levels[f] as number[])[level]!++;
      }
    }
    count(knowledge, record);
    // Each record seen is as likely as any other to be in the sample (Vitter's reservoir).
    if (knowledge.sample.length < sampleMax) knowledge.sample.push(record);
    else {
      const place = Math.floor(pick() * knowledge.records);
      if (place < sampleMax) knowledge.sample[place] = record;
    }
  }
}

function count(knowledge: Knowledge, record: MatchRecord): void {
  knowledge.records++;
  if (record.name !== null) knowledge.people++;
  if (record.title !== null) knowledge.titled++;
  for (const [feature, value] of countedValues(record)) {
    const counts = knowledge.counts.get(feature) ?? { total: 0, values: new Map<string, number>() };
    knowledge.counts.set(feature, counts);
    counts.total++;
    bump(counts.values, value);
  }
  for (const word of new Set([...(record.title?.words ?? []), ...(record.description?.words ?? [])]))
    bump(knowledge.words, word);
}

/** Takes into account what comparing a record with its candidates showed. */
export function learnOutcome(knowledge: Knowledge, { logOdds, compared }: Asked): void {
  knowledge.asked++;
  for (const one of compared) learnSame(knowledge, probabilityOf(one.logOdds), one.comparisons);
  if (logOdds === null) return;
  knowledge.known += probabilityOf(logOdds);
  if (logOdds >= 0) knowledge.best[Math.min(steps - 1, Math.floor(logOdds * stepsEach))]!++;
}

/** One step of expectation-maximisation, spread over the stream: what is likely one thing counts as that, by how likely it is. */
function learnSame({ sameLevels }: Knowledge, probability: number, comparisons: readonly Int8Array[]): void {
  for (const levels of comparisons) {
    for (let f = 0; f < featureCount; f++) {
      const level = levels[f] as number;
      if (level >= 0) (sameLevels[f] as number[])[level]! += probability / comparisons.length;
    }
  }
}

const stepsEach = 2;
const steps = 24;
/** Even among many sure links none below e^2 to 1 (88 %) is made. */
const linkFrom = 2;

/**
 * The log odds from which links are right as often as wanted, by the odds' own account: the mean probability of all such links so far. As long as few
 * are known, each by itself must be that sure.
 */
export function linkThreshold({ best }: Knowledge, precision: number): number {
  const alone = Math.log(precision / (1 - precision));
  let [links, right, threshold] = [linksMin, linksMin * precision, alone];
  for (let step = steps - 1; step >= linkFrom * stepsEach; step--) {
    const from = step / stepsEach;
    links += best[step] ?? 0;
    right += (best[step] ?? 0) * probabilityOf(from + 0.5 / stepsEach);
    if (right / links < precision) break;
    // Where there were none, nothing shows that they would be right.
    if ((best[step] ?? 0) > 0) threshold = Math.min(alone, from);
  }
  return threshold;
}

const linksMin = 50;

/** Once there are twice as many as are kept, the rarer half goes: a value that is common comes again. */
function bump(values: Map<string, number>, value: string): void {
  values.set(value, (values.get(value) ?? 0) + 1);
  if (values.size <= 2 * valuesMax) return;
  const kept = [...values].sort(([, x], [, y]) => y - x).slice(0, valuesMax);
  values.clear();
  for (const [one, times] of kept) values.set(one, times);
}

/** How to score a pair, as far as is known by now. */
export function modelOf(knowledge: Knowledge): Model {
  const weights = weightsOf(knowledge);
  return {
    weights,
    corpus: corpusOf(knowledge),
    share: (feature, value) => shareOf(knowledge, weights, feature, value),
    tables: tablesOf(weights),
  };
}

function corpusOf({ records, words }: Knowledge): Model["corpus"] {
  return { words: { documents: Math.max(1, records), counts: words }, isCommonCode: () => false };
}

/** Records that the shipped shares count as. */
const priorPairs = 2_000;
const priorRecords = 500;
/** Share of the comparisons of one thing that the shipped shares count as. */
const sameLean = 0.1;

/** Of so many records it is taken to be known, before any, that this share of them is of something known already. */
const priorAsked = 100;
const priorKnown = 0.3;
/** Each is taken to share its home with one, and to be a colleague of one. */
const kinEach = 0.2;

/** Of how many things there have been records, about: those that were not of something known. */
export function goldensIn({ asked, known }: Knowledge): number {
  return Math.max(1, asked - known);
}

function knownShare({ asked, known }: Knowledge): number {
  return (known + priorAsked * priorKnown) / (asked + priorAsked);
}

function weightsOf(knowledge: Knowledge): Weights {
  const { people, titled, calibration } = knowledge;
  const start = people > 0 ? defaultWeights : aboutThings(defaultWeights, titled > 0);
  const all = Math.max(goldensIn(knowledge), 100);
  const { household, colleagues } = start.priors;
  return {
    version: start.version,
    calibration,
    priors: {
      same: knownShare(knowledge) / all,
      household: Math.min(household * 10, kinEach / all),
      colleagues: Math.min(colleagues * 10, kinEach / all),
    },
    features: Object.fromEntries(
      Object.entries(start.features).map(([feature, shares]) => [
        feature,
        feature === "turned" ? shares : learned(feature as Feature, shares as LevelShares, knowledge),
      ]),
    ),
  };
}

function learned(feature: Feature, shares: LevelShares, { levels, sameLevels }: Knowledge): LevelShares {
  const at = featureIndex[feature];
  const strangers = levels[at] as readonly number[];
  const counts = shares.unrelated.map((share, level) => (strangers[level] ?? 0) + priorPairs * share);
  const total = counts.reduce((sum, one) => sum + one, 0);
  return {
    ...shares,
    same: sharesOfSame(feature, sameLevels[at] as readonly number[], shares.same, sameLean),
    unrelated: counts.map((one) => one / total),
  };
}

/** Share of records that hold a value: as counted, leaning on what is known of names, or on the average, while little is counted. */
function shareOf({ counts }: Knowledge, weights: Weights, feature: Feature, value: string): number | null {
  const seen = counts.get(feature);
  const guess = guessShare(feature, value) ?? weights.features[feature]?.unrelated[0] ?? null;
  if (seen === undefined) return guess;
  const times = seen.values.get(value) ?? 1;
  if (guess === null) return times / seen.total;
  return (times + priorRecords * guess) / (seen.total + priorRecords);
}

function guessShare(feature: Feature, value: string): number | null {
  if (feature === "given") return guessGivenShare(value);
  return feature === "family" ? guessFamilyShare(value) : null;
}
