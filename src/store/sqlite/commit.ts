import type { GoldenId, GoldenRecord } from "../../model/golden.ts";
import { recordKey } from "../../model/record.ts";
import type { BlockClaims } from "../../ports/block-claims.ts";
import type { CommitResult, CommitUnit, CursorRow } from "../../ports/store.ts";
import { fittingUnits, recordsOf } from "../../ports/store-index.ts";
import { newCounters, saveCounters } from "./counters.ts";
import { setCursors } from "./cursors.ts";
import type { Database } from "./database.ts";
import type { FilingChange, Filings } from "./filings.ts";
import { finishItems } from "./finish-items.ts";
import type { GoldenCache } from "./golden-cache.ts";
import { hold } from "./holds.ts";
import type { Leases } from "./leases.ts";
import { ownerOfKey, ownerOfRecord } from "./load.ts";
import { type Draft, giveUp, putGolden, readDrafts } from "./put-golden.ts";
import { putJournal } from "./put-journal.ts";
import { closeLetters, putRows } from "./put-rows.ts";
import { takeIn } from "./receive.ts";

/** All units in one transaction: first it is found out which are stale, then the others are written. */
export function commit(
  db: Database,
  leases: Leases,
  cache: GoldenCache,
  filings: Filings,
  claims: BlockClaims,
  units: readonly CommitUnit[],
  cursors: readonly CursorRow[],
): readonly CommitResult[] {
  const { fitting, drafts, filed, take } = db.transaction(() => {
    const read = readDrafts(db, cache, units);
    const fits = check(db, claims, units, read);
    const filed = write(
      db,
      units.filter((unit) => fits.has(unit)),
      read,
    );
    for (const unit of units) if (!fits.has(unit)) for (const item of unit.fresh) takeIn(db, item);
    setCursors(db, cursors);
    return { fitting: fits, drafts: read, filed, take: filed.length > 0 ? filings.change(filed) : () => undefined };
  });
  take();
  const added = filed.flatMap((change) => change.added);
  if (added.length > 0) claims.note(added);
  for (const { unit, golden, written } of drafts.values()) if (fitting.has(unit)) cache.put(golden, written);
  endLeases(leases, units, fitting, drafts);
  return units.map((unit) => ({ kind: fitting.has(unit) ? "committed" : "stale" }));
}

type Drafts = ReadonlyMap<CommitUnit, Draft>;

function check(
  db: Database,
  claims: BlockClaims,
  units: readonly CommitUnit[],
  drafts: Drafts,
): ReadonlySet<CommitUnit> {
  // Most commits change neither records nor keys: what a golden record has already need not be looked up.
  const versions = new Map<GoldenId, number>();
  const owners = new Map<string, GoldenId>();
  const keyOwners = new Map<string, GoldenId>();
  const records = new Map<GoldenRecord, Draft["records"]>();
  for (const draft of drafts.values()) {
    const { unit, golden, stored } = draft;
    records.set(golden, draft.records);
    if (stored === undefined) continue;
    versions.set(golden.id, stored.version);
    if (draft.recordsText === stored.records) for (const key of draft.records.keys()) owners.set(key, golden.id);
    if (draft.keysText === stored.keys) for (const key of unit.keys ?? []) keyOwners.set(key, golden.id);
  }
  const before = {
    versionOf: (id: GoldenId) => versions.get(id) ?? 0,
    ownerOfRecord: (key: string) => owners.get(key) ?? ownerOfRecord(db, key),
    ownerOfKey: (key: string) => keyOwners.get(key) ?? ownerOfKey(db, key),
    revisionOfHold: (id: string) => hold(db, id)?.revision ?? 0,
    isFiledSince: claims.isFiledSince,
  };
  return fittingUnits(units, before, (golden) => records.get(golden) ?? recordsOf(golden));
}

/** Returns how the blocking keys of golden records change. */
function write(db: Database, units: readonly CommitUnit[], drafts: Drafts): readonly FilingChange[] {
  const counters = newCounters();
  const filed: FilingChange[] = [];
  for (const unit of units) {
    const draft = drafts.get(unit);
    if (draft !== undefined) giveUp(db, draft);
  }
  for (const unit of units) {
    const draft = drafts.get(unit);
    if (draft === undefined) {
      putJournal(db, unit, null);
      continue;
    }
    const change = putGolden(db, draft, counters);
    if (change !== null) filed.push(change);
  }
  for (const unit of units) putRows(db, unit);
  for (const unit of units) closeLetters(db, unit);
  for (const unit of units) finishItems(db, unit, counters);
  for (const unit of units) for (const item of unit.inbox) takeIn(db, item);
  for (const unit of units) for (const ref of unit.wake) wake(db, recordKey(ref));
  saveCounters(db, counters);
  return filed;
}

function wake(db: Database, record: string): void {
  db.run("update inbox set waiting = 0, due_at = min(due_at, received_at) where waiting = 1 and record = ?", record);
}

/** Items of stale units are due again; a golden record's new due links are anyone's. */
function endLeases(
  leases: Leases,
  units: readonly CommitUnit[],
  fitting: ReadonlySet<CommitUnit>,
  drafts: Drafts,
): void {
  for (const { done, postponed } of units) {
    for (const { inboxId } of done) leases.items.delete(inboxId);
    for (const { inboxId } of postponed) leases.items.delete(inboxId);
  }
  for (const unit of fitting) {
    const stored = drafts.get(unit)?.stored;
    if (stored !== undefined) leases.due.delete(stored.seq);
  }
}
