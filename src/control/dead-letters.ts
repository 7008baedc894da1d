import { canonicalValues, editFields } from "../core/edit.ts";
import { revived } from "../core/refusal.ts";
import { ringWork } from "../engine/bell.ts";
import { emptyUnit, goldenUnit } from "../engine/commit.ts";
import type { Deps } from "../engine/deps.ts";
import type { GoldenRecord } from "../model/golden.ts";
import type { RawObservation } from "../model/observation.ts";
import { mappingOf } from "../model/policy.ts";
import { recordKey, type SystemId } from "../model/record.ts";
import type { RawValue } from "../model/value.ts";
import { type CommitUnit, type DeadLetter, type DeadLetterEnd, type InboxItem, laneDecision } from "../ports/store.ts";

/** Which dead letters: those named, or all open ones of a kind, of a system, or of both. */
export type DeadSelection =
  | { readonly ids: readonly string[] }
  | { readonly kind?: DeadLetter["kind"]; readonly system?: SystemId };

/** What became of the selected letters. `failed`: those that stay open, each with the reason. */
export type DeadReport = {
  readonly done: number;
  readonly failed: readonly { readonly id: string; readonly reason: string }[];
};

/** Letters a transaction: a fixed number of round trips to the store for each so many. */
const pageSize = 200;
/** A golden record that moves on this often between look and commit is left for another try. */
const racesMax = 8;

/**
 * Tries dead letters again. An observation goes back into the inbox and is decided on today's state: one that is older than what is known is
 * superseded. A link that was given up is free again, and its write is composed from the golden record as it is then. So no replay brings an old
 * value back. One that fails again is open again.
 */
export function replayDead(deps: Deps, selection: DeadSelection, by: string): Promise<DeadReport> {
  return endAll(deps, selection, { how: "replayed", at: deps.clock.now(), by, reason: "" }, (letter, golden) => {
    if (letter.kind === "observation") return { ...emptyUnit, inbox: [again(deps, letter)] };
    if (golden === null || letter.ref === null) return emptyUnit;
    return decidedUnit(deps, revived(golden, letter.ref));
  });
}

/** Gives dead letters up, for a reason that is kept. The values they were about stay as they are in their systems. */
export function discardDead(deps: Deps, selection: DeadSelection, by: string, reason: string): Promise<DeadReport> {
  return endAll(deps, selection, { how: "discarded", at: deps.clock.now(), by, reason }, () => emptyUnit);
}

/**
 * Corrects a dead letter and tries it again. An observation's cells are replaced by raw values; for a write, fields of the golden record get new
 * values on this person's word, and travel to every system. Nothing happens when a value can't be what it shall be.
 */
export function editDead(
  deps: Deps,
  id: string,
  values: Readonly<Record<string, RawValue>>,
  by: string,
): Promise<DeadReport> {
  const reason = `with another ${Object.keys(values).join(", ")}`;
  return endAll(deps, { ids: [id] }, { how: "replayed", at: deps.clock.now(), by, reason }, (letter, golden) => {
    if (letter.kind === "observation") return editedObservation(deps, letter, golden, values);
    if (golden === null || letter.ref === null) return "its golden record is not there any more";
    const entity = deps.policy.entities[golden.entity];
    if (entity === undefined) return `the config has no entity ${golden.entity} any more`;
    const canonical = canonicalValues(entity, values);
    if (typeof canonical === "string") return canonical;
    const context = { policy: deps.policy, entity, now: deps.clock.now(), cause: letter.id };
    const edited = editFields(golden, canonical, { kind: "person", name: by }, "corrected by a person", context);
    if (edited.kind === "invalid") return edited.reason;
    const unit = decidedUnit(deps, revived(edited.golden, letter.ref));
    return typeof unit === "string" ? unit : { ...unit, journal: edited.journal };
  });
}

/** A text says why the letter stays open. */
type EndOne = (letter: DeadLetter, golden: GoldenRecord | null) => CommitUnit | string;

async function endAll(deps: Deps, selection: DeadSelection, end: DeadLetterEnd, one: EndOne): Promise<DeadReport> {
  let done = 0;
  const failed: { id: string; reason: string }[] = [];
  for await (const letters of pagesOf(deps, selection, failed)) {
    const left = await endPage(deps, letters, end, one);
    done += letters.length - left.length;
    failed.push(...left);
    ringWork(deps.store);
  }
  return { done, failed };
}

