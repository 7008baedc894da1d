import type { FieldType } from "../../model/field-type.ts";
import type { CellName, ObjectName } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Clock } from "../../ports/clock.ts";
import type { MappedObject, ObjectSchema } from "../../ports/connector.ts";
import type { Client } from "./client.ts";
import { type Json, listOf, textOf } from "./json.ts";

/** Where a cell's value is kept. */
export type Source =
  | { readonly kind: "own"; readonly name: string }
  | { readonly kind: "custom"; readonly id: string; readonly type: string }
  | { readonly kind: "tags" }
  | { readonly kind: "list"; readonly id: string };

export type Field = {
  readonly cell: CellName;
  readonly label: string;
  readonly nativeType: string;
  readonly type: FieldType;
  readonly readOnly: boolean;
  readonly unique: boolean;
  readonly source: Source;
};

export const objectNames = ["contacts", "accounts", "deals"] as const;
export type Name = (typeof objectNames)[number];
export type Schema = Readonly<Record<Name, readonly Field[]>>;

/** A mapped object with its fields as the account has them. */
export type Bound = {
  readonly object: MappedObject;
  readonly name: Name;
  readonly fields: readonly Field[];
  /** The custom field for the create key; `null` where there is none. */
  readonly keyField: string | null;
};

const listPrefix = "list:";
export const listStatuses = ["unconfirmed", "active", "unsubscribed", "bounced"] as const;
export const dealStatuses = ["open", "won", "lost"] as const;

const text: FieldType = { kind: "text" };

function own(cell: CellName, type: FieldType, rest: Partial<Field> = {}): Field {
  return {
    cell,
    label: cell,
    nativeType: "text",
    type,
    readOnly: false,
    unique: false,
    source: { kind: "own", name: cell },
    ...rest,
  };
}

const ownFields: Schema = {
  contacts: [
    own("email", { kind: "email" }, { unique: true }),
    own("firstName", { kind: "name" }),
    own("lastName", { kind: "name" }),
    own("phone", { kind: "phone" }),
    own("orgname", { kind: "name" }, { readOnly: true }),
    own("tags", { kind: "set" }, { nativeType: "tags", source: { kind: "tags" } }),
  ],
  accounts: [
    own("name", { kind: "name" }, { unique: true }),
    own("accountUrl", { kind: "url" }),
    own("owner", text, { nativeType: "user id" }),
  ],
  deals: [
    own("title", { kind: "name" }),
    own("description", text),
    own("value", { kind: "money" }, { nativeType: "cents and currency" }),
    own("status", { kind: "choice", options: dealStatuses }, { nativeType: "status" }),
    own("group", text, { nativeType: "pipeline id", readOnly: true }),
    own("stage", text, { nativeType: "stage id" }),
    own("owner", text, { nativeType: "user id" }),
    own("percent", { kind: "number" }, { nativeType: "number" }),
    own("contact", { kind: "reference", to: "contact" }, { nativeType: "contact id" }),
    own("account", { kind: "reference", to: "account" }, { nativeType: "account id" }),
  ],
};

export type SchemaCache = { get(): Promise<Schema>; forget(): void; last(): Schema | null };

const lookAgainMs = 300_000;

/** The account's fields, looked up anew from time to time, as people add and remove them while we run. */
export function createSchemaCache(client: Client, clock: Clock): SchemaCache {
  let known: { readonly at: number; readonly asked: Promise<Schema> } | null = null;
  let last: Schema | null = null;
  return {
    get() {
      if (known !== null && clock.now() - known.at < lookAgainMs) return known.asked;
      const asked = readSchema(client).then((schema) => {
        last = schema;
        return schema;
      });
      asked.catch(() => {
        known = null;
      });
      known = { at: clock.now(), asked };
      return asked;
    },
    forget() {
      known = null;
    },
    last: () => last,
  };
}

async function readSchema(client: Client): Promise<Schema> {
  const what = "reading the account's fields";
  const [fields, options] = await contactFields(client, what);
  const lists = await client.listAll("lists", "lists", "reading the account's lists");
  const ofAccounts = await client.listAll("accountCustomFieldMeta", "accountCustomFieldMeta", what);
  const ofDeals = await client.listAll("dealCustomFieldMeta", "dealCustomFieldMeta", what);
  return {
    contacts: [
      ...ownFields.contacts,
      ...lists.map(listField),
      ...fields.map((one) =>
        custom(
          one,
          "perstag",
          "title",
          "type",
          options
            .filter((option) => textOf(option["field"]) === textOf(one["id"]))
            .flatMap((option) => textOf(option["value"]) ?? []),
        ),
      ),
    ],
    accounts: [...ownFields.accounts, ...ofAccounts.map(metaField)],
    deals: [...ownFields.deals, ...ofDeals.map(metaField)],
  };
}

