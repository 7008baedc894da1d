import { blocksOf, eachCandidate } from "./candidates.ts";
import { clusterRecords, type Edge, type Support } from "./cluster.ts";
import { defaultWeights } from "./default-weights.ts";
import { corpusOf, expectMaximise, randomFrom, samplePair, unrelatedShares, weightsFor } from "./estimate.ts";
import { featureCount, featureIndex, levelNames } from "./feature.ts";
import type { Model, Thresholds, Weights } from "./model.ts";
import type { MatchRecord } from "./record.ts";
import { lastComparison, lastVeto, logOddsOf, probabilityOf, tablesOf } from "./score.ts";

export type DedupeSettings = {
  /** Whether a cluster holds at most one record of a source; "auto" reads it off the data. */
  readonly oneToOne: boolean | "auto";
  /** Share of the links made without a person that are to be right. */
  readonly linkPrecision: number;
  /** Blocking keys that more records share are skipped. */
  readonly blockSizeMax: number;
};

export const defaultSettings: DedupeSettings = { oneToOne: "auto", linkPrecision: 0.995, blockSizeMax: 250 };

export type Progress = {
  readonly stage: "estimate" | "compare" | "cluster";
  readonly done: number;
  readonly of: number;
};

export type DedupeResult = {
  readonly model: Model;
  readonly thresholds: Thresholds;
  /** Cluster number of each record, at even odds. */
  readonly clusters: Int32Array;
  /** Cluster number of each record, counting only what is sure enough to link without a person. */
  readonly sure: Int32Array;
  /** Candidate pairs not clearly different, unordered. */
  readonly edges: readonly Edge[];
  readonly compared: number;
  readonly oneToOne: boolean;
};

/** Pairs below these log odds are not kept. */
const keepFrom = -3;
const samplePairsMax = 400_000;

/** Finds the records that are one thing. Learns its weights from the records themselves; reads no label. Same input, same answer. */
export function deduplicate(
  records: readonly MatchRecord[],
  settings: DedupeSettings,
  onProgress: (progress: Progress) => void,
): DedupeResult {
  const random = randomFrom(20_261_124);
  const blocks = blocksOf(records, settings.blockSizeMax);
  onProgress({ stage: "estimate", done: 0, of: 1 });
  const model = learnModel(records, blocks, random);
  onProgress({ stage: "estimate", done: 1, of: 1 });
  const edges: Edge[] = [];
  const seen = new Int32Array(records.length).fill(-1);
  let compared = 0;
  for (let from = 0; from < records.length; from += 1000) {
    eachCandidate(blocks, from, Math.min(records.length, from + 1000), seen, (a, b) => {
      compared++;
      const logOdds = logOddsOf(records[a] as MatchRecord, records[b] as MatchRecord, model);
      if (logOdds >= keepFrom) edges.push({ a, b, logOdds });
    });
    onProgress({ stage: "compare", done: Math.min(records.length, from + 1000), of: records.length });
  }
  onProgress({ stage: "cluster", done: 0, of: 1 });
  const support: Support = (a, b) => supportOf(records[a] as MatchRecord, records[b] as MatchRecord, model);
  const oneToOne = settings.oneToOne === "auto" ? sourcesAreSets(records, edges) : settings.oneToOne;
  const sourceOf = oneToOne ? (record: number) => (records[record] as MatchRecord).source : null;
  const partners = sourceOf === null ? edges : bestPartners(edges, sourceOf);
  const thresholds: Thresholds = {
    link: linkThreshold(partners, settings.linkPrecision),
    review: sourceOf === null ? 0 : competing,
  };
  const join = (threshold: number, bestWeight: number, support: Support) =>
    clusterRecords(
      records.length,
      edges.filter((edge) => edge.logOdds > threshold),
      support,
      { threshold, bestWeight, sourceOf },
    );
  const clusters = join(thresholds.review, 0.4, support);
  const sure = join(thresholds.link, 0, (a, b) => surely(records[a] as MatchRecord, records[b] as MatchRecord, model));
  onProgress({ stage: "cluster", done: 1, of: 1 });
  return { model, thresholds, clusters, sure, edges, compared, oneToOne };
}

/**
 * The lowest log odds from which links are right as often as wanted, by the odds' own account: the mean probability of all pairs above. Never
 * below 2 (88 %): few errors among many sure links are no excuse for a doubtful one.
 */
