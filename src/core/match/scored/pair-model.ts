import { defaultWeights } from "./default-weights.ts";
import { corpusOf, expectMaximise, randomFrom, samplePair, unrelatedShares, weightsFor } from "./estimate.ts";
import { featureCount } from "./feature.ts";
import type { Model, PairOf, Thresholds } from "./model.ts";
import { tablesOf } from "./score.ts";

/** Prior of a listed pair before any is looked at: whoever lists pairs has filtered them. */
const listedPrior = 0.1;

/**
 * The model for a list of pairs, learned from the list without its answers: how common values are, how often strangers agree (records of different
 * rows), and how often the listed pairs that are one thing do.
 */
export function learnFromPairs(pairs: readonly PairOf[]): { readonly model: Model; readonly thresholds: Thresholds } {
  const records = pairs.flat();
  const defaults = weightsFor(records, defaultWeights);
  const { corpus, share } = corpusOf(records);
  const features = unrelatedShares(records, corpus, defaults, randomFrom(pairs.length));
  const priors = {
    same: listedPrior,
    household: defaults.priors.household * 100,
    colleagues: defaults.priors.colleagues * 100,
  };
  const start = { ...defaults, features, priors };
  const model: Model = { weights: start, corpus, share, tables: tablesOf(start) };
  const levels = new Int8Array(pairs.length * featureCount);
  const rarity = new Float32Array(pairs.length * featureCount);
  pairs.forEach(([a, b], index) => {
    samplePair(a, b, model, levels, rarity, index);
  });
  const weights = expectMaximise({ levels, rarity, count: pairs.length, weight: 1 }, start, pairs.length);
  return { model: { ...model, weights, tables: tablesOf(weights) }, thresholds: { link: 2, review: 0 } };
}
