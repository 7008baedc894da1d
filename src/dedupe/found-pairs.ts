import type { DedupeResult } from "../core/match/scored/deduplicate.ts";

/** A pair of record indexes with what is to be done about it. */
export type FoundPair = { readonly a: number; readonly b: number; readonly decision: "link" | "review" };

/**
 * All pairs inside the sure clusters, as links; and to review, the strongest likely pair between two sure clusters: answering it settles the others. Where
 * each source lists a thing once, only pairs of one cluster are a question.
 */
export function foundPairs({ sure, clusters, edges, thresholds, oneToOne }: DedupeResult): FoundPair[] {
  const pairs: FoundPair[] = [];
  for (const members of groups(sure)) {
    for (let i = 0; i < members.length; i++)
      for (let j = 0; j < i; j++) pairs.push({ a: members[j]!, b: members[i]!, decision: "link" });
  }
  const asked = new Set<string>();
  for (const { a, b, logOdds } of [...edges].sort((x, y) => y.logOdds - x.logOdds || x.a - y.a || x.b - y.b)) {
    const [x, y] = [sure[a] as number, sure[b] as number];
    const question = x < y ? `${x} ${y}` : `${y} ${x}`;
    if (x === y || logOdds < thresholds.review || (oneToOne && clusters[a] !== clusters[b]) || asked.has(question))
      continue;
    asked.add(question);
    pairs.push({ a: b, b: a, decision: "review" });
  }
  return pairs;
}

function groups(labels: Int32Array): Iterable<number[]> {
  const byLabel = new Map<number, number[]>();
  labels.forEach((label, i) => {
    const members = byLabel.get(label);
    if (members === undefined) byLabel.set(label, [i]);
    else members.push(i);
  });
  return byLabel.values();
}
