import type { IdMaker } from "./ids.ts";
import type { JsonObject } from "./json.ts";
import { asList, asObject, type Json } from "./json.ts";

export const writableTypes = [
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
  "singleCollaborator",
  "multipleCollaborators",
  "multipleAttachments",
  "barcode",
] as const;

export const computedTypes = [
  "formula",
  "multipleLookupValues",
  "count",
  "autoNumber",
  "createdTime",
  "lastModifiedTime",
  "createdBy",
  "lastModifiedBy",
  "aiText",
] as const;

export type FieldType = (typeof writableTypes)[number] | (typeof computedTypes)[number];

export type Choice = { readonly id: string; name: string; readonly color: string };

export type Field = {
  readonly id: string;
  name: string;
  type: FieldType;
  description?: string;
  /** As the meta API shows them, apart from the choices of a select, which live in `choices`. */
  options?: JsonObject;
  /** A select's options, in order. */
  choices?: Choice[];
};

export type View = {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  /** Formula that a record must satisfy to be in the view. */
  readonly filter?: string;
  /** Ids of the fields shown; absent: all. */
  readonly visibleFieldIds?: readonly string[];
};

export type Table = {
  readonly id: string;
  name: string;
  description?: string;
  readonly primaryFieldId: string;
  readonly fields: Field[];
  readonly views: View[];
};

/** A field as a seed or `POST …/fields` gives it; in a seed, `options.linkedTableId` may name the table. */
export type FieldInput = {
  readonly id?: string;
  readonly name: string;
  readonly type: string;
  readonly description?: string;
  readonly options?: JsonObject;
};

/** A table as a seed gives it: the first field is the primary one. */
export type TableInput = {
  readonly id?: string;
  readonly name: string;
  readonly description?: string;
  readonly fields: readonly FieldInput[];
  readonly views?: readonly {
    readonly name: string;
    readonly filter?: string;
    readonly visibleFields?: readonly string[];
  }[];
};

/** True for fields that Airtable computes and nobody can write. */
export function isComputed(field: Field): boolean {
  return (computedTypes as readonly string[]).includes(field.type);
}

/** True for a field type that this emulator knows. */
function isFieldType(type: string): type is FieldType {
  return (writableTypes as readonly string[]).includes(type) || (computedTypes as readonly string[]).includes(type);
}

/** A field by id or name, as the API addresses it. */
export function findField(table: Table, key: string): Field | undefined {
  return table.fields.find((field) => field.id === key) ?? table.fields.find((field) => field.name === key);
}

/** A table by id or name. */
export function findTable(tables: readonly Table[], key: string): Table | undefined {
  return tables.find((table) => table.id === key) ?? tables.find((table) => table.name === key);
}

/** A view by id or name. */
export function findView(table: Table, key: string): View | undefined {
  return table.views.find((view) => view.id === key) ?? table.views.find((view) => view.name === key);
}

/** The table that a link field points to. */
export function linkedTableOf(tables: readonly Table[], field: Field): Table | undefined {
  const id = field.options?.["linkedTableId"];
  return typeof id === "string" ? findTable(tables, id) : undefined;
}

/** The other half of a link: the field in the linked table that changes with it. */
export function inverseOf(tables: readonly Table[], field: Field): Field | undefined {
  const id = field.options?.["inverseLinkFieldId"];
  const table = linkedTableOf(tables, field);
  return typeof id === "string" && table ? table.fields.find((other) => other.id === id) : undefined;
}

const palette = ["blueLight2", "cyanLight2", "tealLight2", "greenLight2", "yellowLight2", "orangeLight2", "redLight2"];

/** Adds an option to a select field. */
export function addChoice(field: Field, name: string, ids: IdMaker): Choice {
  field.choices ??= [];
  const choice = { id: ids.next("sel"), name, color: palette[field.choices.length % palette.length]! };
  field.choices.push(choice);
  return choice;
}

/**
 * A field from its input, without the inverse of a link (`linkTables` adds it).
 * @returns the reason as a string where the input is not a field.
 */
export function makeField(input: FieldInput, tables: readonly Table[], ids: IdMaker): Field | string {
  if (!isFieldType(input.type)) return `Unknown field type ${input.type}`;
  const field: Field = { id: input.id ?? ids.next("fld"), name: input.name, type: input.type };
  if (input.description !== undefined) field.description = input.description;
  const { choices, ...rest } = input.options ?? {};
  if (field.type === "singleSelect" || field.type === "multipleSelects") {
    const given = asList(choices);
    if (!given) return "Creating a select field needs options.choices";
    for (const item of given) addNamedChoice(field, item, ids);
  }
  if (field.type === "multipleRecordLinks") {
    const linked = findTable(tables, String(rest["linkedTableId"] ?? ""));
    if (!linked) return "Creating a link field needs options.linkedTableId";
    field.options = { isReversed: false, prefersSingleRecordLink: false, ...rest, linkedTableId: linked.id };
  } else if (Object.keys(rest).length > 0) {
    field.options = rest;
  }
  return field;
}

