import type { BlockGuard } from "./store.ts";

/** When blocking keys were last given to a golden record, for a store that one process holds alone. */
export type BlockClaims = {
  /** The mark of the newest commit that filed something. */
  mark(): number;
  /** A commit files golden records under these keys. */
  note(keys: Iterable<number>): void;
  /** True when something was filed under one of the keys after the mark, or that is no longer known. */
  isFiledSince(guard: BlockGuard): boolean;
};

/** Keys of one generation; two are kept: some 10 MB. */
const generationMax = 100_000;

export function newBlockClaims(): BlockClaims {
  let mark = 0;
  let young = new Map<number, number>();
  let old = new Map<number, number>();
  /** Marks up to here are told by no generation any more. */
  let forgotten = 0;
  let youngFrom = 0;
  return {
    mark: () => mark,
    note(keys) {
      mark++;
      for (const key of keys) young.set(key, mark);
      if (young.size < generationMax) return;
      old = young;
      young = new Map();
      forgotten = youngFrom;
      youngFrom = mark;
    },
    isFiledSince: (guard) =>
      guard.mark < forgotten || guard.keys.some((key) => (young.get(key) ?? old.get(key) ?? 0) > guard.mark),
  };
}
