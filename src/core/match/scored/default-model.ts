import { guessFamilyShare, guessGivenShare } from "./common-names.ts";
import { defaultWeights } from "./default-weights.ts";
import { aboutThings } from "./estimate.ts";
import type { Feature } from "./feature.ts";
import type { Model } from "./model.ts";
import { tablesOf } from "./score.ts";

/** The model for pairs without a table around them: shipped weights, and how common values are known or guessed to be. */
export function defaultModel(about: "people" | "things"): Model {
  const weights = about === "people" ? defaultWeights : aboutThings(defaultWeights, false);
  return {
    weights,
    corpus: { words: { documents: 1, counts: new Map() }, isCommonCode: () => false },
    share: guessShare,
    tables: tablesOf(weights),
  };
}

/** Share of records that hold a value. Company names and domains are made to differ, so one in some thousands at most. */
function guessShare(feature: Feature, value: string): number | null {
  if (feature === "given") return guessGivenShare(value);
  if (feature === "family") return guessFamilyShare(value);
  return feature === "organisation" || feature === "domain" ? 0.0002 : null;
}
