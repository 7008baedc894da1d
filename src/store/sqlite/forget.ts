import type { Forgotten } from "../../ports/store.ts";
import type { Database } from "./database.ts";

/** Attempts are looked at by their ids, which are in order of time. */
export function forget(db: Database, { linesTo, attemptsBefore, lettersBefore }: Forgotten, limit: number): number {
  return db.transaction(
    () =>
      db.run(
        "delete from journal where seq in (select seq from journal where seq <= ? order by seq limit ?)",
        linesTo,
        limit,
      ) +
      db.run(
        `delete from attempt where started_at < ? and ended_at is not null and id in (select id from attempt order by id limit ?)`,
        attemptsBefore,
        limit,
      ) +
      db.run(
        `delete from dead_letter where seq in (select seq from dead_letter
         where closed is not null and json_extract(closed, '$.at') < ? order by seq limit ?)`,
        lettersBefore,
        limit,
      ),
  );
}
