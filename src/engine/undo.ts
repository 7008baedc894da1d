import { reopen } from "../core/reopen.ts";
import { type CommitUnit, laneDecision } from "../ports/store.ts";
import { ringWork } from "./bell.ts";
import { goldenUnit } from "./commit.ts";
import type { Deps } from "./deps.ts";
import type { Reviewed } from "./review.ts";

const racesMax = 8;
/** Lines of the golden record that are looked through for what the decision did. */
const linesMax = 500;

/**
 * Takes a person's decision on a conflict or clear back: the hold is open again, and its fields have the values they had. `stale` when a field has
 * changed since: then nothing is undone.
 */
export async function undoDecision(deps: Deps, holdId: string, by: string): Promise<Reviewed> {
  let keys: readonly string[] = [];
  for (let race = 0; race < racesMax; race++) {
    const hold = await deps.store.hold(holdId);
    if (hold === null) return { kind: "unknown" };
    const { goldens, byKey } = await deps.store.load({
      records: [],
      keys,
      ids: hold.goldenId === null ? [] : [hold.goldenId],
    });
    const golden = goldens.get(hold.goldenId ?? "");
    if (golden === undefined) return { kind: "invalid", reason: `A decision on a ${hold.kind} can't be undone.` };
    const lines = await deps.store.journal({ goldenId: golden.id, newestFirst: true, limit: linesMax });
    const judged = reopen(golden, hold, lines, by, deps.policy, deps.clock.now());
    if (judged.kind !== "done") return judged;
    const unit: CommitUnit = {
      ...goldenUnit(deps, judged.golden, laneDecision, (key) => byKey.get(key)),
      journal: judged.journal,
      holds: [judged.hold],
    };
    keys = unit.keys ?? [];
    const [result] = await deps.store.commit([unit]);
    if (result?.kind === "stale") continue;
    ringWork(deps.store);
    return { kind: "done", hold: judged.hold };
  }
  const hold = await deps.store.hold(holdId);
  return hold === null ? { kind: "unknown" } : { kind: "stale", hold };
}
