import { TableError } from "../tables/read-table.ts";
import { type MatchPairsOptions, matchPairsFile, type PairAnswer } from "./match-pairs-file.ts";

/** How right the matcher is on labelled pairs. */
export type MatchScore = {
  readonly pairs: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Pairs answered "same" that are different or need a person: the costly mistake. */
  readonly falseMerges: number;
  /** Pairs answered "different" that are the same. */
  readonly missed: number;
  readonly reviews: number;
  /** What linking from other log odds on would give; pairs with a veto stay unlinked. Empty where only names were compared. */
  readonly thresholds: readonly { readonly from: number; readonly precision: number; readonly recall: number }[];
  readonly wrong: readonly PairAnswer[];
};

/** Runs the matcher on a file of pairs with an `answer` column (same, different, review) and says how right it is. Throws TableError without one. */
export async function matchScoreFile(options: MatchPairsOptions): Promise<MatchScore> {
  const { answers } = await matchPairsFile(options, () => {});
  if (answers.every((answer) => answer.answer === null))
    throw new TableError(`${options.file} has no column "answer" with same, different or review`);
  const same = (answer: PairAnswer) => truthOf(answer) === "same";
  const linked = answers.filter((answer) => answer.decision === "same");
  const right = linked.filter(same).length;
  const total = answers.filter(same).length;
  const [precision, recall] = [ratio(right, linked.length), ratio(right, total)];
  return {
    pairs: answers.length,
    precision,
    recall,
    f1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall),
    falseMerges: linked.length - right,
    missed: answers.filter((answer) => same(answer) && answer.decision === "different").length,
    reviews: answers.filter((answer) => answer.decision === "review").length,
    thresholds: sweep(answers, total),
    wrong: answers.filter((answer) => answer.decision !== truthOf(answer)),
  };
}

function truthOf({ answer }: PairAnswer): string {
  const said = (answer ?? "").trim().toLowerCase();
  if (["1", "true", "yes", "match", "same"].includes(said)) return "same";
  return said === "review" ? "review" : "different";
}

const ratio = (part: number, whole: number) => (whole === 0 ? 1 : part / whole);

function sweep(answers: readonly PairAnswer[], total: number): MatchScore["thresholds"] {
  const scored = answers.filter((answer) => answer.score !== null);
  if (scored.length === 0) return [];
  return [-2, 0, 1, 2, 3, 4, 5, 6, 8, 10].map((from) => {
    const linked = scored.filter(
      (answer) => (answer.score as number) >= from && !answer.evidence.includes("not to be linked"),
    );
    const right = linked.filter((answer) => truthOf(answer) === "same").length;
    return { from, precision: ratio(right, linked.length), recall: ratio(right, total) };
  });
}
