import type { GoldenRecord } from "../../model/golden.ts";
import type { SystemId } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import type { Lane } from "../../ports/store.ts";
import { fromDoc } from "../../ports/store-doc.ts";
import { lanes } from "./claim.ts";
import type { Database } from "./database.ts";
import { dueLeasedUntil, type Leases } from "./leases.ts";

export function claimDue(
  db: Database,
  leases: Leases,
  system: SystemId,
  limit: number,
  now: Instant,
  leaseMs: number,
): readonly GoldenRecord[] {
  const claimed: number[] = [];
  for (const lane of lanes) {
    for (const row of dueRows(db, system, lane)) {
      if (claimed.length === limit || row.due_at > now) break;
      if (dueLeasedUntil(leases, row.golden, system) <= now) claimed.push(row.golden);
    }
  }
  for (const golden of claimed) {
    const ofGolden = leases.due.get(golden) ?? new Map<SystemId, Instant>();
    leases.due.set(golden, ofGolden.set(system, now + leaseMs));
  }
  return claimed.flatMap((golden) => goldenAt(db, golden) ?? []);
}

function goldenAt(db: Database, seq: number): GoldenRecord | null {
  const row = db.get<{ doc: string }>("select doc from golden where seq = ?", seq);
  return row === undefined ? null : fromDoc(row.doc);
}

type DueRow = { readonly golden: number; readonly due_at: Instant };

/** Due rows of a lane, earliest first. */
export function dueRows(db: Database, system: SystemId, lane: Lane): Iterable<DueRow> {
  return db.rows<DueRow>(
    "select golden, due_at from due where system = ? and lane = ? order by due_at, golden",
    system,
    lane,
  );
}
