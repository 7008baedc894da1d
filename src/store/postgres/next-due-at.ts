import type { SystemId } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import { toStored } from "../../ports/store-text.ts";
import type { Database } from "./database.ts";

/** The heads of the queues, and the leases that end first. Of what is ready, any one will do: its time has come. */
export async function nextDueAt(db: Database, systems: readonly SystemId[]): Promise<Instant | null> {
  const [row] = await db.look((query) =>
    query<{ at: number | null }>(
      `select min(at) as at from (
       (select due_at as at from truce.inbox i
        where not waiting and not exists (select 1 from truce.lease l where l.record = i.record)
        order by lane, seq limit 1)
       union all
       (select due_at from truce.inbox i
        where waiting and not exists (select 1 from truce.lease l where l.record = i.record)
        order by due_at limit 1)
       union all
       (select until from truce.lease order by until limit 1)
       union all
       (select head.due_at from unnest(truce.texts($1)) as wanted (system), (values (0), (1), (2)) as lanes (lane),
          lateral (select due_at from truce.due
            where system = wanted.system and lane = lanes.lane and leased_until = 0 order by due_at limit 1) head)
       union all
       (select greatest(due_at, leased_until) from truce.due
        where system = any(truce.texts($1)) and leased_until > 0 and lane < 3)
     ) as times`,
      systems.map(toStored),
    ),
  );
  return row?.at ?? null;
}
