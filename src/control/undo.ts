import { editFields } from "../core/edit.ts";
import { type Change, type UndoStep, undoSteps } from "../core/undo.ts";
import { ringWork } from "../engine/bell.ts";
import { goldenUnit } from "../engine/commit.ts";
import type { Deps } from "../engine/deps.ts";
import type { FieldName, GoldenId, GoldenRecord } from "../model/golden.ts";
import { type CommitUnit, laneDecision } from "../ports/store.ts";
import { type JournalQuery, scanJournal } from "./scan-journal.ts";

/** Which changes: single ones by their numbers in the journal, or all that a query finds. */
export type UndoSelection =
  | { readonly sequences: readonly number[] }
  | Omit<JournalQuery, "kind" | "newestFirst" | "before">;

export type UndoSkip = { readonly goldenId: GoldenId; readonly field: FieldName; readonly reason: string };

export type UndoReport = {
  /** What undoes it again: `{ cause }`. `null` for a plan. */
  readonly cause: string | null;
  readonly changes: number;
  /** Fields that go back, or went, to an earlier value, by name. */
  readonly restored: Readonly<Record<FieldName, number>>;
  /** Fields that stay, each with the reason: somebody changed them since, they are held ... */
  readonly skipped: readonly UndoSkip[];
  /** The first few, with values. */
  readonly samples: readonly (UndoStep & { readonly kind: "restore"; readonly goldenId: GoldenId })[];
};

const samplesMax = 10;
/** Golden records a transaction. */
const batchSize = 200;
const racesMax = 8;

/** What an undo would do; changes nothing. */
export function planUndo(deps: Deps, selection: UndoSelection): Promise<UndoReport> {
  return undoAll(deps, selection, null);
}

/**
 * Takes changes back: each field gets its earlier value as a new version, on this person's word, and travels to every system. What was changed
 * since is left alone and listed. An undo is a change like any other: undoing its `cause` does it again.
 */
export async function undo(deps: Deps, selection: UndoSelection, by: string): Promise<UndoReport> {
  const report = await undoAll(deps, selection, { by, cause: `undo/${deps.random.id()}` });
  ringWork(deps.store);
  return report;
}

type Numbered = Change & { readonly sequence: number };
type Act = { readonly by: string; readonly cause: string };
type Tally = {
  readonly restored: Record<FieldName, number>;
  readonly skipped: UndoSkip[];
  readonly samples: UndoReport["samples"][number][];
};

async function undoAll(deps: Deps, selection: UndoSelection, act: Act | null): Promise<UndoReport> {
  const changes = await changesOf(deps, selection);
  const tally: Tally = { restored: {}, skipped: [], samples: [] };
  tally.skipped.push(...notFound(selection, changes));
  const ids = [...changes.keys()];
  for (let i = 0; i < ids.length; i += batchSize)
    await undoBatch(deps, ids.slice(i, i + batchSize), changes, act, tally);
  const count = [...changes.values()].reduce((sum, ofGolden) => sum + ofGolden.length, 0);
  return { cause: act?.cause ?? null, changes: count, ...tally };
}

/** By golden record. A change is small, so that very many fit in memory. */
async function changesOf(
  { store }: Deps,
  selection: UndoSelection,
): Promise<ReadonlyMap<GoldenId, readonly Numbered[]>> {
  const found = new Map<GoldenId, Numbered[]>();
  const wanted = "sequences" in selection ? new Set(selection.sequences) : null;
  const query = "sequences" in selection ? {} : selection;
  for await (const lines of scanJournal(store, { ...query, kind: "set" })) {
    for (const { goldenId, field, version, from, sequence } of lines) {
      if (field === null || wanted?.has(sequence) === false) continue;
      const ofGolden = found.get(goldenId) ?? [];
      ofGolden.push({ sequence, field, version, from });
      found.set(goldenId, ofGolden);
    }
  }
  return found;
}

