import type { GoldenId, GoldenRecord } from "../../model/golden.ts";
import type { Stored } from "./put-golden.ts";

/** A golden record as it is stored. `stored`: what stands beside its document, where this process wrote it. */
type Cached = { readonly golden: GoldenRecord; readonly stored: Stored | null };

/**
 * The golden records that were committed or read last, as no other process can change them. A record that is being worked on is read several
 * times within moments (to decide, to write, to settle the receipt): its row is then not read and parsed each time.
 */
export type GoldenCache = {
  get(id: GoldenId): GoldenRecord | undefined;
  /** The same with what stands beside its document. */
  row(id: GoldenId): Cached | undefined;
  put(golden: GoldenRecord, stored?: Stored | null): void;
  clear(): void;
};

/** Golden records of one generation; two are kept: some 100 MB at most. */
const generationMax = 6_000;

export function newGoldenCache(): GoldenCache {
  // What is used moves to the young generation; when that is full, the old one is dropped whole. Cheaper than dropping one by one.
  let young = new Map<GoldenId, Cached>();
  let old = young;
  const keep = (cached: Cached) => {
    young.set(cached.golden.id, cached);
    if (young.size < generationMax) return;
    old = young;
    young = new Map();
  };
  const row = (id: GoldenId) => {
    const cached = young.get(id);
    if (cached !== undefined) return cached;
    const aged = old.get(id);
    if (aged !== undefined) keep(aged);
    return aged;
  };
  return {
    get: (id) => row(id)?.golden,
    row,
    put: (golden, stored = null) => keep({ golden, stored }),
    clear() {
      young = new Map();
      old = young;
    },
  };
}
