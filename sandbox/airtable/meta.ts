import { type Actor, type Base, commitSchema, schemas, type TableState, type Transaction } from "./base.ts";
import { asList, asObject, type Json, type JsonObject } from "./json.ts";
import { badRequest, noSuchModel, refuse } from "./refusal.ts";
import {
  addInverse,
  type Field,
  type FieldInput,
  findField,
  findTable,
  isComputed,
  makeField,
  makeTables,
  showField,
  showTable,
  type TableInput,
} from "./schema.ts";

export type MetaCalls = {
  bases(): JsonObject;
  tables(params: JsonObject): JsonObject;
  createTable(actor: Actor, body: JsonObject): JsonObject;
  updateTable(actor: Actor, tableId: string, body: JsonObject): JsonObject;
  createField(actor: Actor, tableId: string, body: JsonObject): JsonObject;
  updateField(actor: Actor, tableId: string, fieldId: string, body: JsonObject): JsonObject;
};

export type MetaDeps = {
  readonly base: Base;
  now(): number;
  published(transaction: Transaction): void;
};

/** The calls about bases, tables and fields. Field types cannot be changed, and nothing can be deleted, through the API. */
export function makeMetaCalls({ base, now, published }: MetaDeps): MetaCalls {
  const find = (tableId: string): TableState => {
    const table = base.tables.find((candidate) => candidate.schema.id === tableId);
    if (!table) throw noSuchModel();
    return table;
  };
  const tell = (transaction: Transaction | null): void => {
    if (transaction) published(transaction);
  };

  return {
    bases: () => ({ bases: [{ id: base.id, name: base.name, permissionLevel: "create" }] }),

    tables(params) {
      const withVisible = asList(params["include"])?.includes("visibleFieldIds") ?? false;
      return { tables: base.tables.map((table) => showTable(table.schema, withVisible)) };
    },

    createTable(_actor, body) {
      const input = readTable(body);
      if (findTable(schemas(base), input.name)) {
        throw refuse(422, "DUPLICATE_TABLE_NAME", `Cannot create table: name "${input.name}" already exists`);
      }
      const [table] = orRefuse(() => makeTables([input], base.ids));
      base.tables.push({ schema: table!, rows: new Map(), order: [], nextAutoNumber: 1 });
      return showTable(table!, false);
    },

    updateTable(_actor, tableId, body) {
      const { schema } = find(tableId);
      if (typeof body["name"] === "string") schema.name = body["name"];
      if (typeof body["description"] === "string") schema.description = body["description"];
      return showTable(schema, false);
    },

    createField(actor, tableId, body) {
      const table = find(tableId);
      const input = readField(body);
      if (findField(table.schema, input.name)) {
        throw refuse(422, "DUPLICATE_OR_EMPTY_FIELD_NAME", `A field named "${input.name}" already exists`);
      }
      const field = makeField(input, schemas(base), base.ids);
      if (typeof field === "string") {
        throw refuse(422, "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE", `Invalid options for ${input.name}: ${field}`);
      }
      if (isComputed(field)) {
        const message = `Creating ${field.type} fields is not supported at this time`;
        throw refuse(422, "UNSUPPORTED_FIELD_TYPE_FOR_CREATE", message);
      }
      table.schema.fields.push(field);
      addInverse(table.schema, field, schemas(base), base.ids);
      tell(commitSchema(base, actor, now(), table, (changes) => changes.createdFields.push(field)));
      return showField(field);
    },

    updateField(actor, tableId, fieldId, body) {
      const table = find(tableId);
      const field = table.schema.fields.find((candidate) => candidate.id === fieldId);
      if (!field) throw noSuchModel();
      if (body["type"] !== undefined) throw badRequest();
      tell(renameField(base, actor, now(), table, field, body));
      return showField(field);
    },
  };
}

/** Renames or describes a field; cells stay. */
export function renameField(
  base: Base,
  actor: Actor,
  at: number,
  table: TableState,
  field: Field,
  change: JsonObject,
): Transaction | null {
  const previous: Record<string, Json> = {};
  const current: Record<string, Json> = {};
  for (const key of ["name", "description"] as const) {
    const value = change[key];
    if (typeof value !== "string") continue;
    previous[key] = field[key] ?? null;
    current[key] = value;
    field[key] = value;
  }
  return commitSchema(base, actor, at, table, (changes) => {
    if (Object.keys(current).length > 0) changes.changedFields.push({ field, current, previous });
  });
}

function readField(body: JsonObject): FieldInput {
  const { name, type, description } = body;
  const options = asObject(body["options"]);
  if (typeof name !== "string" || name === "" || typeof type !== "string") throw badRequest();
  return {
    name,
    type,
    ...(typeof description === "string" ? { description } : {}),
    ...(options ? { options } : {}),
  };
}

function readTable(body: JsonObject): TableInput {
  const { name, description } = body;
  const fields = (asList(body["fields"]) ?? []).map((item) => readField(asObject(item) ?? {}));
  if (typeof name !== "string" || name === "" || fields.length === 0) throw badRequest();
  return { name, fields, ...(typeof description === "string" ? { description } : {}) };
}

function orRefuse<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw badRequest(error instanceof Error ? error.message : undefined);
  }
}
