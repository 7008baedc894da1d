import pg from "pg";
import type { SystemWrite } from "../check.ts";
import type { EntityName, Values } from "../story.ts";
import {
  allFields,
  cellOf,
  entitiesOf,
  entityOf,
  fromCells,
  type OpenSystem,
  type SystemShape,
  shapeOf,
  toCells,
  withoutRelations,
} from "./system.ts";

/** Also the columns of the demo's MariaDB, where tables have no schema before their name. */
export const tablesShape: Required<SystemShape> = {
  company: {
    object: "companies",
    fields: { domain: "website", name: "name", phone: "phone", city: "city", industry: "industry" },
  },
  contact: {
    object: "people",
    fields: {
      email: "email",
      firstName: "first_name",
      lastName: "last_name",
      phone: "phone",
      jobTitle: "job_title",
      city: "city",
      stage: "stage",
      notes: "notes",
      company: "company_id",
    },
  },
  deal: {
    object: "deals",
    fields: {
      title: "title",
      amount: "amount",
      stage: "stage",
      notes: "notes",
      company: "company_id",
      contact: "contact_id",
    },
  },
};

/** Tables of the database, as the company's own developers made them. */
const tables = `
  create table people (
    id bigserial primary key,
    email text, first_name text, last_name text, phone text, job_title text, city text, stage text, notes text,
    updated_at timestamptz not null default now()
  );
  create table companies (
    id bigserial primary key,
    website text, name text, phone text, city text, industry text,
    updated_at timestamptz not null default now()
  );`;

const relatedTables = `
  alter table people add company_id bigint references companies;
  create table deals (
    id bigserial primary key,
    title text not null, amount numeric(12, 2), stage text, notes text,
    company_id bigint references companies, contact_id bigint references people,
    updated_at timestamptz not null default now()
  );`;

