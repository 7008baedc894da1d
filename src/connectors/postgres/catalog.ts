import type pg from "pg";
import type { FieldType } from "../../model/field-type.ts";

export type Column = {
  readonly name: string;
  /** As PostgreSQL spells it: "character varying(20)", or a domain's name. */
  readonly type: string;
  /** The same, of a domain what it is made of, to the last one. */
  readonly stored: string;
  /**
   * What a text is cast to on its way in: without the length. A cast to "character varying(20)" cuts off what is too long; what is assigned without
   * one is refused.
   */
  readonly cast: string;
  readonly oid: number;
  /** The short name of `stored`: "varchar"; "enum" for every enum. */
  readonly base: string;
  readonly options: readonly string[] | null;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  /** Generated, or an identity that must not be given. */
  readonly readOnly: boolean;
  readonly unique: boolean;
  /** Position in the primary key from 1; 0: not part of it. */
  readonly key: number;
  /** What this user may do with it. */
  readonly rights: Pick<Rights, "select" | "insert" | "update">;
};

export type Table = {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly Column[];
  /** Columns of the primary key in order; empty when there is none. */
  readonly key: readonly Column[];
  /** The log names its rows by the primary key, or in full. */
  readonly identified: boolean;
  readonly unlogged: boolean;
  /** Row-level security decides which rows this user sees. */
  readonly secured: boolean;
  /** This user may alter it. */
  readonly owned: boolean;
  readonly rights: Rights;
  readonly estimate: number;
};

/** What this user may do with a table, or at least some of its columns. */
export type Rights = {
  readonly select: boolean;
  readonly insert: boolean;
  readonly update: boolean;
  readonly delete: boolean;
  readonly trigger: boolean;
};

const columnsQuery = `
  select c.oid::int as oid, n.nspname as schema, c.relname as name,
    case c.relreplident when 'f' then true when 'n' then false when 'i'
      then exists (select 1 from pg_index i where i.indrelid = c.oid and i.indisreplident and i.indisprimary)
      else exists (select 1 from pg_index i where i.indrelid = c.oid and i.indisprimary and i.indimmediate) end as identified,
    c.relpersistence = 'u' as unlogged, row_security_active(c.oid) as secured, pg_has_role(c.relowner, 'USAGE') as owned,
    json_build_object('select', has_any_column_privilege(c.oid, 'SELECT'), 'insert', has_any_column_privilege(c.oid, 'INSERT'),
      'update', has_any_column_privilege(c.oid, 'UPDATE'), 'delete', has_table_privilege(c.oid, 'DELETE'),
      'trigger', has_table_privilege(c.oid, 'TRIGGER')) as rights, greatest(c.reltuples, 0)::float8 as estimate,
    json_build_object('select', has_column_privilege(c.oid, a.attnum, 'SELECT'), 'insert', has_column_privilege(c.oid, a.attnum, 'INSERT'),
      'update', has_column_privilege(c.oid, a.attnum, 'UPDATE')) as column_rights, a.attname as "column", format_type(a.atttypid, a.atttypmod) as type, a.atttypid::int as type_oid,
    format_type(own.oid, own.modifier) as stored, format_type(own.oid, -1) as "cast", bt.typname as base, bt.typtype as typtype, a.attnotnull as not_null, a.atthasdef or a.attidentity <> '' as has_default,
    a.attgenerated <> '' or a.attidentity = 'a' as read_only,
    (select array_agg(e.enumlabel::text order by e.enumsortorder) from pg_enum e where e.enumtypid = own.oid) as options,
    exists (select 1 from pg_index i where i.indrelid = c.oid and i.indisunique and i.indpred is null and i.indnkeyatts = 1 and i.indkey[0] = a.attnum) as "unique",
    coalesce((select k.place from pg_index i, unnest(i.indkey) with ordinality as k(attnum, place)
      where i.indrelid = c.oid and i.indisprimary and k.attnum = a.attnum), 0)::int as key
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_type t on t.oid = a.atttypid
  cross join lateral (
    with recursive chain as (
      select t.oid, t.typbasetype as next, a.atttypmod as modifier, t.typtypmod as next_modifier
      union all
      select b.oid, b.typbasetype, case when chain.modifier = -1 then chain.next_modifier else chain.modifier end, b.typtypmod
      from chain join pg_type b on b.oid = chain.next
    ) select oid, modifier from chain where next = 0
  ) own
  join pg_type bt on bt.oid = own.oid
  where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'truce') and n.nspname !~ '^pg_'
    and ($1::text[] is null or (n.nspname || '.' || c.relname) = any($1))
  order by n.nspname, c.relname, a.attnum`;

type Row = {
  oid: number;
  schema: string;
  name: string;
  identified: boolean;
  unlogged: boolean;
  secured: boolean;
  owned: boolean;
  rights: Rights;
  estimate: number;
  column: string;
  column_rights: Column["rights"];
  type: string;
  stored: string;
  cast: string;
  type_oid: number;
  base: string;
  typtype: string;
  not_null: boolean;
  has_default: boolean;
  read_only: boolean;
  options: string[] | null;
  unique: boolean;
  key: number;
};

/** The tables as PostgreSQL's catalog has them, all or those named `schema.table`. */
export async function readTables(pool: pg.Pool, objects: readonly string[] | null): Promise<Map<string, Table>> {
  const { rows } = await pool.query<Row>(columnsQuery, [objects]);
  const tables = new Map<string, Table>();
  for (const [object, own] of Map.groupBy(rows, (row) => `${row.schema}.${row.name}`)) {
    const first = own[0]!;
    const columns = own.map(
      (row): Column => ({
        name: row.column,
        type: row.type,
        stored: row.stored,
        cast: row.cast,
        oid: row.type_oid,
        base: row.typtype === "e" ? "enum" : row.base,
        options: row.options,
        notNull: row.not_null,
        hasDefault: row.has_default,
        readOnly: row.read_only,
        unique: row.unique,
        key: row.key,
        rights: row.column_rights,
      }),
    );
    const key = columns.filter((column) => column.key > 0).sort((a, b) => a.key - b.key);
    tables.set(object, {
      oid: first.oid,
      schema: first.schema,
      name: first.name,
      columns,
      key,
      identified: first.identified,
      unlogged: first.unlogged,
      secured: first.secured,
      owned: first.owned,
      rights: first.rights,
      estimate: first.estimate,
    });
  }
  return tables;
}

/** `schema.table`; a table named alone is in `public`. */
export function qualified(object: string): string {
  return object.includes(".") ? object : `public.${object}`;
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quotedTable(table: Table): string {
  return `${quoted(table.schema)}.${quoted(table.name)}`;
}

/** The field type that fits a column best. */
export function fieldTypeOf(column: Column): FieldType {
  if (column.options !== null) return { kind: "choice", options: column.options };
  switch (column.base) {
    case "bool":
      return { kind: "boolean" };
    case "int2":
    case "int4":
    case "int8":
    case "float4":
    case "float8":
    case "numeric":
      return { kind: "number" };
    case "date":
      return { kind: "date" };
    case "timestamp":
    case "timestamptz":
      return { kind: "datetime" };
    default:
      return column.base.startsWith("_") ? { kind: "set" } : byName(column.name);
  }
}

function byName(name: string): FieldType {
  if (/e[-_]?mail/iu.test(name)) return { kind: "email" };
  if (/phone|mobile|fax/iu.test(name)) return { kind: "phone" };
  if (/domain/iu.test(name)) return { kind: "domain" };
  if (/url|website|homepage/iu.test(name)) return { kind: "url" };
  if (/name$/iu.test(name)) return { kind: "name" };
  return { kind: "text" };
}
