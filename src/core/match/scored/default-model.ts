import { guessFamilyShare, guessGivenShare } from "./common-names.ts";
import { defaultWeights } from "./default-weights.ts";
import type { Model } from "./model.ts";
import { tablesOf } from "./score.ts";

/** The model for pairs without a table around them: shipped weights, and how common names are known to be. */
export function defaultModel(): Model {
  return {
    weights: defaultWeights,
    corpus: { words: { documents: 1, counts: new Map() }, isCommonCode: () => false },
    share: (feature, value) =>
      feature === "given" ? guessGivenShare(value) : feature === "family" ? guessFamilyShare(value) : null,
    tables: tablesOf(defaultWeights),
  };
}
