import type { FieldType } from "../../model/field-type.ts";
import { rowsOf, type Server, type Session, textLiteral } from "./session.ts";

export type Column = {
  readonly name: string;
  /** As the server spells it: "varchar(20)", "int(10) unsigned". */
  readonly type: string;
  /** Its short name; "json" also for what MariaDB keeps as a text that must be JSON. */
  readonly base: string;
  /** The server stores a JSON document, not the text that was given. */
  readonly isDocument: boolean;
  /** Position in the table, from 1. */
  readonly place: number;
  readonly unsigned: boolean;
  readonly charset: string | null;
  /** Of an enum or set, in the table's order. */
  readonly options: readonly string[] | null;
  /** Bytes or characters; `null` where the type has none. */
  readonly length: number | null;
  /** Digits after the point, of numbers and of seconds. */
  readonly scale: number;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  readonly autoIncrement: boolean;
  /** Generated. */
  readonly readOnly: boolean;
  readonly unique: boolean;
  /** Position in the primary key from 1; 0: not part of it. */
  readonly key: number;
  /** What this user may do with it. */
  readonly rights: { readonly select: boolean; readonly insert: boolean; readonly update: boolean };
};

export type Table = {
  readonly schema: string;
  readonly name: string;
  readonly engine: string;
  readonly columns: readonly Column[];
  /** Columns of the primary key in order; empty when there is none. */
  readonly key: readonly Column[];
  /** Columns of each unique index, by its name. */
  readonly uniques: ReadonlyMap<string, readonly string[]>;
  /** Foreign keys by which the server changes or deletes rows of this table itself. Such changes are not in the log. */
  readonly cascades: readonly string[];
  readonly estimate: number;
  /** Names and types of all columns in order: what rows in the log look like. */
  readonly layout: string;
};

const systemSchemas = "'mysql', 'sys', 'information_schema', 'performance_schema'";

/** The tables as the server's catalog has them, all of the user's or those named `schema.table`. */
export async function readTables(
  session: Session,
  server: Server,
  objects: readonly string[] | null,
): Promise<Map<string, Table>> {
  const named = (schema: string, table: string) => {
    const own = `${schema} not in (${systemSchemas}) and ${table} <> 'truce_created'`;
    if (objects === null) return own;
    const list = objects.map((object) => {
      const [first = "", ...rest] = object.split(".");
      return `(${textLiteral(first)}, ${textLiteral(rest.join("."))})`;
    });
    return list.length === 0 ? "false" : `${own} and (${schema}, ${table}) in (${list.join(", ")})`;
  };
  const where = named("c.table_schema", "c.table_name");
  const [columns, indexes, cascades, documents] = await rowsOf(
    session,
    `select c.table_schema as \`schema\`, c.table_name as \`table\`, t.engine as engine, t.table_rows as estimate, c.column_name as name,
       c.column_type as type, c.data_type as base, c.ordinal_position as place, c.character_set_name as charset,
       coalesce(c.character_maximum_length, 0) as length, coalesce(c.datetime_precision, c.numeric_scale, 0) as scale, c.is_nullable as nullable,
       c.column_default is not null as has_default, c.extra as extra, coalesce(c.generation_expression, '') as generated, c.privileges as privileges
     from information_schema.columns c join information_schema.tables t on t.table_schema = c.table_schema and t.table_name = c.table_name
     where t.table_type = 'BASE TABLE' and ${where} order by c.table_schema, c.table_name, c.ordinal_position`,
    `select c.table_schema as \`schema\`, c.table_name as \`table\`, c.index_name as name, c.column_name as \`column\`, c.seq_in_index as place,
       c.sub_part is null as whole
     from information_schema.statistics c where c.non_unique = 0 and ${where} order by c.table_schema, c.table_name, c.index_name, c.seq_in_index`,
    `select c.constraint_schema as \`schema\`, c.table_name as \`table\`, c.constraint_name as name from information_schema.referential_constraints c
     where (c.delete_rule in ('CASCADE', 'SET NULL') or c.update_rule in ('CASCADE', 'SET NULL')) and ${named("c.constraint_schema", "c.table_name")}`,
    // MariaDB's JSON is a text with a check.
    server.isMariaDb
      ? `select c.constraint_schema as \`schema\`, c.table_name as \`table\`, c.constraint_name as name from information_schema.check_constraints c
         where c.check_clause like 'json\\_valid(%' and ${named("c.constraint_schema", "c.table_name")}`
      : "select 1 from dual where false",
  );
  const place = (row: { schema?: unknown; table?: unknown }) => `${String(row.schema)}.${String(row.table)}`;
  const grouped = (rows: readonly TextRecord[] = []) => Map.groupBy(rows, place);
  const indexesOf = grouped(indexes);
  const cascadesOf = grouped(cascades);
  const documentsOf = grouped(documents);
  const tables = new Map<string, Table>();
  for (const [object, own] of grouped(columns)) {
    const unique = Map.groupBy(indexesOf.get(object) ?? [], (row) => row["name"] ?? "");
    const texts = new Set((documentsOf.get(object) ?? []).map((row) => row["name"]));
    tables.set(object, tableOf(own, unique, cascadesOf.get(object) ?? [], texts));
  }
  return tables;
}

