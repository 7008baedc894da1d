/** A scored pair of record indexes. */
export type Edge = { readonly a: number; readonly b: number; readonly logOdds: number };

/** What clustering asks about any two records: their log odds, `-Infinity` for a pair that must not be together. */
export type Support = (a: number, b: number) => number;

export type ClusterOptions = {
  /** Support between two clusters, in log odds, from which they are joined. */
  readonly threshold: number;
  /**
   * What counts as their support: 0 the mean over all pairs between them, 1 the best pair. Between the two, records with many fields missing can join
   * through the one member they agree with.
   */
  readonly bestWeight: number;
  /** Sources of which a cluster may hold one record each; null where any number may. */
  readonly sourceOf: ((record: number) => string | null) | null;
};

const clip = 8;
const pairsMax = 100;

/**
 * Joins records into clusters, strongest pair first, where the support between the two sides reaches the threshold: one wrong pair cannot
 * chain two families together. Returns the cluster number of each record (the index of one of its members).
 */
export function clusterRecords(
  count: number,
  edges: readonly Edge[],
  support: Support,
  options: ClusterOptions,
): Int32Array {
  const cluster = Int32Array.from({ length: count }, (_, i) => i);
  const members: (number[] | null)[] = Array.from({ length: count }, (_, i) => [i]);
  const sorted = [...edges].sort((x, y) => y.logOdds - x.logOdds || x.a - y.a || x.b - y.b);
  for (let pass = 0; pass < 3; pass++) {
    let joined = 0;
    for (const { a, b } of sorted) {
      const x = cluster[a] as number;
      const y = cluster[b] as number;
      if (x === y) continue;
      const left = members[x] as number[];
      const right = members[y] as number[];
      if (options.sourceOf !== null && shareSource(left, right, options.sourceOf)) continue;
      if (supportBetween(left, right, support, options.bestWeight) < options.threshold) continue;
      join(x, y, cluster, members);
      joined++;
    }
    if (joined === 0) break;
  }
  return cluster;
}

function join(x: number, y: number, cluster: Int32Array, members: (number[] | null)[]): void {
  const [into, from] = (members[x] as number[]).length >= (members[y] as number[]).length ? [x, y] : [y, x];
  for (const record of members[from] as number[]) {
    cluster[record] = into;
    (members[into] as number[]).push(record);
  }
  members[from] = null;
}

/** The support between two clusters, clipped per pair; of large ones, over an even sample of the pairs. */
function supportBetween(
  left: readonly number[],
  right: readonly number[],
  support: Support,
  bestWeight: number,
): number {
  const total = left.length * right.length;
  const step = Math.max(1, Math.ceil(total / pairsMax));
  let sum = 0;
  let best = -clip;
  let pairs = 0;
  for (let i = 0; i < total; i += step) {
    const value = support(left[i % left.length] as number, right[Math.floor(i / left.length)] as number);
    if (value === Number.NEGATIVE_INFINITY) return value;
    const clipped = Math.max(-clip, Math.min(clip, value));
    sum += clipped;
    best = Math.max(best, clipped);
    pairs++;
  }
  return (1 - bestWeight) * (sum / pairs) + bestWeight * best;
}

function shareSource(
  left: readonly number[],
  right: readonly number[],
  sourceOf: (record: number) => string | null,
): boolean {
  return left.some((a) => right.some((b) => sourceOf(a) !== null && sourceOf(a) === sourceOf(b)));
}
