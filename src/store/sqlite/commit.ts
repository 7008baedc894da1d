import type { GoldenId } from "../../model/golden.ts";
import { recordKey } from "../../model/record.ts";
import type { CommitResult, CommitUnit } from "../../ports/store.ts";
import { fittingUnits } from "../../ports/store-index.ts";
import { newCounters, saveCounters } from "./counters.ts";
import type { Database } from "./database.ts";
import { finishItems } from "./finish-items.ts";
import { hold } from "./holds.ts";
import type { Leases } from "./leases.ts";
import { ownerOfKey, ownerOfRecord } from "./load.ts";
import { giveUp, parseKeys, parseRecords, putGolden, readStored, type Stored } from "./put-golden.ts";
import { putRows } from "./put-rows.ts";
import { takeIn } from "./receive.ts";

/** All units in one transaction: first it is found out which are stale, then the others are written. */
export function commit(db: Database, leases: Leases, units: readonly CommitUnit[]): readonly CommitResult[] {
  const { fitting, before } = db.transaction(() => {
    const stored = readStored(db, units);
    const fits = check(db, units, stored);
    write(
      db,
      units.filter((unit) => fits.has(unit)),
      stored,
    );
    return { fitting: fits, before: stored };
  });
  endLeases(leases, units, fitting, before);
  return units.map((unit) => ({ kind: fitting.has(unit) ? "committed" : "stale" }));
}

function check(db: Database, units: readonly CommitUnit[], before: ReadonlyMap<GoldenId, Stored>) {
  // Most commits change neither records nor keys: what a golden record has already need not be looked up.
  const records = new Map<string, GoldenId>();
  const keys = new Map<string, GoldenId>();
  for (const [id, stored] of before) {
    for (const key of parseRecords(stored.records).keys()) records.set(key, id);
    for (const key of parseKeys(stored.keys)) keys.set(key, id);
  }
  return fittingUnits(units, {
    versionOf: (id) => before.get(id)?.version ?? 0,
    ownerOfRecord: (key) => records.get(key) ?? ownerOfRecord(db, key),
    ownerOfKey: (key) => keys.get(key) ?? ownerOfKey(db, key),
    revisionOfHold: (id) => hold(db, id)?.revision ?? 0,
  });
}

function write(db: Database, units: readonly CommitUnit[], before: ReadonlyMap<GoldenId, Stored>): void {
  const counters = newCounters();
  for (const unit of units) giveUp(db, unit, before);
  for (const unit of units) putGolden(db, unit, before, counters);
  for (const unit of units) putRows(db, unit);
  for (const unit of units) finishItems(db, unit, counters);
  for (const unit of units) for (const item of unit.inbox) takeIn(db, item);
  for (const unit of units) for (const ref of unit.wake) wake(db, recordKey(ref));
  saveCounters(db, counters);
}

function wake(db: Database, record: string): void {
  db.run("update inbox set waiting = 0, due_at = min(due_at, received_at) where waiting = 1 and record = ?", record);
}

/** Items of stale units are due again; a golden record's new due links are anyone's. */
function endLeases(
  leases: Leases,
  units: readonly CommitUnit[],
  fitting: ReadonlySet<CommitUnit>,
  before: ReadonlyMap<GoldenId, Stored>,
): void {
  for (const { done, postponed } of units) {
    for (const { inboxId } of done) leases.items.delete(inboxId);
    for (const { inboxId } of postponed) leases.items.delete(inboxId);
  }
  for (const { golden } of fitting) {
    const stored = golden === null ? undefined : before.get(golden.id);
    if (stored !== undefined) leases.due.delete(stored.seq);
  }
}
