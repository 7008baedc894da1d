import type { FieldType } from "../../model/field-type.ts";
import type { CellName, ObjectName } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { MappedCell, MappedObject, ObjectSchema } from "../../ports/connector.ts";
import { objectsOf } from "../../ports/json-object.ts";
import type { Client } from "./client.ts";

/** A field as the meta API tells it, as far as Truce needs it. */
export type Field = {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** Names of a select's options; `null` for other types. */
  readonly choices: readonly string[] | null;
};

export type Table = { readonly id: string; readonly name: string; readonly fields: readonly Field[] };

export type Schema = { readonly tables: readonly Table[] };

/** A mapped table with its mapped fields; what the config calls by name or id is found once, here. */
export type BoundTable = {
  readonly object: ObjectName;
  readonly table: Table;
  readonly cells: ReadonlyMap<CellName, Field>;
  /** The field with the create key, where Truce creates records and it is there. */
  readonly keyField: Field | null;
};

/** The base's schema, read once and again after `forget`. */
export type SchemaCache = { get(): Promise<Schema>; forget(): void };

const fittingTypes: Readonly<Record<string, FieldType["kind"]>> = {
  email: "email",
  url: "url",
  phoneNumber: "phone",
  checkbox: "boolean",
  number: "number",
  currency: "number",
  percent: "number",
  duration: "number",
  rating: "number",
  autoNumber: "number",
  count: "number",
  date: "date",
  dateTime: "datetime",
  createdTime: "datetime",
  lastModifiedTime: "datetime",
  singleSelect: "choice",
  multipleSelects: "set",
  multipleLookupValues: "set",
};

/** Types whose cells take what Truce writes; all others are computed, or hold more than a value. */
const writableTypes = new Set([
  "singleLineText",
  "multilineText",
  "richText",
  "email",
  "url",
  "phoneNumber",
  "checkbox",
  "number",
  "currency",
  "percent",
  "duration",
  "rating",
  "date",
  "dateTime",
  "singleSelect",
  "multipleSelects",
  "multipleRecordLinks",
]);

/** True when Truce can write the field. */
export function isWritable(field: Field): boolean {
  return writableTypes.has(field.type);
}

export function createSchemaCache(client: Client, baseId: string): SchemaCache {
  let known: Promise<Schema> | null = null;
  const load = async (): Promise<Schema> => {
    const path = `meta/bases/${baseId}/tables`;
    return parseSchema(await client.call({ method: "GET", path, effect: "read", what: "reading the schema" }));
  };
  return {
    get() {
      known ??= load().catch((error: unknown) => {
        known = null;
        throw error;
      });
      return known;
    },
    forget() {
      known = null;
    },
  };
}

/** A table or field by id, else by name. */
export function findNamed<Item extends { readonly id: string; readonly name: string }>(
  items: readonly Item[],
  key: string,
): Item | undefined {
  return items.find((item) => item.id === key) ?? items.find((item) => item.name === key);
}

/** Ties a mapped object to the live schema. Throws SCHEMA when the table or a cell is not there: what is missing is never read as blank. */
export function bind(schema: Schema, mapped: MappedObject, keyField: string): BoundTable {
  const table = findNamed(schema.tables, mapped.object);
  if (table === undefined) throw new SyncFailure({ code: "SCHEMA", message: noTable(schema, mapped.object) });
  const cells = new Map(mapped.cells.map(({ cell }) => [cell, findNamed(table.fields, cell)] as const));
  const missing = [...cells].filter(([, field]) => field === undefined).map(([cell]) => cell);
  if (missing.length > 0) {
    const message = `table ${table.name} has no field ${missing.join(", ")}; was it renamed or deleted?`;
    throw new SyncFailure({ code: "SCHEMA", message });
  }
  const key = mapped.create ? (findNamed(table.fields, keyField) ?? null) : null;
  return { object: mapped.object, table, cells: cells as ReadonlyMap<CellName, Field>, keyField: key };
}

export function noTable({ tables }: Schema, object: ObjectName): string {
  return `the base has no table ${object}; it has ${tables.map(({ name }) => name).join(", ")}`;
}

/** The tables as the port describes them. `objects`: only these, under the names given. */
export function describeTables(schema: Schema, objects: readonly ObjectName[] | undefined): readonly ObjectSchema[] {
  const named = objects ?? schema.tables.map(({ name }) => name);
  return named.flatMap((object) => {
    const table = findNamed(schema.tables, object);
    return table === undefined ? [] : [describeTable(object, table)];
  });
}

function describeTable(object: ObjectName, table: Table): ObjectSchema {
  return {
    object,
    label: table.name,
    cells: table.fields.map((field) => ({
      cell: field.name,
      label: field.name,
      nativeType: field.type,
      type: fittingType(field),
      readOnly: !isWritable(field),
      unique: false,
    })),
  };
}

function fittingType(field: Field): FieldType {
  const kind = fittingTypes[field.type] ?? "text";
  if ((kind === "choice" || kind === "set") && field.choices !== null) return { kind, options: field.choices };
  return { kind } as FieldType;
}

const textTypes = ["singleLineText", "multilineText", "richText", "email", "url", "phoneNumber"];
const numberTypes = ["number", "currency", "percent", "duration", "rating"];

/** The native types that keep a field type's values in a form that reads back equal. */
export function nativeTypesFor({ type }: MappedCell): readonly string[] {
  switch (type.kind) {
    case "boolean":
      return ["checkbox"];
    case "number":
      return numberTypes;
    case "money":
      return type.currency === undefined ? textTypes : ["currency", "number"];
    case "date":
      return ["date"];
    case "datetime":
      return ["dateTime"];
    case "choice":
      return ["singleSelect", ...textTypes];
    case "set":
      return ["multipleSelects"];
    case "reference":
      return ["multipleRecordLinks", ...textTypes];
    default:
      return textTypes;
  }
}

function parseSchema(body: Record<string, unknown>): Schema {
  const tables = objectsOf(body["tables"]).map((table) => ({
    id: String(table["id"]),
    name: String(table["name"]),
    fields: objectsOf(table["fields"]).map((field) => ({
      id: String(field["id"]),
      name: String(field["name"]),
      type: String(field["type"]),
      choices: choicesOf(field),
    })),
  }));
  if (!Array.isArray(body["tables"])) {
    throw new SyncFailure({ code: "UNREACHABLE", message: "reading the schema: the answer holds no tables" });
  }
  return { tables };
}

function choicesOf(field: Record<string, unknown>): readonly string[] | null {
  const options = field["options"] as { readonly choices?: unknown } | undefined;
  return Array.isArray(options?.choices) ? objectsOf(options.choices).map((choice) => String(choice["name"])) : null;
}
