/** Where a golden record is found for matching. */
export type Filing = {
  /** All its blocking keys; without any it is not found. */
  readonly keys: readonly number[];
  /** What its records say, for whoever compares it; empty where it has no keys. */
  readonly says: string;
};

/** A record that looks for candidates. */
export type Looking = {
  /** Its blocking keys: whole numbers of up to 47 bits. */
  readonly keys: readonly number[];
  /** Among how many golden records of its type, about. */
  readonly among: number;
};

/** A golden record, or what stands for it in a store, that shares keys with a record. */
export type Nominee<Id> = {
  readonly id: Id /** What the keys that they share count together. */;
  readonly weight: number;
};

/** Of a key that more golden records share, none is a candidate by it: whom it is worth comparing shares rarer ones. */
export const blockSizeMax = 50;

/** So many are compared with a record at most. */
export const nomineesMax = 6;

/** What sharing a key that `size` of all golden records have counts: nothing where all have it. */
export function keyWeight(among: number, size: number): number {
  return Math.max(0, Math.log(Math.max(among, amongMin) / size));
}

/** What counts less than a key that 5 share is not worth a look. */
export function leastWeight(among: number): number {
  return Math.log(Math.max(among, amongMin) / 5);
}

const amongMin = 100;

/**
 * The golden records worth comparing with a record, likeliest first: those that its keys, taken together, single out among all. `membersOf` a key: who is
 * filed under it; empty where too many are. `othersOf` a key: how many more are.
 */
export function nominate<Id extends string | number>(
  { keys, among }: Looking,
  membersOf: (key: number) => readonly Id[],
  othersOf: (key: number) => number = () => 0,
): readonly Nominee<Id>[] {
  const weights = new Map<Id, number>();
  for (const key of keys) {
    const ids = membersOf(key);
    const weight = keyWeight(among, ids.length + othersOf(key));
    for (const id of ids) weights.set(id, (weights.get(id) ?? 0) + weight);
  }
  const least = leastWeight(among);
  const worth: Nominee<Id>[] = [];
  for (const [id, weight] of weights) if (weight >= least) worth.push({ id, weight });
  return likeliest(worth);
}

/** The likeliest of those that were nominated, each once. */
export function likeliest<Id extends string | number>(nominees: readonly Nominee<Id>[]): readonly Nominee<Id>[] {
  return [...nominees]
    .sort((a, b) => Math.round((b.weight - a.weight) * 1e6) || (a.id < b.id ? -1 : 1))
    .slice(0, nomineesMax);
}
