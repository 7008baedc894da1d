import { createSuggester, type Suggestion } from "../core/suggest.ts";
import type { Deps } from "../engine/deps.ts";

const pageSize = 500;

/** Rules that people's decisions so far follow, tried on all of them and on what is held now. Nothing is changed: a person puts one into the config. */
export async function suggestRules({ store, policy }: Pick<Deps, "store" | "policy">): Promise<readonly Suggestion[]> {
  const suggester = createSuggester(policy);
  for (let after: string | undefined; ; ) {
    const filter = { kind: "conflict" as const, limit: pageSize };
    const page = await store.holds(after === undefined ? filter : { ...filter, after });
    for (const hold of page) suggester.take(hold);
    after = page.at(-1)?.id;
    if (page.length < pageSize) return suggester.suggestions();
  }
}
