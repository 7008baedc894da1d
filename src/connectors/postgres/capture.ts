import type pg from "pg";
import type { ChangeFeed } from "../../ports/connector.ts";
import { quotedTable, type Table } from "./catalog.ts";
import type { ChangedSince } from "./recent.ts";
import type { MappedTable } from "./rows.ts";
import { unpublished } from "./setup.ts";

/** How changes are learned: from the server's log, by triggers that note changed rows, or by asking for rows with a new version. */
export type Capture = "replication" | "triggers" | "poll";

export type CaptureFeed = Pick<ChangeFeed, "start" | "pull"> & {
  /** `null` where reads have no place among the changes: then the time of reading orders. */
  readonly changedSince: ChangedSince | null;
  close(): Promise<void>;
};

/**
 * The tables that a place follows without a gap, with their objects. It is part of the place, so that what was missed is told again should we stop
 * before that is stored. A table that was dropped and made again has another number.
 */
export type Followed = readonly (readonly [object: string, oid: number])[];

export function following(tables: readonly MappedTable[]): Followed {
  return tables.map(({ object, table }) => [object.object, table.oid]);
}

/** Tables that were not followed up to a place: new to the mapping, or out of reach for a while. */
export function unfollowed(tables: readonly MappedTable[], followed: Followed): readonly MappedTable[] {
  return tables.filter(
    (one) => !followed.some(([object, oid]) => object === one.object.object && oid === one.table.oid),
  );
}

export type Choice = {
  readonly capture: Capture;
  /** What stands in the way of the better ways, or of the wanted one, each with its remedy. */
  readonly obstacles: readonly string[];
};

/** The wanted way with what stands in its way; for "auto" the first way with nothing in its way. */
export async function chooseCapture(
  pool: pg.Pool,
  wanted: Capture | "auto",
  names: { readonly slot: string; readonly publication: string; readonly trigger: string },
  tables: readonly Table[],
): Promise<Choice> {
  if (wanted === "poll") return { capture: "poll", obstacles: [] };
  const rights = await readRights(pool);
  const toTriggers = () => triggerObstacles(pool, rights, names.trigger, tables);
  if (wanted === "triggers") return { capture: "triggers", obstacles: await toTriggers() };
  const obstacles = await replicationObstacles(pool, rights, names, tables);
  if (wanted === "replication" || obstacles.length === 0) return { capture: "replication", obstacles };
  const further = await toTriggers();
  return further.length === 0
    ? { capture: "triggers", obstacles }
    : { capture: "poll", obstacles: [...obstacles, ...further] };
}

type Rights = {
  readonly user: string;
  readonly database: string;
  readonly level: string;
  readonly replicates: boolean;
  readonly creates: boolean;
  readonly own: boolean;
};

async function readRights(pool: pg.Pool): Promise<Rights> {
  // Amazon's and Google's servers give the right to replicate by other means than the role's attribute.
  const { rows } = await pool.query<Rights>(
    `select quote_ident(current_user) as user, quote_ident(current_database()) as database, current_setting('wal_level') as level,
      (select rolreplication or rolsuper from pg_roles where rolname = current_user)
        or exists (select 1 from pg_roles r where r.rolname in ('rds_replication', 'cloudsqlsuperuser') and pg_has_role(r.oid, 'member')) as replicates,
      has_database_privilege(current_database(), 'CREATE') as creates,
      coalesce((select has_schema_privilege(oid, 'CREATE') from pg_namespace where nspname = 'truce'), false) as own`,
  );
  const [rights] = rows;
  if (rights === undefined) throw new Error("PostgreSQL told no rights.");
  return rights;
}

async function replicationObstacles(
  pool: pg.Pool,
  { user, database, level, replicates, creates }: Rights,
  { slot, publication }: { readonly slot: string; readonly publication: string },
  tables: readonly Table[],
): Promise<string[]> {
  const found: string[] = [];
  if (level !== "logical")
    found.push(`wal_level is ${level}: ALTER SYSTEM SET wal_level = logical; and restart PostgreSQL`);
  if (!replicates) found.push(`user ${user} may not replicate: ALTER ROLE ${user} REPLICATION;`);
  for (const table of tables) {
    const name = quotedTable(table);
    if (table.unlogged) found.push(`table ${name} is not in the server's log: ALTER TABLE ${name} SET LOGGED;`);
    // Published, such a table would refuse its own application's updates, or tell of deletes without saying of which row.
    if (!table.identified)
      found.push(
        `the log does not name rows of ${name} by their primary key: ALTER TABLE ${name} REPLICA IDENTITY DEFAULT; (FULL, where the key is deferrable)`,
      );
  }
  const { rows } = await pool.query<{ full: boolean }>(
    `select count(*) >= current_setting('max_replication_slots')::int and count(*) filter (where slot_name = $1) = 0 as full from pg_replication_slots`,
    [slot],
  );
  if (rows[0]?.full === true)
    found.push(
      "all replication slots of the server are in use: drop one that nobody reads, or raise max_replication_slots",
    );
  const missing = await unpublished(pool, publication, tables);
  const isNew = missing.length === tables.length;
  const foreign = missing.filter((table) => !table.owned);
  const all = tables.map(quotedTable).join(", ");
  if (foreign.length > 0)
    found.push(
      `user ${user} owns not all tables and can't publish them: have their owner run CREATE PUBLICATION ${publication} FOR TABLE ${all} WITH (publish_via_partition_root = true);`,
    );
  else if (isNew && tables.length > 0 && !creates)
    found.push(`user ${user} may not make a publication: GRANT CREATE ON DATABASE ${database} TO ${user};`);
  return found;
}

async function triggerObstacles(
  pool: pg.Pool,
  { user, database, creates, own }: Rights,
  trigger: string,
  tables: readonly Table[],
): Promise<string[]> {
  const found: string[] = [];
  if (!creates && !own)
    found.push(`user ${user} may not make the schema truce: GRANT CREATE ON DATABASE ${database} TO ${user};`);
  const present = await tablesWithTrigger(pool, trigger, tables);
  for (const table of tables)
    if (!table.rights.trigger && !present.has(table.oid))
      found.push(
        `user ${user} may not make triggers on ${quotedTable(table)}: GRANT TRIGGER ON ${quotedTable(table)} TO ${user};`,
      );
  return found;
}

/** Oids of the tables that have this trigger, switched on. */
export async function tablesWithTrigger(
  pool: pg.Pool,
  trigger: string,
  tables: readonly Table[],
): Promise<Set<number>> {
  const { rows } = await pool.query<{ oid: number }>(
    "select tgrelid::int as oid from pg_trigger where tgname = $1 and tgenabled <> 'D' and tgrelid = any($2::oid[])",
    [trigger, tables.map((table) => table.oid)],
  );
  return new Set(rows.map((row) => row.oid));
}
