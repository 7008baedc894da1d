import type { GoldenRecord } from "../../model/golden.ts";
import type { SystemId } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import { fromDoc } from "../../ports/store-doc.ts";
import { toStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";

export async function claimDue(
  db: Database,
  system: SystemId,
  limit: number,
  now: Instant,
  leaseMs: number,
): Promise<readonly GoldenRecord[]> {
  const rows = await db.transaction((query) =>
    query<{ doc: string }>(
      `with chosen as (
       select place from (values (0), (1), (2)) as lanes (lane) cross join lateral (
         select ctid as place, due_at, golden_id from truce.due
         where system = $1 and lane = lanes.lane and due_at <= $2 and leased_until <= $2
         order by due_at, golden_id limit $3 for update skip locked) heads
       order by lanes.lane, due_at, golden_id limit $3
     ), leased as (
       update truce.due set leased_until = $4 from chosen where due.ctid = chosen.place
       returning due.golden_id, due.lane, due.due_at
     )
     select doc from leased join truce.golden on id = golden_id order by lane, due_at, id`,
      toStored(system),
      now,
      limit,
      now + leaseMs,
    ),
  );
  return rows.map((row) => fromDoc(row.doc));
}
