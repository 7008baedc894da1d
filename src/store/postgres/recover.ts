import type { Instant } from "../../model/time.ts";
import type { Work } from "./changes.ts";
import type { Database, Query } from "./database.ts";

/** Golden records that are made due in one transaction. */
const batchMax = 2_000;

/**
 * What is due later becomes due at `dueAt`. A golden record names its rows of the table `due`, by which its next commit finds them: both are
 * changed together, or rows that no commit ends would be claimed for ever.
 */
export async function recover(db: Database, dueAt: Instant): Promise<void> {
  while ((await db.transaction((query) => recoverSome(query, dueAt))) === batchMax);
}

async function recoverSome(query: Query, dueAt: Instant): Promise<number> {
  // Locked in order of their ids, as commits do.
  const rows = await query<{ id: string; work: string }>(
    `select id, work from truce.golden where id in (select golden_id from truce.due where due_at > $1 limit $2) order by id for update`,
    dueAt,
    batchMax,
  );
  if (rows.length === 0) return 0;
  const ids = rows.map(({ id }) => id);
  await Promise.all([
    query(
      `update truce.golden set work = next.work from unnest(truce.texts($1), truce.texts($2)) as next (id, work) where golden.id = next.id`,
      ids,
      rows.map(({ work }) => JSON.stringify((JSON.parse(work) as readonly Work[]).map((row) => noLater(row, dueAt)))),
    ),
    query("update truce.due set due_at = $1 where due_at > $1 and golden_id = any(truce.texts($2))", dueAt, ids),
  ]);
  return rows.length;
}

function noLater([system, lane, at, links, since]: Work, dueAt: Instant): Work {
  return [system, lane, Math.min(at, dueAt), links, since];
}
