import type { GoldenId } from "../../model/golden.ts";

/** Golden ids by blocking key; keys that too many share are not in it. */
export type BlockMembers = ReadonlyMap<number, Iterable<GoldenId>>;

const candidatesMax = 6;

/**
 * The golden records worth comparing with a record, likeliest first: those that its keys, taken together, single out among all. A key that c of n share
 * counts ln(n / c); what counts less than a key that 5 share is not worth a look. At most 6.
 */
export function nominate(keys: readonly number[], members: BlockMembers, goldens: number): readonly GoldenId[] {
  const all = Math.max(goldens, goldensMin);
  const weights = new Map<GoldenId, number>();
  for (const key of keys) {
    const ids = [...(members.get(key) ?? [])];
    const weight = Math.max(0, Math.log(all / ids.length));
    for (const id of ids) weights.set(id, (weights.get(id) ?? 0) + weight);
  }
  const least = Math.log(all / 5);
  const worth = [...weights].filter(([, weight]) => weight >= least);
  worth.sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return worth.slice(0, candidatesMax).map(([id]) => id);
}

const goldensMin = 100;
