import { type InboxItem, laneBackfill } from "../ports/store.ts";
import type { Deps } from "./deps.ts";
import { hintOf } from "./hint.ts";

const pageHolds = 500;

/**
 * Has the records read once more that were held for what they resemble. Those that came first were judged when little was known: how common names are, how
 * people's records differ, and most of the others. Returns how many.
 */
export async function lookAgain(deps: Deps): Promise<number> {
  let count = 0;
  for (let after: string | undefined; ; ) {
    const from = after === undefined ? {} : { after };
    const page = await deps.store.holds({ kind: "duplicate", status: "open", limit: pageHolds, ...from });
    const hints = page.flatMap(({ goldenId, ref, scores }): InboxItem[] =>
      goldenId === null && ref !== null && scores !== undefined && scores.length > 0
        ? [hintOf(deps, ref, laneBackfill)]
        : [],
    );
    if (hints.length > 0) await deps.store.receive(hints, []);
    count += hints.length;
    after = page.at(-1)?.id;
    if (after === undefined || page.length < pageHolds) return count;
  }
}