async function* pagesOf(
  { store }: Deps,
  selection: DeadSelection,
  failed: { id: string; reason: string }[],
): AsyncGenerator<readonly DeadLetter[]> {
  if ("ids" in selection) {
    const open: DeadLetter[] = [];
    for (const id of new Set(selection.ids)) {
      const letter = await store.deadLetter(id);
      if (letter?.closed === null) open.push(letter);
      else failed.push({ id, reason: letter === null ? "there is no such dead letter" : endText(letter.closed) });
    }
    for (let i = 0; i < open.length; i += pageSize) yield open.slice(i, i + pageSize);
    return;
  }
  let after: string | undefined;
  for (;;) {
    const filter = { ...selection, status: "open" as const, limit: pageSize };
    const page = await store.deadLetters(after === undefined ? filter : { ...filter, after });
    if (page.length > 0) yield page;
    after = page.at(-1)?.id;
    if (page.length < pageSize) return;
  }
}

/** How a dead letter ended: "it was discarded by ann already". */
function endText(closed: DeadLetterEnd | null): string {
  return closed === null ? "it is open" : `it was ${closed.how} by ${closed.by} already`;
}

/** Ends letters together; returns those that stay open. Letters of one golden record go one after the other. */
async function endPage(
  deps: Deps,
  letters: readonly DeadLetter[],
  end: DeadLetterEnd,
  one: EndOne,
): Promise<readonly { readonly id: string; readonly reason: string }[]> {
  const failed: { id: string; reason: string }[] = [];
  let open = letters;
  let races = 0;
  while (open.length > 0) {
    const turn = [...Map.groupBy(open, ({ id, goldenId }) => goldenId ?? `letter ${id}`).values()].flatMap(
      ([first]) => first ?? [],
    );
    const goldenOf = await goldensOf(deps, turn);
    const results = turn.map((letter) => ({ letter, unit: one(letter, goldenOf(letter)) }));
    const units = results.flatMap(({ letter, unit }) =>
      typeof unit === "string" ? [] : [{ ...unit, closedLetters: [{ id: letter.id, closed: end }] }],
    );
    const committed = await deps.store.commit(units);
    const stale = new Set(
      units.filter((_, i) => committed[i]?.kind === "stale").map((unit) => unit.closedLetters[0]?.id),
    );
    for (const { letter, unit } of results) if (typeof unit === "string") failed.push({ id: letter.id, reason: unit });
    const ended = new Set(turn.filter(({ id }) => !stale.has(id)));
    open = open.filter((letter) => !ended.has(letter));
    races = ended.size > 0 ? 0 : races + 1;
    if (races < racesMax) continue;
    const reason = "its golden record keeps changing; try again";
    return [...failed, ...open.map(({ id }) => ({ id, reason }))];
  }
  return failed;
}

/** Golden records of letters: for a write the one to write, for an observation the one that its record is linked to. */
async function goldensOf(
  deps: Deps,
  letters: readonly DeadLetter[],
): Promise<(letter: DeadLetter) => GoldenRecord | null> {
  const { goldens, byRecord } = await deps.store.load({
    records: letters.flatMap(({ kind, ref }) => (kind === "observation" && ref !== null ? [ref] : [])),
    keys: [],
    ids: letters.flatMap(({ goldenId }) => goldenId ?? []),
  });
  return ({ goldenId, ref }) => goldens.get(goldenId ?? (ref && byRecord.get(recordKey(ref))) ?? "") ?? null;
}

/** What was held up goes before what is new to read, and after what people do now. */
function decidedUnit(deps: Deps, golden: GoldenRecord): CommitUnit | string {
  if (deps.policy.entities[golden.entity] === undefined) return `the config has no entity ${golden.entity} any more`;
  return { ...goldenUnit(deps, golden, laneDecision, () => undefined), keys: null };
}

/** It keeps its id: should it fail again, the same letter tells. With the tries it had, its record is read anew where nothing is known of it. */
function again(deps: Deps, { id, payload, tries }: DeadLetter): InboxItem {
  const now = deps.clock.now();
  const observation = payload as RawObservation;
  return { id, dedupeKey: null, observation, lane: laneDecision, receivedAt: now, dueAt: now, tries };
}

function editedObservation(
  deps: Deps,
  letter: DeadLetter,
  golden: GoldenRecord | null,
  values: Readonly<Record<string, RawValue>>,
): CommitUnit | string {
  const observation = letter.payload as RawObservation;
  if (observation.kind !== "upsert") return `a ${observation.kind} has no cells; replay or discard it`;
  const found = mappingOf(deps.policy, observation.ref.system, observation.ref.object);
  const cells = Object.values(found?.mapping.fields ?? {}).map(({ cell }) => cell);
  const unknown = Object.keys(values).filter((cell) => !cells.includes(cell));
  if (unknown.length > 0) return `the config maps no cell ${unknown.join(", ")}; it maps ${cells.join(", ")}`;
  // What is said of an unknown record is read anew: it may be gone, or say something else by now.
  if (golden === null) return "its record is not linked to anything yet; correct it in its system, then replay";
  const payload = { ...observation, cells: { ...observation.cells, ...values } };
  return { ...emptyUnit, inbox: [again(deps, { ...letter, payload })] };
}