/** Gives a link field its inverse in the linked table, as Airtable does when one is created. */
export function addInverse(table: Table, field: Field, tables: readonly Table[], ids: IdMaker): Field | undefined {
  const linked = linkedTableOf(tables, field);
  if (!linked || field.options?.["inverseLinkFieldId"] !== undefined) return undefined;
  const wanted = field.options?.["inverseName"];
  const { inverseName: _, ...options } = field.options ?? {};
  const inverse: Field = {
    id: ids.next("fld"),
    name: freeName(linked, typeof wanted === "string" ? wanted : table.name),
    type: "multipleRecordLinks",
    options: {
      isReversed: false,
      prefersSingleRecordLink: false,
      linkedTableId: table.id,
      inverseLinkFieldId: field.id,
    },
  };
  linked.fields.push(inverse);
  field.options = { ...options, inverseLinkFieldId: inverse.id };
  return inverse;
}

/** Builds all tables of a seed. Throws on a seed that is not a schema: that is the caller's bug. */
export function makeTables(inputs: readonly TableInput[], ids: IdMaker): Table[] {
  const tables = inputs.map((input): Table => {
    const first = input.fields[0];
    if (!first) throw new Error(`Table ${input.name} has no fields`);
    return {
      id: input.id ?? ids.next("tbl"),
      name: input.name,
      ...(input.description === undefined ? {} : { description: input.description }),
      primaryFieldId: first.id ?? ids.next("fld"),
      fields: [],
      views: [],
    };
  });
  for (const [i, input] of inputs.entries()) {
    const table = tables[i]!;
    for (const [j, fieldInput] of input.fields.entries()) {
      const withId = j === 0 ? { ...fieldInput, id: table.primaryFieldId } : fieldInput;
      const field = makeField(withId, tables, ids);
      if (typeof field === "string") throw new Error(`${input.name}.${fieldInput.name}: ${field}`);
      table.fields.push(field);
    }
    table.views.push({ id: ids.next("viw"), name: "Grid view", type: "grid" });
    for (const view of input.views ?? []) {
      const visible = view.visibleFields?.map((name) => findField(table, name)?.id ?? name);
      table.views.push({
        id: ids.next("viw"),
        name: view.name,
        type: "grid",
        ...(view.filter === undefined ? {} : { filter: view.filter }),
        ...(visible === undefined ? {} : { visibleFieldIds: visible }),
      });
    }
  }
  for (const table of tables) {
    for (const field of [...table.fields])
      if (field.type === "multipleRecordLinks") addInverse(table, field, tables, ids);
  }
  return tables;
}

/** A field as the meta API shows it. */
export function showField(field: Field): JsonObject {
  const options: JsonObject | undefined = field.choices
    ? { ...field.options, choices: field.choices.map((choice) => ({ ...choice })) }
    : field.options;
  return {
    type: field.type,
    ...(options === undefined ? {} : { options }),
    id: field.id,
    name: field.name,
    ...(field.description === undefined ? {} : { description: field.description }),
  };
}

/** A table as the meta API shows it; `visibleFieldIds` only where the caller asked to include them. */
export function showTable(table: Table, includeVisibleFieldIds: boolean): JsonObject {
  return {
    id: table.id,
    name: table.name,
    ...(table.description === undefined ? {} : { description: table.description }),
    primaryFieldId: table.primaryFieldId,
    fields: table.fields.map(showField),
    views: table.views.map((view) => ({
      id: view.id,
      name: view.name,
      type: view.type,
      ...(includeVisibleFieldIds
        ? { visibleFieldIds: view.visibleFieldIds ?? table.fields.map((field) => field.id) }
        : {}),
    })),
  };
}

function addNamedChoice(field: Field, item: Json, ids: IdMaker): void {
  const given = asObject(item);
  const name = typeof item === "string" ? item : given?.["name"];
  if (typeof name !== "string") return;
  addChoice(field, name, ids);
}

function freeName(table: Table, wanted: string): string {
  if (!table.fields.some((field) => field.name === wanted)) return wanted;
  for (let n = 2; ; n++) if (!table.fields.some((field) => field.name === `${wanted} ${n}`)) return `${wanted} ${n}`;
}
