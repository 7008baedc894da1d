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

/** Some tens of MB at most. */
const sizeMax = 5_000;

export function newGoldenCache(): GoldenCache {
  // A Map keeps the order of insertion: the first one was used longest ago.
  const byId = new Map<GoldenId, GoldenRecord>();
  const put = (golden: GoldenRecord) => {
    byId.delete(golden.id);
    byId.set(golden.id, golden);
    if (byId.size <= sizeMax) return;
    for (const oldest of byId.keys()) {
      byId.delete(oldest);
      return;
    }
  };
  return {
    get(id) {
      const golden = byId.get(id);
      if (golden !== undefined) put(golden);
      return golden;
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
