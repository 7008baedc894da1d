import { released } from "../core/block-create.ts";
import { type Judged, judge } from "../core/judge.ts";
import type { GoldenRecord } from "../model/golden.ts";
import { type Decision, type Hold, heldRecord } from "../model/hold.ts";
import { type CommitUnit, laneDecision } from "../ports/store.ts";
import { ringWork } from "./bell.ts";
import { emptyUnit, goldenUnit } from "./commit.ts";
import type { Deps } from "./deps.ts";
import { hintOf } from "./hint.ts";
import { wronglyNamed } from "./named-goldens.ts";
import { withSurvivors } from "./with-survivors.ts";

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
  let keys: readonly string[] = [];
  for (let race = 0; race < racesMax; race++) {
    const stored = await deps.store.hold(decision.holdId);
    if (stored === null) return { kind: "unknown" };
    const wrong = await wronglyNamed(deps, stored, decision);
    if (wrong !== null) return { kind: "invalid", reason: wrong };
    const ids = [...stored.matches, ...(stored.goldenId === null ? [] : [stored.goldenId])];
    const loaded = await deps.store.load({ records: [], keys, ids });
    const { goldens, byKey } = await withSurvivors(deps.store, loaded);
    const golden = goldens.get(stored.goldenId ?? "") ?? null;
    // The golden record's own copy is the one that its version guards. Without it, the hold was closed between the two looks.
    const hold = golden === null ? stored : golden.holds.find((one) => one.id === stored.id);
    if (hold === undefined && stored.status === "open") continue;
    const byId = (id: string) => goldens.get(id);
    const judged = judge(golden, byId, hold ?? stored, decision, deps.policy, deps.clock.now());
    if (judged.kind !== "done") return judged;
    const units = unitsOf(deps, judged, stored, [...loaded.goldens.values()], (key) => byKey.get(key));
    keys = units.flatMap((unit) => unit.keys ?? []);
    const results = await deps.store.commit(units);
    if (results.some((result) => result.kind === "stale")) continue;
    ringWork(deps.store);
    return { kind: "done", hold: judged.hold };
  }
  const hold = await deps.store.hold(decision.holdId);
  return hold === null ? { kind: "unknown" } : { kind: "stale", hold };
}

type Done = Judged & { readonly kind: "done" };

/** All or nothing: the decision, and on a held record what waited for it. */
function unitsOf(
  deps: Deps,
  judged: Done,
  stored: Hold,
  matches: readonly GoldenRecord[],
  ownerOfKey: (key: string) => string | undefined,
): CommitUnit[] {
  const also = {
    journal: judged.journal,
    holds: [judged.hold, ...judged.also],
    pins: judged.pin === null ? [] : [judged.pin],
    inbox: judged.reread.map((ref) => hintOf(deps, ref, laneDecision)),
    group: stored.id,
  };
  const kept = (golden: GoldenRecord): CommitUnit => ({
    ...goldenUnit(deps, golden, laneDecision, () => undefined),
    keys: null,
    group: stored.id,
  });
  const [golden, ...merged] = judged.goldens;
  if (golden !== undefined) {
    const linesOf = ({ id }: GoldenRecord) => judged.journal.filter(({ goldenId }) => goldenId === id);
    const whole = {
      ...(merged.length > 0 ? remade(deps, golden, stored.id) : goldenUnit(deps, golden, laneDecision, ownerOfKey)),
      ...also,
    };
    return [
      { ...whole, journal: linesOf(golden) },
      ...merged.map((one) => ({ ...remade(deps, one, stored.id), journal: linesOf(one) })),
    ];
  }
  // Left as it is, it still may be the one that is wanted: nothing is made beside it.
  const freed = heldRecord(judged.hold) !== null ? [] : matches.filter((golden) => waitsFor(golden, stored));
  // Nothing guards a record's hold but the golden records it may be: of two decisions at once, the second finds them changed.
  const guards = freed.length > 0 ? freed : matches.slice(0, 1);
  const others = guards.map((golden) => kept(freed.length > 0 ? released(golden, stored.id) : golden));
  return [{ ...emptyUnit, ...also }, ...others];
}

/** A golden record that gave up or got records: its identity keys go with them, where no third one has them. */
export function remade(deps: Deps, golden: GoldenRecord, group: string): CommitUnit {
  const unit = goldenUnit(deps, golden, laneDecision, () => undefined);
  return { ...unit, sharedKeys: unit.keys ?? [], group };
}

function waitsFor(golden: GoldenRecord, hold: Hold): boolean {
  return golden.links.some((link) => link.waitsFor === hold.id);
}
