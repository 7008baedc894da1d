import type { Pool, PoolConnection } from "mysql2";
import type { RawUpsert, Revision } from "../../model/observation.ts";
import type { RecordId } from "../../model/record.ts";
import type { Clock } from "../../ports/clock.ts";
import { quoted, quotedTable } from "./catalog.ts";
import { isAnswered } from "./errors.ts";
import { lockName, revisionAt } from "./log-place.ts";
import { areRows, cellsOf, idOf, isAfter, isComplete, keyOrder, type MappedTable, refOf, textColumns } from "./rows.ts";
import { rowsOf, type TextRow, textLiteral } from "./session.ts";
import { keysTable } from "./setup.ts";

export type Rows = { readonly observations: RawUpsert[]; readonly lastId: RecordId | null; readonly count: number };

type Condition = { readonly where: string; readonly limit: number };

/** How reads are put in order with the log: by its epoch, on a server that tells of which place a read is. */
export type ReadOrder = { readonly epoch: number } | null;

/**
 * Reads rows. MariaDB tells the place in the log that a read of one moment stands for: what was committed before it is seen, and nothing else. A
 * write of ours tells its place before it commits (see `write.ts`), so none may be under way just then: the table's lock keeps them apart.
 */
export async function readRows(
  pool: Pool,
  mapped: MappedTable,
  order: ReadOrder,
  clock: Clock,
  database: string,
  condition: Condition,
): Promise<Rows> {
  const observedAt = clock.now();
  const select = selectOf(mapped, condition);
  const { rows, revision } =
    order === null
      ? { rows: (await rowsOf(pool, select))[0] ?? [], revision: null }
      : await readInOrder(pool, mapped, order.epoch, select);
  const ids = rows.map((row) => idOf(mapped.table, row));
  const keys = await createKeys(pool, mapped, database, ids);
  const observations = rows.map((row, i): RawUpsert => {
    const id = ids[i] ?? "";
    const cells = cellsOf(mapped, row);
    const key = keys.get(id);
    return {
      kind: "upsert",
      ref: refOf(mapped, id),
      revision,
      observedAt,
      cells,
      complete: isComplete(mapped, cells),
      changedAt: null,
      author: null,
      ...(key === undefined ? {} : { createKey: key }),
    };
  });
  return { observations, lastId: ids.at(-1) ?? null, count: rows.length };
}

/** Of these rows, those that Truce made, with the key of each. */
async function createKeys(
  pool: Pool,
  { object, hasKeys }: MappedTable,
  database: string,
  ids: readonly (RecordId | null)[],
): Promise<ReadonlyMap<string, string>> {
  if (!hasKeys || ids.length === 0) return new Map();
  const list = ids.map((id) => textLiteral(id ?? "")).join(", ");
  const [rows = []] = await rowsOf(
    pool,
    `select id, create_key from ${quoted(database)}.${keysTable} where object = ${textLiteral(object.object)} and id in (${list})`,
  );
  return new Map(rows.map((row) => [row["id"] ?? "", row["create_key"] ?? ""]));
}

async function readInOrder(
  pool: Pool,
  { table }: MappedTable,
  epoch: number,
  select: string,
): Promise<{ readonly rows: readonly TextRow[]; readonly revision: Revision | null }> {
  const lock = lockName(table);
  return withConnection(pool, async (connection) => {
    const [[got] = [], , , place = [], rows = []] = await rowsOf(
      connection,
      `select get_lock('${lock}', 2) as got`,
      "start transaction with consistent snapshot, read only",
      `do release_lock('${lock}')`,
      "show status like 'binlog_snapshot_%'",
      select,
      "commit",
    );
    const told = new Map(place.map((row) => [row["Variable_name"]?.toLowerCase(), row["Value"] ?? ""]));
    const file = told.get("binlog_snapshot_file") ?? "";
    const position = Number(told.get("binlog_snapshot_position") ?? 0);
    // A write that takes long, or a log that is off: the time of reading orders then. Just before the place, as a write may tell the same one.
    const isSure = got?.["got"] === "1" && file !== "";
    return { rows, revision: isSure ? revisionAt(epoch, { file, position: position - 1 }) : null };
  });
}

/** Lends a connection of the pool; one that may not be fit for further use is not given back. */
export async function withConnection<T>(pool: Pool, work: (connection: PoolConnection) => Promise<T>): Promise<T> {
  const connection = await new Promise<PoolConnection>((resolve, reject) => {
    pool.getConnection((error, one) => (error === null ? resolve(one) : reject(error)));
  });
  try {
    const result = await work(connection);
    connection.release();
    return result;
  } catch (error) {
    // Also ends what a failed transaction holds, locks with names included.
    if (isAnswered(error)) {
      await rowsOf(connection, "rollback", "do release_all_locks()").then(
        () => connection.release(),
        () => connection.destroy(),
      );
    } else connection.destroy();
    throw error;
  }
}

function selectOf(mapped: MappedTable, { where, limit }: Condition): string {
  const { table } = mapped;
  return `select ${textColumns(mapped)} from ${quotedTable(table)} t where ${where} order by ${keyOrder(table)} limit ${limit}`;
}

/** Rows with these ids; `null` when there can be none. */
export function withIds({ table }: MappedTable, ids: readonly RecordId[]): Condition | null {
  const where = areRows(table, ids);
  return where === null ? null : { where, limit: ids.length };
}

/** Rows after an id in the key's order; all from the start with `null`. */
export function afterId({ table }: MappedTable, id: RecordId | null, limit: number): Condition {
  return { where: id === null ? "true" : isAfter(table, id), limit };
}
