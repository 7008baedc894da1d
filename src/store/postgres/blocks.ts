import type { GoldenId } from "../../model/golden.ts";
import type { BlockGuard, BlocksFound, CommitUnit } from "../../ports/store.ts";
import { fromStored, toStored } from "../../ports/store-text.ts";
import type { Stored } from "./changes.ts";
import type { Database, Query } from "./database.ts";

/** One statement, hence one moment: nothing that it does not see has a mark up to the one it tells. */
export async function blocks(db: Database, keys: readonly number[], sizeMax: number): Promise<BlocksFound> {
  const rows = await db.look((query) =>
    query<{ key: string | null; golden_id: string | null; mark: string | null }>(
      `select key, golden_id, null as mark from unnest(truce.texts($1)::bigint[]) as asked (key) cross join lateral
         (select golden_id from truce.block where block.key = asked.key limit $2) found
       union all select null, null, mark from truce.block_mark`,
      [...new Set(keys)],
      sizeMax + 1,
    ),
  );
  const members = new Map<number, GoldenId[]>();
  const oversized = new Set<number>();
  let mark = 0;
  for (const row of rows) {
    if (row.key === null) {
      mark = Number(row.mark);
      continue;
    }
    const ids = members.get(Number(row.key)) ?? [];
    members.set(Number(row.key), ids);
    ids.push(fromStored(row.golden_id ?? ""));
  }
  for (const [key, ids] of members) {
    if (ids.length <= sizeMax) continue;
    members.delete(key);
    oversized.add(key);
  }
  return { members, oversized, mark };
}

/**
 * For a commit that files golden records under keys that may be new to them: nobody else files until it ends. Gives the mark that its own rows get. `null`:
 * it files nothing.
 */
export async function lockMark(
  query: Query,
  units: readonly CommitUnit[],
  before: ReadonlyMap<GoldenId, Pick<Stored, "blocks">>,
): Promise<number | null> {
  const isFiling = ({ golden, blocks }: CommitUnit) =>
    golden !== null && blocks !== null && JSON.stringify(blocks) !== (before.get(golden.id)?.blocks ?? "[]");
  if (!units.some(isFiling)) return null;
  const [row] = await query<{ mark: string }>("update truce.block_mark set mark = mark + 1 returning mark");
  return Number(row?.mark ?? 0);
}

/** Tells which guards were broken since. Asked once the mark is locked, so that it stays true until the commit ends. */
export async function newestMarks(query: Query, units: readonly CommitUnit[]): Promise<(guard: BlockGuard) => boolean> {
  const guards = units.flatMap(({ guard }) => guard ?? []);
  if (guards.length === 0) return () => false;
  const since = guards.reduce((least, { mark }) => Math.min(least, mark), Number.POSITIVE_INFINITY);
  const rows = await query<{ key: string; mark: string }>(
    `select key, newest as mark from unnest(truce.texts($1)::bigint[]) as asked (key) cross join lateral
       (select max(mark) as newest from truce.block where block.key = asked.key) found where newest > $2`,
    [...new Set(guards.flatMap(({ keys }) => keys))],
    since,
  );
  const newest = new Map(rows.map((row) => [Number(row.key), Number(row.mark)]));
  return (guard) => guard.keys.some((key) => (newest.get(key) ?? 0) > guard.mark);
}

/** A golden record under one blocking key. */
export type BlockRow = { readonly key: number; readonly goldenId: GoldenId };

export function dropBlocks(query: Query, rows: readonly BlockRow[]): Promise<unknown> | null {
  if (rows.length === 0) return null;
  return query(
    `delete from truce.block where (key, golden_id) in (select * from unnest(truce.texts($1)::bigint[], truce.texts($2)))`,
    rows.map((row) => row.key),
    rows.map((row) => toStored(row.goldenId)),
  );
}

export function insertBlocks(query: Query, rows: readonly BlockRow[], mark: number): Promise<unknown> | null {
  if (rows.length === 0) return null;
  return query(
    `insert into truce.block (key, golden_id, mark)
     select key, golden_id, $3 from unnest(truce.texts($1)::bigint[], truce.texts($2)) as filed (key, golden_id) order by 1, 2
     on conflict do nothing`,
    rows.map((row) => row.key),
    rows.map((row) => toStored(row.goldenId)),
    mark,
  );
}
