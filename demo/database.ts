import pg from "pg";
import type { SystemRecord, SystemWrite } from "./check.ts";
import { allFields, databaseTables, entityNames, fromSystem, shape, toSystem } from "./shape.ts";
import type { EntityName, Values } from "./story.ts";

/** The company's own database: a real PostgreSQL, with an audit of its own that knows who wrote what. */
export type DemoDatabase = {
  seed(
    entity: EntityName,
    rows: readonly { readonly values: Values; readonly ageDays: number }[],
  ): Promise<readonly string[]>;
  edit(entity: EntityName, id: string, values: Values): Promise<void>;
  records(): Promise<readonly SystemRecord[]>;
  writes(): Promise<readonly SystemWrite[]>;
  close(): Promise<void>;
};

/** People's sessions say who they are; every other session is the sync's. */
const personName = "person";

const audit = `
  create schema audit;
  create table audit.writes (
    seq bigserial primary key, at timestamptz not null default clock_timestamp(), tab text not null, id text not null,
    op text not null, by text not null, before jsonb, after jsonb
  );
  create function audit.note() returns trigger language plpgsql security definer as $$
  begin
    insert into audit.writes (tab, id, op, by, before, after) values (
      tg_table_name, coalesce(new.id, old.id)::text, tg_op, current_setting('application_name'),
      case when tg_op <> 'INSERT' then to_jsonb(old) end, case when tg_op <> 'DELETE' then to_jsonb(new) end);
    return null;
  end $$;
  create trigger note after insert or update or delete on people for each row execute function audit.note();
  create trigger note after insert or update or delete on companies for each row execute function audit.note();`;

/** Makes the tables in an empty database. */
export async function openDemoDatabase(url: string): Promise<DemoDatabase> {
  const pool = new pg.Pool({ connectionString: url, max: 4, application_name: personName });
  // Connections that end with the server are no failure of the demo.
  pool.on("error", () => undefined);
  await pool.query(databaseTables);
  return {
    async seed(entity, rows) {
      const names = Object.values(shape.db[entity].fields);
      const records = rows.map((row) => ({
        ...toSystem("db", entity, row.values),
        updated_at: new Date(Date.now() - row.ageDays * 86_400_000),
      }));
      const { rows: made } = await pool.query<{ id: string }>(
        `insert into ${shape.db[entity].object} (${names.join(", ")}, updated_at)
         select ${names.join(", ")}, updated_at from jsonb_populate_recordset(null::${shape.db[entity].object}, $1) returning id::text`,
        [JSON.stringify(records)],
      );
      return made.map((row) => row.id);
    },
    async edit(entity, id, values) {
      const entries = Object.entries(toSystem("db", entity, values));
      const sets = entries.map(([name], i) => `${name} = $${i + 2}`);
      await pool.query(`update ${shape.db[entity].object} set ${sets.join(", ")}, updated_at = now() where id = $1`, [
        id,
        ...entries.map(([, value]) => value),
      ]);
    },
    async records() {
      const all: SystemRecord[] = [];
      for (const entity of entityNames) {
        const { rows } = await pool.query(`select * from ${shape.db[entity].object}`);
        for (const row of rows)
          all.push({ system: "db", entity, id: String(row.id), values: allFields("db", entity, row) });
      }
      return all;
    },
    async writes() {
      const { rows } = await pool.query("select * from audit.writes order by seq");
      return rows.map(writeOf);
    },
    close: () => pool.end(),
  };

  function writeOf(row: {
    tab: string;
    id: string;
    op: string;
    by: string;
    at: Date;
    before: object | null;
    after: object | null;
  }): SystemWrite {
    const entity: EntityName = row.tab === "people" ? "contact" : "company";
    const [before, after] = [row.before ?? {}, row.after ?? {}] as Record<string, unknown>[];
    const named = Object.values(shape.db[entity].fields).filter(
      (name) => row.op === "INSERT" || before?.[name] !== after?.[name],
    );
    const only = (cells: Record<string, unknown>) =>
      fromSystem("db", entity, Object.fromEntries(named.map((name) => [name, cells[name] ?? null])));
    return {
      system: "db",
      entity,
      id: row.id,
      atMs: row.at.getTime(),
      kind: row.op === "INSERT" ? "create" : row.op === "UPDATE" ? "update" : "delete",
      by: row.by === personName ? "person" : "sync",
      before: row.op === "INSERT" ? {} : only(before ?? {}),
      after: row.op === "DELETE" ? {} : only(after ?? {}),
    };
  }
}

/** Starts the audit; seeding before it is not part of the story. */
export async function startAudit(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(audit);
  await client.end();
}