export function linkThreshold(edges: readonly Edge[], precision: number): number {
  const odds = Float64Array.from(edges, (edge) => edge.logOdds)
    .sort()
    .reverse();
  let sum = 0;
  let threshold = linkFrom;
  for (let i = 0; i < odds.length; i++) {
    sum += probabilityOf(odds[i] as number);
    if (sum / (i + 1) < precision) {
      threshold = Math.max(linkFrom, odds[i] as number);
      break;
    }
  }
  return threshold;
}

const linkFrom = 2;

/**
 * From where on the best partner of each other is taken, where sources list a thing once: the odds are those of any two records, but this pair has won against all
 * others, which makes it some twenty times likelier.
 */
const competing = -3;

/** Pairs across sources of which each is the other's best. */
function bestPartners(edges: readonly Edge[], sourceOf: (record: number) => string | null): Edge[] {
  const across = edges.filter(({ a, b }) => sourceOf(a) !== sourceOf(b));
  const best = new Map<number, number>();
  for (const { a, b, logOdds } of across) {
    for (const record of [a, b]) best.set(record, Math.max(best.get(record) ?? Number.NEGATIVE_INFINITY, logOdds));
  }
  return across.filter(({ a, b, logOdds }) => best.get(a) === logOdds && best.get(b) === logOdds);
}

/** Support for linking without a person: two different common given names are two people, however alike the rest. */
function surely(a: MatchRecord, b: MatchRecord, model: Model): number {
  const support = supportOf(a, b, model);
  return support > 0 && lastComparison(model).levels[featureIndex.given] === anotherName ? 0 : support;
}

const anotherName = levelNames.given.indexOf("another common name");

function supportOf(a: MatchRecord, b: MatchRecord, model: Model): number {
  const logOdds = logOddsOf(a, b, model);
  const veto = lastVeto(a, b, model);
  if (veto === null) return logOdds;
  return veto === "birth date" ? Math.min(logOdds, -4) : Number.NEGATIVE_INFINITY;
}

/** The weights that the records themselves show. */
function learnModel(records: readonly MatchRecord[], blocks: ReturnType<typeof blocksOf>, random: () => number): Model {
  const { corpus, share } = corpusOf(records);
  const defaults = weightsFor(records, defaultWeights);
  const start: Weights = { ...defaults, features: unrelatedShares(records, corpus, defaults, random) };
  const model: Model = { weights: start, corpus, share, tables: tablesOf(start) };
  const n = records.length;
  const allPairs = Math.max(1, (n * (n - 1)) / 2);
  const seen = new Int32Array(n).fill(-1);
  let total = 0;
  eachCandidate(blocks, 0, n, seen, () => {
    total++;
  });
  const keep = Math.min(1, samplePairsMax / Math.max(1, total));
  const capacity = Math.min(total, Math.ceil(samplePairsMax * 1.1));
  const levels = new Int8Array(capacity * featureCount);
  const rarity = new Float32Array(capacity * featureCount);
  let count = 0;
  seen.fill(-1);
  eachCandidate(blocks, 0, n, seen, (a, b) => {
    if ((keep < 1 && random() > keep) || count >= capacity) return;
    samplePair(records[a] as MatchRecord, records[b] as MatchRecord, model, levels, rarity, count++);
  });
  const weights = expectMaximise({ levels, rarity, count, weight: count === 0 ? 1 : total / count }, start, allPairs);
  return { ...model, weights, tables: tablesOf(weights) };
}

/**
 * Two catalogues, each of which lists a thing once: then a record has at most one partner. Assumed of titled things (products, publications) from
 * two sources, unless one source plainly repeats itself. People and companies are repeated in every system.
 */
function sourcesAreSets(records: readonly MatchRecord[], edges: readonly Edge[]): boolean {
  const sizes = new Map<string, number>();
  for (const { source, title, name } of records) {
    if (source === null || title === null || name !== null) return false;
    sizes.set(source, (sizes.get(source) ?? 0) + 1);
  }
  if (sizes.size !== 2) return false;
  const repeated = new Map<string, Set<number>>();
  for (const { a, b, logOdds } of edges) {
    const source = records[a]?.source as string;
    if (logOdds < plainRepeat || source !== records[b]?.source) continue;
    const seen = repeated.get(source) ?? new Set();
    repeated.set(source, seen.add(a).add(b));
  }
  return [...sizes].every(([source, size]) => (repeated.get(source)?.size ?? 0) < size * 0.15);
}

const plainRepeat = 8;
