import type pg from "pg";
import { SyncFailure } from "../../model/sync-error.ts";
import { quoted, quotedTable, type Table } from "./catalog.ts";

/** Where Truce keeps which row it made for which golden record. */
const ownTables = `
  create schema if not exists truce;
  create table if not exists truce.created (object text not null, key text not null, id text not null, primary key (object, key));
  create index if not exists created_id on truce.created (object, id);`;

/** Makes Truce's own schema; safe when several do so at once. */
export async function prepareSchema(pool: pg.Pool): Promise<void> {
  if (!(await usesOwnTables(pool))) await alone(pool, (client) => client.query(ownTables));
}

/** Runs statements in one transaction, while no other process of Truce prepares anything in this database. */
async function alone(pool: pg.Pool, run: (client: pg.ClientBase) => Promise<unknown>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query("select pg_advisory_xact_lock(7233829)");
    await run(client);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

/** Whether the table of create keys is there, and this user may use it: an earlier installation may have been another user's. */
export async function usesOwnTables(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ found: boolean }>(
    `select exists (select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'truce' and c.relname = 'created'
       and has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, 'SELECT')
       and has_table_privilege(c.oid, 'INSERT') and has_table_privilege(c.oid, 'UPDATE')) as found`,
  );
  return rows[0]?.found === true;
}

/**
 * Makes the publication cover at least these tables; safe when several do so at once. Published before the slot exists, else changes between the two
 * would be skipped.
 */
export async function preparePublication(pool: pg.Pool, publication: string, tables: readonly Table[]): Promise<void> {
  if (tables.length === 0) throw new SyncFailure({ code: "SCHEMA", message: "none of the mapped tables is there" });
  if ((await unpublished(pool, publication, tables)).length === 0) return;
  await alone(pool, async (client) => {
    const { rows } = await client.query("select 1 from pg_publication where pubname = $1", [publication]);
    const missing = await unpublished(client, publication, tables);
    const list = missing.map(quotedTable).join(", ");
    if (rows.length === 0)
      await client.query(
        `create publication ${quoted(publication)} for table ${list} with (publish = 'insert, update, delete, truncate', publish_via_partition_root = true)`,
      );
    else if (missing.length > 0) await client.query(`alter publication ${quoted(publication)} add table ${list}`);
  });
}

/** The tables that the publication does not cover. */
export async function unpublished(
  database: pg.Pool | pg.ClientBase,
  publication: string,
  tables: readonly Table[],
): Promise<Table[]> {
  const { rows } = await database.query<{ schemaname: string; tablename: string }>(
    "select schemaname, tablename from pg_publication_tables where pubname = $1",
    [publication],
  );
  const covered = new Set(rows.map((row) => `${row.schemaname}.${row.tablename}`));
  return tables.filter((table) => !covered.has(`${table.schema}.${table.name}`));
}

export type SlotState = "missing" | "lost" | "ready";

export async function slotState(pool: pg.Pool, slot: string): Promise<SlotState> {
  const { rows } = await pool.query<{ wal_status: string | null; database: string; own: boolean }>(
    "select wal_status, database, database = current_database() as own from pg_replication_slots where slot_name = $1",
    [slot],
  );
  if (rows.length === 0) return "missing";
  if (rows[0]?.own === false) {
    // Slots are named server-wide.
    const message = `replication slot ${slot} belongs to database ${rows[0].database} of this server: give this system another name`;
    throw new SyncFailure({ code: "SCHEMA", message });
  }
  return rows[0]?.wal_status === "lost" ? "lost" : "ready";
}
