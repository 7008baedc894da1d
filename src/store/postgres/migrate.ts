import type { Database } from "./database.ts";
import { migrations } from "./migrations.ts";

/** Any number will do, as long as nobody else locks it. */
const lockKey = 7_228_301;

/** Brings the tables up to date, step by step, one starter after the other. Throws when a newer Truce has been here. */
export async function migrate(db: Database): Promise<void> {
  await db.transaction(async (query) => {
    await query(`select pg_advisory_xact_lock(${lockKey})`);
    // Creating what is there already would still ask for the right to create.
    const [present] = await query<{ schema: boolean; table: boolean }>(
      "select to_regnamespace('truce') is not null as schema, to_regclass('truce.migration') is not null as table",
    );
    if (present?.schema !== true) await query("create schema truce");
    if (present?.table !== true) {
      await query(
        "create table truce.migration (version integer primary key, name text not null, at timestamptz not null default now())",
      );
    }
    const [{ version = 0 } = {}] = await query<{ version: number }>(
      "select coalesce(max(version), 0) as version from truce.migration",
    );
    if (version > migrations.length) {
      throw new Error(
        `The database was made by a newer Truce (store version ${version}, this one knows ${migrations.length}). Install that version or a newer one.`,
      );
    }
    for (const [index, { name, sql }] of migrations.entries()) {
      if (index < version) continue;
      for (const statement of sql.split(/;\s*$/mu)) if (statement.trim() !== "") await query(statement);
      await query("insert into truce.migration (version, name) values ($1, $2)", index + 1, name);
    }
  });
}
