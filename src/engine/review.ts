import { released } from "../core/decide.ts";
import { type Judged, judge } from "../core/judge.ts";
import type { Decision, Hold } from "../model/hold.ts";
import { type CommitUnit, laneDecision } from "../ports/store.ts";
import { emptyUnit, goldenUnit } from "./commit.ts";
import type { Deps } from "./deps.ts";
import { hintOf } from "./work.ts";

export type Reviewed =
  | { readonly kind: "done"; readonly hold: Hold }
  /** It changed since it was shown, or was decided already; `hold` is how it is now (409). */
  | { readonly kind: "stale"; readonly hold: Hold }
  | { readonly kind: "invalid"; readonly reason: string }
  | { readonly kind: "unknown" };

/** How often a decision is tried again when the golden record moved on without touching the hold. */
const racesMax = 8;

/** Carries out a person's decision on a hold. Of two people who decide the same revision, one wins. */
export async function decideHold(deps: Deps, decision: Decision): Promise<Reviewed> {
  for (let race = 0; race < racesMax; race++) {
    const stored = await deps.store.hold(decision.holdId);
    if (stored === null) return { kind: "unknown" };
    const loaded = await deps.store.load({
      records: [],
      keys: [],
      ids: stored.goldenId === null ? [] : [stored.goldenId],
    });
    const golden = stored.goldenId === null ? null : (loaded.goldens.get(stored.goldenId) ?? null);
    // The golden record's own copy is the one that its version guards.
    const hold = golden?.holds.find((one) => one.id === stored.id) ?? stored;
    const judged = judge(golden, hold, decision, deps.policy, deps.clock.now());
    if (judged.kind !== "done") return judged;
    const [result] = await deps.store.commit([unitOf(deps, judged)]);
    if (result?.kind !== "committed") continue;
    await releaseMatches(deps, judged.hold, decision);
    return { kind: "done", hold: judged.hold };
  }
  const hold = await deps.store.hold(decision.holdId);
  return hold === null ? { kind: "unknown" } : { kind: "stale", hold };
}

function unitOf(deps: Deps, judged: Judged & { kind: "done" }): CommitUnit {
  const base =
    judged.golden === null
      ? emptyUnit
      : { ...goldenUnit(deps, judged.golden, laneDecision, () => undefined), keys: null };
  return {
    ...base,
    journal: judged.journal,
    holds: [judged.hold],
    pins: judged.pin === null ? [] : [judged.pin],
    inbox: judged.reread.map((ref) => hintOf(deps, ref, laneDecision)),
  };
}

/** Golden records that waited for a held record may create their own again, apart from the one it was found to be. */
async function releaseMatches(deps: Deps, hold: Hold, { choice }: Decision): Promise<void> {
  if (hold.goldenId !== null || (choice.kind !== "new" && choice.kind !== "link")) return;
  let ids = hold.matches.filter((id) => choice.kind === "new" || id !== choice.goldenId);
  for (let race = 0; race < racesMax && ids.length > 0; race++) {
    const { goldens } = await deps.store.load({ records: [], keys: [], ids });
    const waiting = [...goldens.values()].filter((golden) => golden.links.some((link) => link.waitsFor === hold.id));
    const units = waiting.map((golden) => ({
      ...goldenUnit(deps, released(golden, hold.id), laneDecision, () => undefined),
      keys: null,
    }));
    const results = await deps.store.commit(units);
    ids = waiting.filter((_, i) => results[i]?.kind === "stale").map((golden) => golden.id);
  }
}
