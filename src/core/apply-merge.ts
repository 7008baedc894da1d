import type { GoldenRecord, Link } from "../model/golden.ts";
import type { Hold } from "../model/hold.ts";
import type { JournalEntry } from "../model/journal.ts";
import type { RawMerge } from "../model/observation.ts";
import type { ObjectMapping } from "../model/policy.ts";
import type { State } from "./decide.ts";
import {
  type Context,
  type Draft,
  draftOf,
  goldenOf,
  newLink,
  putHold,
  recordSource,
  setLink,
  write,
} from "./draft.ts";
import { mergeGoldens } from "./merge-goldens.ts";

type Merged = {
  readonly goldens: readonly GoldenRecord[];
  readonly journal: readonly JournalEntry[];
  readonly holds: readonly Hold[];
  readonly waiting: boolean;
};

/**
 * Records were merged inside a system: the losers' ids become aliases of the survivor. A loser's golden record takes the survivor over when
 * that had none; when both had one, the loser's loses its link here, and the two become one or a person is asked whether they are.
 */
export function applyMerge(state: State, seen: RawMerge, mapping: ObjectMapping, context: Context): Merged {
  const drafts = new Map<string, Draft>();
  const open = (golden: GoldenRecord) => {
    const draft = drafts.get(golden.id) ?? draftOf(golden, context.entity);
    drafts.set(golden.id, draft);
    return draft;
  };
  let survivor = state.golden === null ? null : open(state.golden);
  for (const id of seen.losers) {
    const golden = state.goldenByRecord({ ...seen.ref, id });
    if (golden === undefined) continue;
    const loser = open(golden);
    // Merged away before: its id is an alias already.
    if (indexOf(loser, seen, id) === -1) continue;
    if (isInFlight(loser, seen, id) || (survivor !== null && isInFlight(survivor, seen, seen.ref.id))) {
      return { goldens: [], journal: [], holds: [], waiting: true };
    }
    if (survivor === null) survivor = takeOver(loser, seen, id, context);
    else if (survivor !== loser) {
      giveUp(loser, survivor, seen, id, context);
      survivor = becomeOne(survivor, loser, drafts, seen, context);
    } else dropOwn(survivor, seen, id);
  }
  if (survivor === null) return { goldens: [], journal: [], holds: [], waiting: false };
  addAliases(survivor, seen, mapping);
  const all = [...drafts.values()];
  return {
    goldens: all.map(goldenOf),
    journal: all.flatMap((draft) => draft.journal),
    holds: all.flatMap((draft) => [...draft.changedHolds.values()]),
    waiting: false,
  };
}

function indexOf(draft: Draft, seen: RawMerge, id: string): number {
  return draft.links.findIndex(
    (link) => link.system === seen.ref.system && link.object === seen.ref.object && link.id === id,
  );
}

function isInFlight(draft: Draft, seen: RawMerge, id: string): boolean {
  return (draft.links[indexOf(draft, seen, id)]?.inFlight ?? null) !== null;
}

/** The loser's golden record is the only one: its link now names the survivor, whose values will be met as for the first time. */
function takeOver(loser: Draft, seen: RawMerge, id: string, context: Context): Draft {
  setLink(loser, indexOf(loser, seen, id), { id: seen.ref.id, status: "linked" });
  write(loser, context, {
    kind: "merged",
    why: `${id} was merged into ${seen.ref.id}`,
    source: recordSource(seen.ref, null),
  });
  return loser;
}

function dropOwn(survivor: Draft, seen: RawMerge, id: string): void {
  const index = indexOf(survivor, seen, id);
  if (id !== seen.ref.id && index !== -1) survivor.links.splice(index, 1);
}

function giveUp(loser: Draft, survivor: Draft, seen: RawMerge, id: string, context: Context): void {
  loser.links.splice(indexOf(loser, seen, id), 1);
  const source = recordSource(seen.ref, null);
  write(loser, context, {
    kind: "merged",
    why: `${id} was merged into ${seen.ref.id}, which is ${survivor.id}`,
    source,
  });
  // A deleted link keeps a new record from being made here for the loser.
  const mapping = context.entity.mappings.find((m) => m.system === seen.ref.system && m.object === seen.ref.object);
  if (mapping !== undefined) loser.links.push({ ...newLink(mapping, null, 0), status: "deleted" });
}

/** Whoever merged the records has said that they are one thing; whether that holds elsewhere the config says. Returns what the survivor is now. */
function becomeOne(survivor: Draft, loser: Draft, drafts: Map<string, Draft>, seen: RawMerge, context: Context): Draft {
  const source = recordSource(seen.ref, null);
  const merged =
    context.entity.merges === "link" ? mergeGoldens(goldenOf(survivor), goldenOf(loser), source, context) : null;
  if (merged?.kind !== "merged") {
    askWhetherOne(loser, survivor, seen, context);
    return survivor;
  }
  for (const [before, after] of [
    [survivor, merged.survivor],
    [loser, merged.loser],
  ] as const) {
    after.journal.unshift(...before.journal);
    for (const [id, hold] of before.changedHolds) if (!after.changedHolds.has(id)) after.changedHolds.set(id, hold);
    drafts.set(after.id, after);
  }
  return merged.survivor;
}

function askWhetherOne(loser: Draft, survivor: Draft, seen: RawMerge, context: Context): void {
  if (loser.holds.some((hold) => hold.kind === "duplicate" && hold.matches.includes(survivor.id))) return;
  putHold(loser, {
    id: `${loser.id}.merged.${survivor.id}.${context.cause}`,
    kind: "duplicate",
    entity: context.entity.name,
    goldenId: loser.id,
    ref: seen.ref,
    fields: [],
    base: {},
    candidates: [],
    matches: [survivor.id],
    reason: `merged in ${seen.ref.system}, still two elsewhere`,
    openedAt: context.now,
    updatedAt: context.now,
    revision: 1,
    status: "open",
    closed: null,
  });
}

function addAliases(survivor: Draft, seen: RawMerge, mapping: ObjectMapping): void {
  const isAliased = ({ system, object, aliases }: Link) =>
    system === seen.ref.system && object === seen.ref.object && aliases.includes(seen.ref.id);
  let index = indexOf(survivor, seen, seen.ref.id);
  // The survivor of this merge may have been merged away itself since.
  if (index === -1) index = survivor.links.findIndex(isAliased);
  if (index === -1) {
    index = survivor.links.length;
    survivor.links.push(newLink(mapping, seen.ref.id, 0));
  }
  const aliases = survivor.links[index]?.aliases ?? [];
  const losers = seen.losers.filter((id) => id !== seen.ref.id);
  setLink(survivor, index, { aliases: [...new Set([...aliases, ...losers])] });
}
