import {
  blockSizeMax,
  keyWeight,
  type Looking,
  leastWeight,
  likeliest,
  type Nominee,
  nomineesMax,
} from "../../core/match/nominate.ts";
import type { GoldenId } from "../../model/golden.ts";
import type { BlockGuard, CommitUnit, Nominations } from "../../ports/store.ts";
import { fromStored, toStored } from "../../ports/store-text.ts";
import type { Stored } from "./changes.ts";
import type { Database, Query } from "./database.ts";

type Row = {
  readonly part: "nominee" | "size" | "says" | "mark";
  /** The asking record's place. */
  readonly n: number | null;
  readonly id: string | null;
  readonly number: number | null;
  readonly says: string | null;
};

/** One statement, hence one moment: nothing that it does not see has a mark up to the one it tells. Who is likeliest is found there, so that only those are sent. */
export async function nominations(db: Database, records: readonly Looking[]): Promise<Nominations> {
  const asked = records.flatMap(({ keys, among }, n) => keys.map((key) => ({ n, key, among })));
  const rows = await db.look((query) =>
    query<Row>(
      `with asked (n, key, counts, least) as materialized (select * from unnest(truce.texts($1)::integer[], truce.texts($2)::bigint[],
           truce.texts($3)::double precision[], truce.texts($4)::double precision[])),
         found as materialized (select n, key, counts, least, ids, cardinality(ids) as size from asked cross join lateral
           (select array_agg(golden_id) as ids from (select golden_id from truce.block where block.key = asked.key limit $5 + 1) few) filed
           where ids is not null),
         weighed as (select n, id, least, sum(greatest(0, counts - ln(size::double precision))) as weight from found cross join unnest(ids) id
           where size <= $5 group by n, id, least),
         ranked as (select n, id, weight, row_number() over (partition by n order by round(weight::numeric, 6) desc, id) as place
           from weighed where weight >= least),
         nominated as materialized (select n, id, weight from ranked where place <= $6)
       select 'nominee' as part, n, id, weight as number, null as says from nominated
       union all select 'size', null, key::text, max(size), null from found group by key
       union all select 'says', null, golden_id, null, says from truce.profile where golden_id in (select id from nominated)
       union all select 'mark', null, null, mark, null from truce.block_mark`,
      asked.map(({ n }) => n),
      asked.map(({ key }) => key),
      asked.map(({ among }) => keyWeight(among, 1)),
      asked.map(({ among }) => leastWeight(among)),
      blockSizeMax,
      nomineesMax,
    ),
  );
  return nominationsOf(rows, records.length);
}

function nominationsOf(rows: readonly Row[], records: number): Nominations {
  const nominees: Nominee<GoldenId>[][] = Array.from({ length: records }, () => []);
  const allSay = new Map<GoldenId, string>();
  const sizes = new Map<number, number>();
  let mark = 0;
  for (const { part, n, id, number, says } of rows) {
    if (part === "mark") mark = Number(number);
    else if (part === "size") sizes.set(Number(id), Number(number));
    else if (part === "nominee") nominees[n ?? 0]?.push({ id: fromStored(id ?? ""), weight: Number(number) });
    else allSay.set(fromStored(id ?? ""), fromStored(says ?? ""));
  }
  // Some were filed before profiles were kept, and will be again in a moment.
  const likeliestOf = (some: readonly Nominee<GoldenId>[]) => likeliest(some.filter(({ id }) => allSay.has(id)));
  return { nominees: nominees.map(likeliestOf), says: allSay, sizes, mark };
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
  const isFiling = ({ golden, filing }: CommitUnit) =>
    golden !== null && filing !== null && JSON.stringify(filing.keys) !== (before.get(golden.id)?.blocks ?? "[]");
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
