import { goldenOf } from "../core/draft.ts";
import { type Split, splitGolden } from "../core/split-golden.ts";
import type { GoldenId } from "../model/golden.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { RecordRef } from "../model/record.ts";
import { ringWork } from "./bell.ts";
import type { Deps } from "./deps.ts";
import { remade } from "./review.ts";

export type SplitDone =
  | { readonly kind: "split"; readonly parted: GoldenId }
  | { readonly kind: "invalid"; readonly reason: string };

/** How often it is tried again when the golden record moved on meanwhile. */
const racesMax = 8;
const pageLines = 500;

/** Takes records out of a golden record, into a new one of their own: `by` says that they are something else. See `splitGolden`. */
export async function splitRecords(
  deps: Deps,
  goldenId: GoldenId,
  refs: readonly RecordRef[],
  by: string,
): Promise<SplitDone> {
  const { store, policy, clock, random } = deps;
  for (let race = 0; race < racesMax; race++) {
    const golden = (await store.load({ records: [], keys: [], ids: [goldenId] })).goldens.get(goldenId);
    const entity = policy.entities[golden?.entity ?? ""];
    if (golden === undefined || entity === undefined)
      return { kind: "invalid", reason: `There is no golden record ${goldenId}.` };
    const cause = random.id();
    const context = { policy, entity, now: clock.now(), cause };
    const journal = await journalOf(deps, goldenId);
    const split = splitGolden(golden, refs, journal, random.id(), { kind: "person", name: by }, context);
    if (split.kind === "invalid") return split;
    const results = await store.commit(unitsOf(deps, split, cause));
    if (results.some((result) => result.kind === "stale")) continue;
    ringWork(store);
    return { kind: "split", parted: split.parted.id };
  }
  return { kind: "invalid", reason: "The golden record is changing all the time; try again in a moment." };
}

/** All of a golden record's journal: what its records held came to be known while they were one. */
export async function journalOf({ store }: Deps, goldenId: GoldenId): Promise<readonly JournalEntry[]> {
  const lines: JournalEntry[] = [];
  for (let after = 0; ; ) {
    const page = await store.journal({ goldenId, after, limit: pageLines });
    lines.push(...page);
    const last = page.at(-1);
    if (last === undefined || page.length < pageLines) return lines;
    after = last.sequence;
  }
}

function unitsOf(deps: Deps, { rest, parted }: Split & { kind: "split" }, group: string) {
  return [rest, parted].map((draft) => ({
    ...remade(deps, goldenOf(draft), group),
    journal: draft.journal,
    holds: [...draft.changedHolds.values()],
  }));
}
