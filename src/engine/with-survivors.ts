import type { Loaded, Store } from "../ports/store.ts";

/** With the golden records that those which were merged away live on in. Rare: who names one of them was not told of the merging. */
export async function withSurvivors(store: Store, loaded: Loaded): Promise<Loaded> {
  const missing = [...loaded.goldens.values()].flatMap(({ mergedInto }) =>
    mergedInto === undefined || loaded.goldens.has(mergedInto) ? [] : [mergedInto],
  );
  if (missing.length === 0) return loaded;
  const { goldens } = await store.load({ records: [], keys: [], ids: missing });
  const all = new Map([...loaded.goldens, ...goldens]);
  return goldens.size === 0 ? loaded : withSurvivors(store, { ...loaded, goldens: all });
}
