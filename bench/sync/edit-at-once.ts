import type { Sides } from "./workload.ts";

/** What became of edits that both sides made to the same rows at the same moment. */
export type Outcome = {
  /** Of edits of different columns (two a row), those that the side where they were made does not have in the end. */
  readonly lostDifferentColumn: number;
  /** Rows of which one side's edit of the same column is nowhere any more: on no side, and not told by the replication. */
  readonly lostSameColumnSilently: number;
  /** Whether both sides hold the same in the end, what is kept for a person apart. */
  readonly converged: boolean;
};

/** `told`: values of the column that the replication kept: in a journal, or for a person. */
export type Told = { readonly values: ReadonlySet<string>; readonly heldRows: ReadonlySet<number> };

/** Edits rows 1 to `rows` on both sides within open transactions, so that neither side can have seen the other's edit. */
async function editAtOnce({ left, right }: Sides, rows: number, onLeft: string, onRight: string): Promise<void> {
  await Promise.all([left.query("begin"), right.query("begin")]);
  await Promise.all([
    left.query(`update contacts set ${onLeft} where id <= ${rows}`),
    right.query(`update contacts set ${onRight} where id <= ${rows}`),
  ]);
  await Promise.all([left.query("commit"), right.query("commit")]);
}

export async function conflictOutcome(
  sides: Sides,
  rows: number,
  settled: () => Promise<void>,
  told: () => Promise<Told>,
): Promise<Outcome> {
  await editAtOnce(sides, rows, "city = 'left ' || id", "note = 'right ' || id");
  await settled();
  const lostLeft = await count(sides.left, `city <> 'left ' || id and id <= ${rows}`);
  const lostRight = await count(sides.right, `note <> 'right ' || id and id <= ${rows}`);
  await editAtOnce(sides, rows, "title = 'by left ' || id", "title = 'by right ' || id");
  await settled();
  const { values, heldRows } = await told();
  const [ours, theirs] = [await titles(sides.left, rows), await titles(sides.right, rows)];
  let lost = 0;
  let differing = 0;
  for (let id = 1; id <= rows; id++) {
    const present = new Set([ours.get(id), theirs.get(id)]);
    const isKept = (value: string) => present.has(value) || values.has(value);
    if (!isKept(`by left ${id}`) || !isKept(`by right ${id}`)) lost++;
    if (present.size > 1 && !heldRows.has(id)) differing++;
  }
  const apart = await differingRows(sides);
  return {
    lostDifferentColumn: lostLeft + lostRight,
    lostSameColumnSilently: lost,
    converged: differing === 0 && apart.every((id) => heldRows.has(id)),
  };
}

async function count(client: Sides["left"], where: string): Promise<number> {
  return Number((await client.query(`select count(*) as n from contacts where ${where}`)).rows[0].n);
}

async function titles(client: Sides["left"], rows: number): Promise<ReadonlyMap<number, string>> {
  const found = await client.query("select id, title from contacts where id <= $1", [rows]);
  return new Map(found.rows.map(({ id, title }) => [Number(id), title]));
}

async function differingRows({ left, right }: Sides): Promise<number[]> {
  const sql = "select id, hashtextextended(contacts::text, 0)::text as hash from contacts";
  const [one, two] = [await left.query(sql), await right.query(sql)];
  const other = new Map(two.rows.map(({ id, hash }) => [id, hash]));
  return one.rows.filter(({ id, hash }) => other.get(id) !== hash).map(({ id }) => Number(id));
}
