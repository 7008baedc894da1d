import type { GoldenId, GoldenRecord } from "../../model/golden.ts";
import type { CommitResult, CommitUnit } from "../../ports/store.ts";

/**
 * The golden records that were committed or read last, as no other process can change them. A record that is being worked on is read several
 * times within moments (to decide, to write, to settle the receipt): its document is then not read and parsed each time.
 */
export type GoldenCache = {
  get(id: GoldenId): GoldenRecord | undefined;
  put(golden: GoldenRecord): void;
};

/** Golden records of one generation; two are kept: some 100 MB at most. */
const generationMax = 6_000;

export function newGoldenCache(): GoldenCache {
  // What is used moves to the young generation; when that is full, the old one is dropped whole. Cheaper than dropping one by one.
  let young = new Map<GoldenId, GoldenRecord>();
  let old = young;
  const put = (golden: GoldenRecord) => {
    young.set(golden.id, golden);
    if (young.size < generationMax) return;
    old = young;
    young = new Map();
  };
  return {
    get(id) {
      const golden = young.get(id);
      if (golden !== undefined) return golden;
      const aged = old.get(id);
      if (aged !== undefined) put(aged);
      return aged;
    },
    put,
  };
}

/** Remembers what a commit stored. */
export function keepCommitted(
  cache: GoldenCache,
  units: readonly CommitUnit[],
  results: readonly CommitResult[],
): void {
  units.forEach(({ golden }, i) => {
    if (golden !== null && results[i]?.kind === "committed") cache.put(golden);
  });
}
