import type pg from "pg";
import { quoted, quotedTable, type Table } from "./catalog.ts";

/** Where Truce keeps which row it made for which golden record. */
const ownTables = `
  create schema if not exists truce;
  create table if not exists truce.created (object text not null, key text not null, id text not null, primary key (object, key));
  create index if not exists created_id on truce.created (object, id);`;

/** Makes Truce's own schema; safe when several do so at once. */
export async function prepareSchema(pool: pg.Pool): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query("select pg_advisory_xact_lock(7233829)");
    const { rows } = await client.query("select to_regclass('truce.created') as found");
    if (rows[0]?.found === null) await client.query(ownTables);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

/** Makes the publication cover exactly these tables. Published before the slot exists, else changes between the two would be skipped. */
export async function preparePublication(pool: pg.Pool, publication: string, tables: readonly Table[]): Promise<void> {
  const list = tables.map(quotedTable).join(", ");
  const { rows } = await pool.query("select 1 from pg_publication where pubname = $1", [publication]);
  if (rows.length === 0) {
    await pool.query(
      `create publication ${quoted(publication)} for table ${list} with (publish = 'insert, update, delete, truncate', publish_via_partition_root = true)`,
    );
    return;
  }
  const missing = await unpublished(pool, publication, tables);
  if (missing.length > 0)
    await pool.query(`alter publication ${quoted(publication)} add table ${missing.map(quotedTable).join(", ")}`);
}

/** The tables that the publication does not cover. */
export async function unpublished(pool: pg.Pool, publication: string, tables: readonly Table[]): Promise<Table[]> {
  const { rows } = await pool.query<{ schemaname: string; tablename: string }>(
    "select schemaname, tablename from pg_publication_tables where pubname = $1",
    [publication],
  );
  const covered = new Set(rows.map((row) => `${row.schemaname}.${row.tablename}`));
  return tables.filter((table) => !covered.has(`${table.schema}.${table.name}`));
}

export type SlotState = "missing" | "lost" | "ready";

export async function slotState(pool: pg.Pool, slot: string): Promise<SlotState> {
  const { rows } = await pool.query<{ wal_status: string | null }>(
    "select wal_status from pg_replication_slots where slot_name = $1",
    [slot],
  );
  if (rows.length === 0) return "missing";
  return rows[0]?.wal_status === "lost" ? "lost" : "ready";
}