type TextRecord = Readonly<Record<string, string | null>>;

function tableOf(
  rows: readonly TextRecord[],
  unique: ReadonlyMap<string, readonly TextRecord[]>,
  cascades: readonly TextRecord[],
  jsonTexts: ReadonlySet<string | null | undefined>,
): Table {
  const [first = {}] = rows;
  const primary = (unique.get("PRIMARY") ?? []).map((row) => row["column"]);
  const alone = new Set(
    [...unique.values()].flatMap((index) =>
      index.length === 1 && index[0]?.["whole"] === "1" ? [index[0]["column"]] : [],
    ),
  );
  const columns = rows.map((row): Column => {
    const { name = "", type = "", base = "", extra = "", generated = "", privileges = "" } = texted(row);
    const isJsonText = base === "longtext" && jsonTexts.has(name);
    return {
      name,
      type,
      base: isJsonText ? "json" : base,
      isDocument: base === "json",
      place: Number(row["place"]),
      unsigned: /\bunsigned\b/u.test(type),
      charset: row["charset"] ?? null,
      options: base === "enum" || base === "set" ? optionsOf(type) : null,
      length: Number(row["length"]) || null,
      scale: Number(row["scale"]),
      notNull: row["nullable"] === "NO",
      hasDefault: row["has_default"] === "1" || /auto_increment|default_generated/iu.test(extra),
      autoIncrement: /auto_increment/iu.test(extra),
      readOnly: generated !== "" || /generated(?! by)|virtual|stored/iu.test(extra.replace(/default_generated/iu, "")),
      unique: alone.has(name),
      key: primary.indexOf(name) + 1,
      rights: {
        select: privileges.includes("select"),
        insert: privileges.includes("insert"),
        update: privileges.includes("update"),
      },
    };
  });
  return {
    schema: first["schema"] ?? "",
    name: first["table"] ?? "",
    engine: first["engine"] ?? "",
    columns,
    key: columns.filter((column) => column.key > 0).sort((a, b) => a.key - b.key),
    uniques: new Map([...unique].map(([name, index]) => [name, index.map((row) => row["column"] ?? "")])),
    cascades: cascades.map((row) => row["name"] ?? ""),
    estimate: Number(first["estimate"] ?? 0),
    layout: columns.map(({ name, type, charset }) => `${name} ${type} ${charset ?? ""}`).join(","),
  };
}

function texted(row: TextRecord): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(row).map(([name, text]) => [name, text ?? ""]));
}

/** The options of `enum('a','b''c','x,y')`. */
function optionsOf(type: string): string[] {
  return [...type.matchAll(/'((?:[^'\\]|''|\\.)*)'/gsu)].map(([, text = ""]) =>
    text.replaceAll(/''|\\(.)/gsu, (_, escaped: string | undefined) =>
      escaped === undefined ? "'" : (escapes[escaped] ?? escaped),
    ),
  );
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "0": "\0", Z: "\x1a" };

/** `schema.table`; a table named alone is in the connection's own database. */
export function qualified(object: string, database: string): string {
  return object.includes(".") ? object : `${database}.${object}`;
}

export function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

export function quotedTable(table: Table): string {
  return `${quoted(table.schema)}.${quoted(table.name)}`;
}

const integers = new Set(["tinyint", "smallint", "mediumint", "int", "bigint", "year"]);
const fractions = new Set(["decimal", "float", "double"]);
const binaries = new Set(["binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"]);
const texts = new Set(["char", "varchar", "tinytext", "text", "mediumtext", "longtext"]);

export const isInteger = ({ base }: Column) => integers.has(base);
export const isNumber = ({ base }: Column) => integers.has(base) || fractions.has(base);
export const isBinary = ({ base }: Column) => binaries.has(base);
export const isText = ({ base }: Column) => texts.has(base);
/** Of one bit or one digit: what MySQL calls a boolean. */
export const isBoolean = ({ type }: Column) => /^(?:tinyint|bit)\(1\)/u.test(type);

/** The field type that fits a column best. */
export function fieldTypeOf(column: Column): FieldType {
  if (isBoolean(column)) return { kind: "boolean" };
  if (isNumber(column)) return { kind: "number" };
  switch (column.base) {
    case "enum":
      return { kind: "choice", options: column.options ?? [] };
    case "set":
      return { kind: "set", options: column.options ?? [] };
    case "date":
      return { kind: "date" };
    case "datetime":
    case "timestamp":
      return { kind: "datetime" };
    default:
      return byName(column.name);
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
