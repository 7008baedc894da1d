import type { Corpus, Feature } from "./feature.ts";
import type { MatchRecord } from "./record.ts";

/**
 * How often each level of a feature's comparison is seen (each list sums to 1) among pairs of one relation, given that both sides have a value.
 * `household` and `colleagues` are kin: people of one home, businesses at one address or models of one series; people at one company. Most wrong merges
 * are kin. `null` where they agree no more often than strangers.
 */
export type LevelShares = {
  readonly same: readonly number[];
  readonly unrelated: readonly number[];
  readonly household: readonly number[] | null;
  readonly colleagues: readonly number[] | null;
};

/** The shipped or learned weights of one kind of thing: data only, so that it can be stored, versioned and compared. */
export type Weights = {
  readonly version: string;
  readonly features: { readonly [feature in Feature]?: LevelShares };
  /** Share of all pairs of records that are in each relation; the rest is unrelated. */
  readonly priors: { readonly same: number; readonly household: number; readonly colleagues: number };
  /** What people's decisions corrected (`calibrate`); null before any. */
  readonly calibration: Calibration | null;
};

/** A layer over the log odds: `shift + scale * logOdds`, and a weight for each crossing of evidence that a pair shows. */
export type Calibration = { readonly shift: number; readonly scale: number; readonly crossed: readonly number[] };

/** From which log odds on a pair is linked without a person, and from which a person is asked. */
export type Thresholds = { readonly link: number; readonly review: number };

/** Weights with what is known of the table they are used on. */
export type Model = {
  readonly weights: Weights;
  readonly corpus: Corpus;
  /** Share of records holding a value (0 to 1), or null where nothing is known of it. */
  readonly share: (feature: Feature, value: string) => number | null;
  readonly tables: ScoreTables;
};

/** At `8 * feature + level` the log-likelihood ratio against strangers; NaN for features without weights, or whose kin agree no more than strangers. */
export type ScoreTables = {
  readonly same: Float64Array;
  readonly household: Float64Array;
  readonly colleagues: Float64Array;
  readonly unrelatedLog: Float64Array;
  readonly logPriors: {
    readonly same: number;
    readonly household: number;
    readonly colleagues: number;
    readonly unrelated: number;
  };
};

export type Veto = "generation" | "birth date" | "extension" | "legal form" | "branch";

/** How sure it is that two records are one thing. */
export type Score = {
  /** Natural log of the odds, prior included, before a veto. */
  readonly logOdds: number;
  readonly probability: number;
  /** Why it must not be linked without a person, whatever the odds. */
  readonly veto: Veto | null;
};

/** One field's part in a score. `weight` is in natural log odds: above 0 speaks for one thing. */
export type Evidence = {
  readonly feature: Feature | "prior" | "shared by kin" | "decisions";
  readonly finding: string;
  readonly weight: number;
};

export type Explanation = Score & { readonly evidence: readonly Evidence[] };

export type PairOf = readonly [MatchRecord, MatchRecord];
