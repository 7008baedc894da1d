import type pg from "pg";
import type { Clock } from "../../ports/clock.ts";
import { quoted } from "./catalog.ts";
import { failureOf } from "./errors.ts";

type Names = { readonly slot: string; readonly publication: string; readonly trigger: string; readonly slug: string };

/** How long the server may take to notice that the slot's reader has gone. */
const slotMsMax = 10_000;

/**
 * Takes away what a system's feed made in the database: slot, publication, triggers with their functions and notes. The table of create keys,
 * `truce.created`, stays: other systems may use it, and a later installation knows its rows by it.
 */
export async function uninstall(pool: pg.Pool, clock: Clock, names: Names): Promise<void> {
  try {
    await dropSlot(pool, clock, names.slot);
    await pool.query(`drop publication if exists ${quoted(names.publication)}`);
    for (const sql of await triggerDrops(pool, names)) await pool.query(sql);
    await pool.query(`drop table if exists truce.${quoted(`changes_${names.slug}`)}`);
    const { rows } = await pool.query(
      "select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'truce' and c.relname = 'turns'",
    );
    if (rows.length > 0) await pool.query("delete from truce.turns where feed = $1", [names.slug]);
  } catch (error) {
    throw failureOf(error);
  }
}

async function dropSlot(pool: pg.Pool, clock: Clock, slot: string): Promise<void> {
  const until = clock.now() + slotMsMax;
  for (;;) {
    const { rows } = await pool.query<{ active: boolean }>(
      "select active from pg_replication_slots where slot_name = $1 and database = current_database()",
      [slot],
    );
    if (rows[0] === undefined) return;
    if (!rows[0].active || clock.now() > until) break;
    await clock.sleep(100);
  }
  await pool.query("select pg_drop_replication_slot($1)", [slot]);
}

async function triggerDrops(pool: pg.Pool, { trigger, slug }: Names): Promise<string[]> {
  const { rows } = await pool.query<{ sql: string }>(
    `select format('drop trigger %I on %s', tgname, tgrelid::regclass) as sql from pg_trigger where tgname in ($1::text, $1::text || '_all') and not tgisinternal and tgparentid = 0
     union all
     select format('drop function %s', p.oid::regprocedure) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
       where n.nspname = 'truce' and p.proname ~ ('^note_' || $2::text || '_[0-9]+$')`,
    [trigger, slug],
  );
  return rows.map((row) => row.sql);
}