/** Numbers of lines that set nothing, or that are no longer kept. */
function notFound(selection: UndoSelection, changes: ReadonlyMap<GoldenId, readonly Numbered[]>): UndoSkip[] {
  if (!("sequences" in selection)) return [];
  const found = new Set([...changes.values()].flatMap((ofGolden) => ofGolden.map(({ sequence }) => sequence)));
  return selection.sequences
    .filter((sequence) => !found.has(sequence))
    .map((sequence) => ({
      goldenId: "",
      field: "",
      reason: `the journal has no line ${sequence} that set a field, or no longer`,
    }));
}

async function undoBatch(
  deps: Deps,
  ids: readonly GoldenId[],
  changes: ReadonlyMap<GoldenId, readonly Change[]>,
  act: Act | null,
  tally: Tally,
): Promise<void> {
  let open = ids;
  for (let race = 0; open.length > 0; race++) {
    const { goldens } = await deps.store.load({ records: [], keys: [], ids: open });
    const results = open.map((id) => undoOne(deps, id, goldens.get(id), changes.get(id) ?? [], act));
    const units = await withSharedKeys(
      deps,
      results.flatMap(({ unit }) => unit ?? []),
    );
    const committed = act === null || units.length === 0 ? [] : await deps.store.commit(units);
    const stale = new Set(units.filter((_, i) => committed[i]?.kind === "stale").map(({ golden }) => golden?.id));
    for (const { id, steps } of results) if (!stale.has(id)) count(tally, id, steps);
    open = open.filter((id) => stale.has(id));
    if (race < racesMax) continue;
    for (const id of open) tally.skipped.push({ goldenId: id, field: "", reason: "it keeps changing; try again" });
    return;
  }
}

type One = { readonly id: GoldenId; readonly steps: readonly UndoStep[]; readonly unit: CommitUnit | null };

function undoOne(
  deps: Deps,
  id: GoldenId,
  golden: GoldenRecord | undefined,
  changes: readonly Change[],
  act: Act | null,
): One {
  const entity = golden === undefined ? undefined : deps.policy.entities[golden.entity];
  if (golden === undefined || entity === undefined) {
    const reason = "its record is not there any more";
    return { id, unit: null, steps: changes.map(({ field }) => ({ kind: "skip", field, reason })) };
  }
  const steps = undoSteps(golden, entity, changes);
  const values = Object.fromEntries(steps.flatMap((step) => (step.kind === "restore" ? [[step.field, step.to]] : [])));
  if (act === null || Object.keys(values).length === 0) return { id, steps, unit: null };
  const context = { policy: deps.policy, entity, now: deps.clock.now(), cause: act.cause };
  const edited = editFields(golden, values, { kind: "person", name: act.by }, "undo", context);
  if (edited.kind === "invalid") throw new Error(`An undo of ${id} that was found possible is not: ${edited.reason}`);
  const unit = { ...goldenUnit(deps, edited.golden, laneDecision, () => undefined), journal: edited.journal };
  return { id, steps, unit };
}

/** Identity keys that come back may have gone to another golden record meanwhile: they stay there. */
async function withSharedKeys({ store }: Deps, units: readonly CommitUnit[]): Promise<CommitUnit[]> {
  const keys = units.flatMap((unit) => unit.keys ?? []);
  if (keys.length === 0) return [...units];
  const { byKey } = await store.load({ records: [], keys, ids: [] });
  const isElsewhere = (key: string, unit: CommitUnit) => (byKey.get(key) ?? unit.golden?.id) !== unit.golden?.id;
  return units.map((unit) => ({ ...unit, sharedKeys: (unit.keys ?? []).filter((key) => isElsewhere(key, unit)) }));
}

function count({ restored, skipped, samples }: Tally, goldenId: GoldenId, steps: readonly UndoStep[]): void {
  for (const step of steps) {
    if (step.kind === "skip") {
      skipped.push({ goldenId, field: step.field, reason: step.reason });
      continue;
    }
    restored[step.field] = (restored[step.field] ?? 0) + 1;
    if (samples.length < samplesMax) samples.push({ ...step, goldenId });
  }
}
