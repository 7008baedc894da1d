import { blockCreate } from "../core/block-create.ts";
import { type Context, draftOf, goldenOf, putHold } from "../core/draft.ts";
import { opened, reopen } from "../core/reopen.ts";
import { splitGolden } from "../core/split-golden.ts";
import type { GoldenRecord } from "../model/golden.ts";
import type { Hold } from "../model/hold.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { EntityPolicy } from "../model/policy.ts";
import { recordKey } from "../model/record.ts";
import { type CommitUnit, laneDecision } from "../ports/store.ts";
import { ringWork } from "./bell.ts";
import { emptyUnit, goldenUnit } from "./commit.ts";
import type { Deps } from "./deps.ts";
import { type Reviewed, remade } from "./review.ts";
import { journalOf } from "./split.ts";

const racesMax = 8;
/** Lines of the golden record that are looked through for what the decision did. */
const linesMax = 500;

/**
 * Takes a person's decision back: the hold is open again, and its fields have the values they had. A record that was joined to a golden record is
 * taken out of it, and asked about as a golden record of its own, which makes no records meanwhile. `stale` when a field has changed since, `invalid` with the reason when the decision has
 * been carried out for good: then nothing is undone.
 */
export async function undoDecision(deps: Deps, holdId: string, by: string): Promise<Reviewed> {
  let keys: readonly string[] = [];
  for (let race = 0; race < racesMax; race++) {
    const hold = await deps.store.hold(holdId);
    if (hold === null) return { kind: "unknown" };
    const tried =
      hold.goldenId === null ? await undoOnRecord(deps, hold, by) : await undoOnGolden(deps, hold, by, keys);
    if (tried.kind !== "units") return tried;
    keys = tried.units.flatMap((unit) => unit.keys ?? []);
    const results = await deps.store.commit(tried.units);
    if (results.some((result) => result.kind === "stale")) continue;
    ringWork(deps.store);
    return { kind: "done", hold: tried.hold };
  }
  const hold = await deps.store.hold(holdId);
  return hold === null ? { kind: "unknown" } : { kind: "stale", hold };
}

type Tried =
  | { readonly kind: "units"; readonly units: readonly CommitUnit[]; readonly hold: Hold }
  | Exclude<Reviewed, { readonly kind: "done" }>;

async function undoOnGolden(deps: Deps, hold: Hold, by: string, keys: readonly string[]): Promise<Tried> {
  const { goldens, byKey } = await deps.store.load({ records: [], keys, ids: [hold.goldenId ?? ""] });
  const golden = goldens.get(hold.goldenId ?? "");
  if (golden === undefined) return { kind: "invalid", reason: "Its golden record is not there any more." };
  const lines = await deps.store.journal({ goldenId: golden.id, newestFirst: true, limit: linesMax });
  const judged = reopen(golden, hold, lines, by, deps.policy, deps.clock.now());
  if (judged.kind !== "done") return judged;
  const unit: CommitUnit = {
    ...goldenUnit(deps, judged.golden, laneDecision, (key) => byKey.get(key)),
    journal: judged.journal,
    holds: [judged.hold],
  };
  return { kind: "units", units: [unit], hold: judged.hold };
}

/** A hold on a record that was no golden record's when it was decided. */
async function undoOnRecord(deps: Deps, hold: Hold, by: string): Promise<Tried> {
  const { ref, closed } = hold;
  const entity = deps.policy.entities[hold.entity];
  if (ref === null || entity === undefined)
    return { kind: "invalid", reason: "What it was about is not there any more." };
  if (closed === null) return { kind: "stale", hold };
  if (!/^(new$|leave$|same as )/u.test(closed.choice))
    return { kind: "invalid", reason: "Nobody decided this: it settled by itself." };
  const now = deps.clock.now();
  const { byRecord, goldens } = await deps.store.load({ records: [ref], keys: [], ids: hold.matches });
  const golden = goldens.get(byRecord.get(recordKey(ref)) ?? "");
  if (golden === undefined) {
    // Left alone, or not yet read again under the decision: then it is read in vain.
    const open = opened(hold, now);
    const pins = [{ ref, goldenId: "leave" }];
    return { kind: "units", units: [{ ...emptyUnit, holds: [open], pins }], hold: open };
  }
  const context: Context = { policy: deps.policy, entity, now, cause: `${hold.id}#${hold.revision}` };
  if (!closed.choice.startsWith("same as")) return askedAgain(deps, hold, golden, [], entity, context);
  const lines = await journalOf(deps, golden.id);
  const split = splitGolden(golden, [ref], lines, deps.random.id(), { kind: "person", name: by }, context);
  if (split.kind === "invalid") return split;
  const { rest, parted } = split;
  rest.distinctFrom = rest.distinctFrom.filter((id) => id !== parted.id);
  parted.distinctFrom = parted.distinctFrom.filter((id) => id !== rest.id);
  const mapping = entity.mappings.find(({ system, object }) => system === ref.system && object === ref.object);
  const other = mapping === undefined ? goldenOf(rest) : blockCreate(goldenOf(rest), mapping, hold.id);
  const units = [{ ...remade(deps, other, hold.id), journal: rest.journal, holds: [...rest.changedHolds.values()] }];
  const again = { ...hold, matches: [rest.id] };
  return askedAgain(deps, again, goldenOf(parted), units, entity, context, parted.journal);
}

/** The question is open again, on a golden record that makes no further records until it is answered. */
function askedAgain(
  deps: Deps,
  hold: Hold,
  golden: GoldenRecord,
  others: readonly CommitUnit[],
  entity: EntityPolicy,
  { now }: Context,
  journal: readonly JournalEntry[] = [],
): Tried {
  const draft = draftOf(golden, entity);
  draft.distinctFrom = draft.distinctFrom.filter((id) => !hold.matches.includes(id));
  const open: Hold = { ...opened(hold, now), goldenId: golden.id };
  putHold(draft, open);
  const blocked = entity.mappings
    .filter(({ create }) => create)
    .reduce((one, mapping) => blockCreate(one, mapping, hold.id), goldenOf(draft));
  const unit = { ...remade(deps, blocked, hold.id), journal, holds: [open] };
  return { kind: "units", units: [unit, ...others], hold: open };
}
