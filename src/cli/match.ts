import { matchPairsFile } from "../dedupe/match-pairs-file.ts";
import { matchScoreFile } from "../dedupe/match-score-file.ts";
import { columnMap, type TableOptions } from "./dedupe.ts";
import { numberText, print, printJson, table } from "./output.ts";
import { createProgress } from "./progress.ts";

function pairsOptions(file: string, { type, map, out }: TableOptions) {
  return { file, kind: type ?? null, map: columnMap(map), out: out ?? null };
}

/** `truce match PAIRS`: for each pair of a file whether both are the same thing. */
export async function matchCommand(file: string, options: TableOptions): Promise<void> {
  const progress = createProgress();
  const { summary, answers } = await matchPairsFile(pairsOptions(file, options), ({ stage, done, of }) =>
    progress.set(stage, done, of),
  );
  progress.end();
  if (options.json === true) return printJson({ ...summary, answers });
  if (options.out === undefined)
    print(["id,decision", ...answers.map((answer) => `${answer.id},${answer.decision}`)].join("\n"));
  else
    print(
      `${numberText(summary.pairs)} pairs: ${summary.same} same, ${summary.different} different, ${summary.review} for review. Written: ${options.out}`,
    );
}

/** `truce match-score PAIRS`: how right the matcher is on pairs with an `answer` column, for tuning. */
export async function matchScoreCommand(file: string, options: TableOptions): Promise<void> {
  const score = await matchScoreFile(pairsOptions(file, options));
  if (options.json === true) return printJson(score);
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  print(
    `${numberText(score.pairs)} pairs: precision ${percent(score.precision)}, recall ${percent(score.recall)}, F1 ${percent(score.f1)}`,
  );
  print(`${score.falseMerges} false merges, ${score.missed} missed, ${score.reviews} for review`);
  if (score.thresholds.length > 0)
    print(
      `\n${table([["linked from", "precision", "recall"], ...score.thresholds.map((one) => [String(one.from), percent(one.precision), percent(one.recall)])])}`,
    );
}
