import type { Forgotten } from "../../ports/store.ts";
import type { Database } from "./database.ts";

/** Attempts are looked at by their ids, which are in order of time. */
export async function forget(
  db: Database,
  { linesTo, attemptsBefore, lettersBefore }: Forgotten,
  limit: number,
): Promise<number> {
  const [row] = await db.write<{ count: number }>(
    `with lines as (delete from truce.journal
         where seq in (select seq from truce.journal where seq <= $1 order by seq limit $4) returning 1),
       attempts as (delete from truce.attempt where started_at < $2 and ended_at is not null
         and id in (select id from truce.attempt order by id limit $4) returning 1),
       letters as (delete from truce.dead_letter where seq in (select seq from truce.dead_letter
         where closed is not null and (closed::jsonb ->> 'at')::double precision < $3 order by seq limit $4) returning 1)
     select ((select count(*) from lines) + (select count(*) from attempts) + (select count(*) from letters))::integer as count`,
    linesTo,
    attemptsBefore,
    lettersBefore,
    limit,
  );
  return row?.count ?? 0;
}