/** The options of all fields come beside them, on each page. */
async function contactFields(client: Client, what: string): Promise<[readonly Json[], readonly Json[]]> {
  const fields: Json[] = [];
  const options: Json[] = [];
  for (;;) {
    const path = `fields?limit=100&offset=${fields.length}`;
    const answer = await client.call({ method: "GET", path, effect: "read", what });
    const page = listOf(answer["fields"]);
    if (page === null) throw new SyncFailure({ code: "UNREACHABLE", message: `${what}: the answer has no fields` });
    fields.push(...page);
    options.push(...(listOf(answer["fieldOptions"]) ?? []));
    if (page.length < 100) return [fields, options];
  }
}

function listField(list: Json): Field {
  const name = textOf(list["stringid"]) ?? textOf(list["id"]) ?? "";
  return {
    cell: `${listPrefix}${name}`,
    label: `on list ${textOf(list["name"]) ?? name}`,
    nativeType: "list status",
    type: { kind: "choice", options: listStatuses },
    readOnly: false,
    unique: false,
    source: { kind: "list", id: textOf(list["id"]) ?? "" },
  };
}

function metaField(one: Json): Field {
  const options = one["fieldOptions"];
  const words = Array.isArray(options) ? options.flatMap((option) => textOf(option) ?? []) : [];
  return custom(one, "personalization", "fieldLabel", "fieldType", words);
}

function custom(one: Json, tag: string, label: string, kind: string, options: readonly string[]): Field {
  const id = textOf(one["id"]) ?? "";
  const type = textOf(one[kind]) ?? "text";
  return {
    cell: (textOf(one[tag]) ?? id).replaceAll("%", ""),
    label: textOf(one[label]) ?? id,
    nativeType: type,
    type: typeOf(type, options),
    // Cents beside a currency of its own: read as a text with both.
    readOnly: type === "currency",
    unique: false,
    source: { kind: "custom", id, type },
  };
}

export const isMany = (type: string) => type === "checkbox" || type === "listbox" || type === "multiselect";

function typeOf(type: string, options: readonly string[]): FieldType {
  if (isMany(type)) return options.length === 0 ? { kind: "set" } : { kind: "set", options };
  switch (type) {
    case "dropdown":
    case "radio":
      return options.length === 0 ? { kind: "choice" } : { kind: "choice", options };
    case "date":
    case "datetime":
    case "number":
      return { kind: type };
    case "currency":
      return { kind: "money" };
    default:
      return text;
  }
}

export function nameOf(object: ObjectName): Name | null {
  return objectNames.find((name) => name === object) ?? null;
}

/** Throws SCHEMA where the object or a mapped cell is not there. */
export function bind(schema: Schema, object: MappedObject, keyTag: string): Bound {
  const name = nameOf(object.object);
  if (name === null) throw new SyncFailure({ code: "SCHEMA", message: noObject(object.object) });
  const fields = object.cells.map(({ cell }) => fieldOf(schema, name, cell));
  const missing = object.cells.filter((_, i) => fields[i] === undefined).map(({ cell }) => cell);
  if (missing.length > 0)
    throw new SyncFailure({ code: "SCHEMA", message: `${name} have no field ${missing.join(", ")} (any more)` });
  return {
    object,
    name,
    fields: fields.flatMap((field) => field ?? []),
    keyField: keyFieldOf(schema, name, keyTag),
  };
}

/** A field by its name, or a custom one by its id. */
export function fieldOf(schema: Schema, name: Name, cell: CellName): Field | undefined {
  const fields = schema[name];
  return (
    fields.find((field) => field.cell === cell) ??
    fields.find(({ source }) => source.kind === "custom" && source.id === cell)
  );
}

/** The id of the custom field for the create key. Of accounts and deals the vendor may put a word of its own before the tag. */
export function keyFieldOf(schema: Schema, name: Name, keyTag: string): string | null {
  const fields = schema[name].filter(({ source }) => source.kind === "custom");
  const field = fields.find(({ cell }) => cell === keyTag) ?? fields.find(({ cell }) => cell.endsWith(`_${keyTag}`));
  return field?.source.kind === "custom" ? field.source.id : null;
}

export function noObject(object: ObjectName): string {
  return `there is no object ${object}; there are ${objectNames.join(", ")}`;
}

export function describeObjects(schema: Schema, names: readonly ObjectName[] | undefined): readonly ObjectSchema[] {
  return objectNames
    .filter((name) => names === undefined || names.includes(name))
    .map((name) => ({
      object: name,
      label: name,
      cells: schema[name].map(({ source: _, ...cell }) => cell),
    }));
}
