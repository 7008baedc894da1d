import type { SystemId } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import { lanes, readyRows } from "./claim.ts";
import { dueRows } from "./claim-due.ts";
import type { Database } from "./database.ts";
import { dueLeasedUntil, type Leases, leasedRecords } from "./leases.ts";

/** Of what is ready, any one will do: its time has come. */
export function nextDueAt(db: Database, leases: Leases, systems: readonly SystemId[]): Instant | null {
  const times = [
    readyAt(db, leases),
    waitingAt(db, leases),
    ...[...leases.items.values()].map((lease) => lease.until),
    ...systems.map((system) => linkDueAt(db, leases, system)),
  ].filter((at) => at !== null);
  return times.length === 0 ? null : times.reduce((a, b) => Math.min(a, b));
}

function readyAt(db: Database, leases: Leases): Instant | null {
  const blocked = leasedRecords(leases);
  for (const lane of lanes) {
    for (const row of readyRows(db, lane)) if (!blocked.has(row.record)) return row.due_at;
  }
  return null;
}

function waitingAt(db: Database, leases: Leases): Instant | null {
  const blocked = leasedRecords(leases);
  const rows = db.rows<{ record: string; due_at: number }>(
    "select record, due_at from inbox where waiting = 1 order by due_at",
  );
  for (const row of rows) if (!blocked.has(row.record)) return row.due_at;
  return null;
}

function linkDueAt(db: Database, leases: Leases, system: SystemId): Instant | null {
  let next: Instant | null = null;
  for (const lane of lanes) {
    for (const { golden, due_at: dueAt } of dueRows(db, system, lane)) {
      const leasedUntil = dueLeasedUntil(leases, golden, system);
      next = Math.min(next ?? Number.POSITIVE_INFINITY, Math.max(dueAt, leasedUntil));
      if (leasedUntil === 0) break;
    }
  }
  return next;
}
