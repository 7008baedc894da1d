import type { GoldenId } from "../../model/golden.ts";
import type { Hold } from "../../model/hold.ts";
import type { CommitResult, CommitUnit, CursorRow } from "../../ports/store.ts";
import { fittingUnits, recordHoldsOf } from "../../ports/store-index.ts";
import { toStored } from "../../ports/store-text.ts";
import { lockMark, newestMarks } from "./blocks.ts";
import { changesOf, type GoldenChanges, type Stored } from "./changes.ts";
import { saveCounters } from "./counters.ts";
import type { Database, Query } from "./database.ts";
import { findOwners } from "./find-owners.ts";
import { finishItems, postponeItems, releaseItems, wakeItems } from "./finish-items.ts";
import { putGoldens } from "./put-goldens.ts";
import { putRows } from "./put-rows.ts";
import { takeIn } from "./receive.ts";
import { storedKey } from "./stored.ts";

/**
 * All units in one transaction of two trips: the golden records are locked and read; what fits is written. The records and keys that are new to
 * them are taken to be free, as whoever decided this has just seen; where one is not, its unique index ends the transaction, and it starts anew
 * with a look at who has what, and so finds out which unit is stale.
 */
export async function commit(
  db: Database,
  units: readonly CommitUnit[],
  cursors: readonly CursorRow[],
): Promise<readonly CommitResult[]> {
  if (units.length === 0 && cursors.length === 0) return [];
  const fitting = await db.transaction(async (query, race) => {
    const [before, revisions] = await Promise.all([lockGoldens(query, units), lockHolds(query, units)]);
    const mark = await lockMark(query, units, before);
    const [owners, isFiledSince] = await Promise.all([
      findOwners(query, units, before, race > 1),
      newestMarks(query, units),
    ]);
    const fits = fittingUnits(units, {
      versionOf: (id) => before.get(id)?.version ?? 0,
      ownerOfRecord: (key) => owners.records.get(key),
      ownerOfKey: (key) => owners.keys.get(key),
      revisionOfHold: (id) => revisions.get(id) ?? 0,
      isFiledSince,
    });
    const kept = units.filter((unit) => fits.has(unit));
    const stale = units.filter((unit) => !fits.has(unit));
    await write(query, kept, stale, changesOf(kept, before, owners), mark ?? 0, cursors);
    return fits;
  });
  return units.map((unit) => ({ kind: fitting.has(unit) ? "committed" : "stale" }));
}

/** Locked in order of their ids, so that two commits never wait for each other. */
async function lockGoldens(query: Query, units: readonly CommitUnit[]): Promise<ReadonlyMap<GoldenId, Stored>> {
  const ids = [...new Set(units.flatMap(({ golden }) => golden?.id ?? []))];
  if (ids.length === 0) return new Map();
  const rows = await query<Stored & { id: string }>(
    `select id, version, records, keys, work, texts, blocks, coalesce(says, '') as says from truce.golden left join truce.profile on golden_id = id
     where id = any(truce.texts($1)) order by id for update of golden`,
    ids.map(toStored),
  );
  const byStoredId = new Map(rows.map((row) => [row.id, row]));
  return new Map(
    ids.flatMap((id) => {
      const row = byStoredId.get(toStored(id));
      return row === undefined ? [] : [[id, row] as const];
    }),
  );
}

/** Revisions of the holds on unlinked records. Rare: most commits ask nothing here. */
async function lockHolds(query: Query, units: readonly CommitUnit[]): Promise<ReadonlyMap<string, number>> {
  const ids = [...new Set(units.flatMap((unit) => recordHoldsOf(unit).map((hold) => hold.id)))];
  if (ids.length === 0) return new Map();
  const rows = await query<{ doc: string }>(
    `select doc from truce.hold where id = any(truce.texts($1)) order by id for update`,
    ids.map(storedKey),
  );
  const holds = rows.map(({ doc }) => JSON.parse(doc) as Hold);
  return new Map(holds.map((hold) => [hold.id, hold.revision]));
}

/** Sent together; their order is the order in which they are carried out. */
async function write(
  query: Query,
  units: readonly CommitUnit[],
  stale: readonly CommitUnit[],
  changes: GoldenChanges,
  mark: number,
  cursors: readonly CursorRow[],
): Promise<void> {
  const taken = [...units.flatMap((unit) => unit.inbox), ...stale.flatMap((unit) => unit.fresh)];
  await Promise.all([
    ...putGoldens(query, changes, mark),
    ...putRows(query, units),
    finishItems(query, units),
    postponeItems(query, units),
    releaseItems(query, stale),
    takeIn(query, taken, cursors),
    wakeItems(query, units),
    ...saveCounters(query, withOutcomes(changes.counters, units)),
  ]);
}

/** The totals with the ends of observations that were never in the inbox. */
function withOutcomes(
  counters: ReadonlyMap<string, number>,
  units: readonly CommitUnit[],
): ReadonlyMap<string, number> {
  const all = new Map(counters);
  for (const { fresh, done } of units) {
    const isFresh = new Set(fresh.map((item) => item.id));
    for (const { inboxId, outcome } of done)
      if (isFresh.has(inboxId)) all.set(`outcome/${outcome}`, (all.get(`outcome/${outcome}`) ?? 0) + 1);
  }
  return all;
}
