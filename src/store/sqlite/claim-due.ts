import type { GoldenId, GoldenRecord } from "../../model/golden.ts";
import type { SystemId } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import type { Lane } from "../../ports/store.ts";
import { fromStored } from "../../ports/store-text.ts";
import { lanes } from "./claim.ts";
import type { Database } from "./database.ts";
import type { GoldenCache } from "./golden-cache.ts";
import { dueLeasedUntil, type Leases } from "./leases.ts";
import { goldenById } from "./load.ts";

export function claimDue(
  db: Database,
  leases: Leases,
  cache: GoldenCache,
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
  return claimed.flatMap((golden) => goldenById(db, cache, idAt(db, golden)) ?? []);
}

function idAt(db: Database, seq: number): GoldenId {
  return fromStored(db.get<{ id: string }>("select id from golden where seq = ?", seq)?.id ?? "");
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
