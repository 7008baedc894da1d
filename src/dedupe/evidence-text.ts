import type { Column } from "../core/match/scored/columns.ts";
import type { Evidence, Model } from "../core/match/scored/model.ts";
import type { MatchRecord } from "../core/match/scored/record.ts";
import { explain } from "../core/match/scored/score.ts";

/** A pair's score (log odds) and its evidence in one line: "email: same mailbox +6.5; given: short form +2.1". */
export function evidenceText(
  a: MatchRecord,
  b: MatchRecord,
  model: Model,
  columns: readonly Column[],
): { readonly score: number; readonly text: string } {
  const { logOdds, evidence, veto } = explain(a, b, model);
  const said = evidence.map(
    (item) => `${labelOf(item, columns)}: ${item.finding} ${item.weight < 0 ? "" : "+"}${item.weight.toFixed(1)}`,
  );
  return { score: logOdds, text: (veto === null ? said : [`not to be linked: another ${veto}`, ...said]).join("; ") };
}

/** What a piece of evidence is about: the columns without a meaning of their own go by their names. */
export function labelOf({ feature }: Evidence, columns: readonly Column[]): string {
  const numbered = /^(text|number)-(\d)$/.exec(feature);
  if (numbered === null) return feature;
  return columns.filter((column) => column.role === numbered[1])[Number(numbered[2]) - 1]?.name ?? feature;
}