/** People's sessions say who they are; every other session is the sync's. */
const personName = "person";
const truceName = "truce";

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
  end $$;`;

const auditOf = (table: string) =>
  `create trigger note after insert or update or delete on ${table} for each row execute function audit.note();`;

type AuditRow = {
  readonly tab: string;
  readonly id: string;
  readonly op: string;
  readonly by: string;
  readonly at: Date;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
};

/** The company's own database: a real PostgreSQL, with an audit of its own that knows who wrote what. `url`: of an empty database. */
export async function openPostgres(
  name: string,
  url: string,
  { isRelated }: { readonly isRelated: boolean },
): Promise<OpenSystem> {
  const shape = qualified(isRelated ? tablesShape : withoutRelations(tablesShape));
  const people = newPool(url, personName, 4);
  let plainPool: pg.Pool | null = null;
  await people.query(tables + (isRelated ? relatedTables : ""));
  return {
    name,
    label: "PostgreSQL",
    shape,
    async seed(entity, rows) {
      const object = shapeOf(shape, entity);
      const columns = Object.values(object.fields).map(cellOf).join(", ");
      const records = rows.map(({ values, ageDays }) => ({
        ...toCells(object, values),
        updated_at: new Date(Date.now() - ageDays * 86_400_000),
      }));
      const { rows: made } = await people.query<{ id: string }>(
        `insert into ${object.object} (${columns}, updated_at)
         select ${columns}, updated_at from jsonb_populate_recordset(null::${object.object}, $1) returning id::text`,
        [JSON.stringify(records)],
      );
      return made.map((row) => row.id);
    },
    async watch() {
      await people.query(audit);
      for (const entity of entitiesOf(shape)) await people.query(auditOf(shapeOf(shape, entity).object));
    },
    edit: (_user, entity, id, values) => updateRow(people, entity, id, values),
    async records() {
      const all = await Promise.all(
        entitiesOf(shape).map(async (entity) => {
          const object = shapeOf(shape, entity);
          const { rows } = await people.query(`select * from ${object.object}`);
          return rows.map((row) => ({
            system: name,
            entity,
            id: String(row.id),
            values: allFields(object, row),
          }));
        }),
      );
      return all.flat();
    },
    async writes() {
      const { rows } = await people.query<AuditRow>("select * from audit.writes order by seq");
      return rows.flatMap(writeOf);
    },
    listen: () => undefined,
    connection: { kind: "postgres", options: { url } },
    setFaults: () => undefined,
    async cutLines() {
      await people.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like $1",
        [`${truceName}%`],
      );
    },
    settled: async () => undefined,
    showAll: () => undefined,
    plain(ageOf) {
      const pool = newPool(url, "last-write-wins", 2);
      plainPool = pool;
      return {
        async list(entity) {
          const object = shapeOf(shape, entity);
          const { rows } = await pool.query(`select * from ${object.object} order by id`);
          return rows.map((row) => {
            const id = String(row.id);
            return { system: name, entity, id, values: allFields(object, row), changedAt: ageOf(entity, id) };
          });
        },
        async create(entity, records) {
          const object = shapeOf(shape, entity);
          const columns = Object.values(object.fields).map(cellOf).join(", ");
          const { rows } = await pool.query<{ id: string }>(
            `insert into ${object.object} (${columns})
             select ${columns} from jsonb_populate_recordset(null::${object.object}, $1) returning id::text`,
            [JSON.stringify(records.map((values) => toCells(object, values)))],
          );
          return rows.map((row) => row.id);
        },
        async update(entity, changes) {
          for (const { id, values } of changes) await updateRow(pool, entity, id, values);
        },
      };
    },
    async close() {
      await Promise.all([people.end(), plainPool?.end()]);
    },
  };

  async function updateRow(pool: pg.Pool, entity: EntityName, id: string, values: Values): Promise<void> {
    const entries = Object.entries(toCells(shapeOf(shape, entity), values));
    const sets = entries.map(([column], i) => `${column} = $${i + 2}`).join(", ");
    const { object } = shapeOf(shape, entity);
    await pool.query(`update ${object} set ${sets}, updated_at = now() where id = $1`, [
      id,
      ...entries.map(([, value]) => value),
    ]);
  }

  function writeOf(row: AuditRow): SystemWrite[] {
    const entity = entityOf(shape, `public.${row.tab}`);
    return entity === undefined
      ? []
      : [
          {
            ...rowWrite(shape, entity, row.op, row.before, row.after),
            system: name,
            id: row.id,
            atMs: row.at.getTime(),
            by: row.by === personName ? "person" : "sync",
          },
        ];
  }
}

/** What a trigger noted of a row, told by the columns that differ. */
export function rowWrite(
  shape: SystemShape,
  entity: EntityName,
  operation: string,
  before: Readonly<Record<string, unknown>> | null,
  after: Readonly<Record<string, unknown>> | null,
): Pick<SystemWrite, "entity" | "kind" | "before" | "after"> {
  const object = shapeOf(shape, entity);
  const isNew = operation === "INSERT";
  const named = Object.values(object.fields)
    .map(cellOf)
    .filter((column) => isNew || before?.[column] !== after?.[column]);
  const only = (row: Readonly<Record<string, unknown>> | null): Values =>
    row === null ? {} : fromCells(object, Object.fromEntries(named.map((column) => [column, row[column] ?? null])));
  const kind = isNew ? "create" : operation === "UPDATE" ? "update" : "delete";
  return { entity, kind, before: isNew ? {} : only(before), after: operation === "DELETE" ? {} : only(after) };
}

function qualified(shape: SystemShape): SystemShape {
  return Object.fromEntries(
    Object.entries(shape).map(([entity, object]) => [entity, { ...object, object: `public.${object.object}` }]),
  );
}

function newPool(url: string, session: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max, application_name: session });
  // Connections that end with the server are no failure of the demo.
  pool.on("error", () => undefined);
  return pool;
}
