import type { FieldType } from "../../model/field-type.ts";
import type { CellName, ObjectName } from "../../model/record.ts";
import type { CellSchema, MappedCell, MappedObject, ObjectSchema } from "../../ports/connector.ts";
import { type JsonObject, objectOf, objectsOf, own, textOf, textsOf } from "../../ports/json-object.ts";
import type { Client } from "./client.ts";
import { senseless } from "./errors.ts";

/** A field as `describe` shows it to the integration user, as far as Truce needs it. */
export type Field = {
  readonly name: CellName;
  readonly label: string;
  /** Salesforce's own type name, in lower case. */
  readonly type: string;
  readonly length: number;
  readonly scale: number;
  readonly nillable: boolean;
  readonly createable: boolean;
  readonly updateable: boolean;
  readonly calculated: boolean;
  readonly defaultedOnCreate: boolean;
  readonly unique: boolean;
  readonly externalId: boolean;
  readonly filterable: boolean;
  readonly restrictedPicklist: boolean;
  /** Active values of a picklist. */
  readonly options: readonly string[];
  readonly referenceTo: readonly string[];
};

export type RecordType = { readonly id: string; readonly name: string; readonly isDefault: boolean };

export type SObject = {
  readonly name: ObjectName;
  readonly label: string;
  readonly keyPrefix: string;
  readonly queryable: boolean;
  readonly createable: boolean;
  readonly updateable: boolean;
  readonly deletable: boolean;
  /** `deleted` may be asked for. */
  readonly replicateable: boolean;
  readonly fields: ReadonlyMap<CellName, Field>;
  /** Those that the integration user may choose from, the master not among them. */
  readonly recordTypes: readonly RecordType[];
};

/** An object with the mapped fields that it has. A field that is gone is never read as blank. */
export type BoundObject = {
  readonly mapped: MappedObject;
  readonly sobject: SObject;
  readonly cells: readonly { readonly cell: MappedCell; readonly field: Field }[];
  /** The field of the create key, if the object has it. */
  readonly keyField: Field | null;
  /** Deleted records may say what they were merged into. */
  readonly hasMerges: boolean;
  /** Contacts where there are person accounts: each of those has a contact behind it, which is the account's and no contact of its own. */
  readonly hasMirrors: boolean;
};

export type Schema = {
  /** Read once, and again after `forget`. Rejects with RefusedCall where there is no such object. */
  sobject(object: ObjectName): Promise<SObject>;
  bind(object: MappedObject): Promise<BoundObject>;
  /** Names and labels of all objects. */
  list(): Promise<readonly { readonly name: ObjectName; readonly custom: boolean; readonly queryable: boolean }[]>;
  forget(): void;
};

export function createSchema(client: Client, keyField: CellName): Schema {
  const known = new Map<ObjectName, Promise<SObject>>();
  const sobject = (object: ObjectName) => {
    const present = known.get(object);
    if (present !== undefined) return present;
    const reading = readSObject(client, object);
    known.set(object, reading);
    reading.catch(() => known.delete(object));
    return reading;
  };
  return {
    sobject,
    bind: async (mapped) => {
      const described = await sobject(mapped.object);
      const cells = mapped.cells.flatMap((cell) => {
        const field = described.fields.get(cell.cell);
        return field === undefined ? [] : [{ cell, field }];
      });
      return {
        mapped,
        sobject: described,
        cells,
        keyField: described.fields.get(keyField) ?? null,
        hasMerges: described.fields.has("MasterRecordId"),
        hasMirrors: described.name === "Contact" && described.fields.has("IsPersonAccount"),
      };
    },
    list: async () => {
      const what = "listing the objects";
      const answer = objectOf(await client.call({ method: "GET", path: "sobjects", effect: "read", what }));
      const listed = own(answer ?? {}, "sobjects");
      if (!Array.isArray(listed)) throw senseless(what, "sobjects");
      return objectsOf(listed).map((json) => ({
        name: textOf(own(json, "name")),
        custom: own(json, "custom") === true,
        queryable: own(json, "queryable") === true,
      }));
    },
    forget: () => known.clear(),
  };
}

async function readSObject(client: Client, object: ObjectName): Promise<SObject> {
  const what = `reading the fields of ${object}`;
  const path = `sobjects/${encodeURIComponent(object)}/describe`;
  const described = sobjectOf(await client.call({ method: "GET", path, effect: "read", what }));
  if (described === undefined) throw senseless(what, "fields");
  return described;
}

/** The object in a `describe` answer; `undefined` where it is none. */
export function sobjectOf(body: unknown): SObject | undefined {
  const json = objectOf(body) ?? {};
  const fields = own(json, "fields");
  if (!Array.isArray(fields)) return undefined;
  const flag = (key: string) => own(json, key) === true;
  return {
    name: textOf(own(json, "name")),
    label: textOf(own(json, "label")),
    keyPrefix: textOf(own(json, "keyPrefix")),
    queryable: flag("queryable"),
    createable: flag("createable"),
    updateable: flag("updateable"),
    deletable: flag("deletable"),
    replicateable: flag("replicateable"),
    fields: new Map(objectsOf(fields).map((field) => [textOf(own(field, "name")), fieldOf(field)])),
    recordTypes: objectsOf(own(json, "recordTypeInfos")).flatMap(recordTypeOf),
  };
}

function fieldOf(json: JsonObject): Field {
  const text = (key: string) => textOf(own(json, key));
  const flag = (key: string) => own(json, key) === true;
  const whole = (key: string) => Number(own(json, key) ?? 0);
  return {
    name: text("name"),
    label: text("label"),
    type: text("type").toLowerCase(),
    length: whole("length"),
    scale: whole("scale"),
    nillable: flag("nillable"),
    createable: flag("createable"),
    updateable: flag("updateable"),
    calculated: flag("calculated"),
    defaultedOnCreate: flag("defaultedOnCreate"),
    unique: flag("unique"),
    externalId: flag("externalId"),
    filterable: own(json, "filterable") !== false,
    restrictedPicklist: flag("restrictedPicklist"),
    options: objectsOf(own(json, "picklistValues")).flatMap((value) => {
      return own(value, "active") === false ? [] : [textOf(own(value, "value"))];
    }),
    referenceTo: textsOf(own(json, "referenceTo")),
  };
}

function recordTypeOf(json: JsonObject): readonly RecordType[] {
  if (own(json, "master") === true || own(json, "available") !== true || own(json, "active") === false) return [];
  return [
    {
      id: textOf(own(json, "recordTypeId")),
      name: textOf(own(json, "developerName")) || textOf(own(json, "name")),
      isDefault: own(json, "defaultRecordTypeMapping") === true,
    },
  ];
}

export function describeObject(sobject: SObject): ObjectSchema {
  const cells = [...sobject.fields.values()].filter(({ type }) => type !== "address" && type !== "location");
  return { object: sobject.name, label: sobject.label, cells: cells.map(describeCell) };
}

function describeCell(field: Field): CellSchema {
  const { name, label, length } = field;
  return {
    cell: name,
    label,
    nativeType: length > 0 && isTextual(field.type) ? `${field.type}(${length})` : field.type,
    type: fittingType(field),
    readOnly: !field.updateable,
    unique: field.unique || field.type === "id",
  };
}

function isTextual(type: string): boolean {
  return ["string", "textarea", "email", "phone", "url", "encryptedstring"].includes(type);
}

const kinds: Readonly<Record<string, FieldType["kind"]>> = {
  boolean: "boolean",
  int: "number",
  long: "number",
  double: "number",
  percent: "number",
  // In which currency, the field does not say.
  currency: "number",
  date: "date",
  datetime: "datetime",
  email: "email",
  phone: "phone",
  url: "url",
};

const namedKinds: Readonly<Record<string, FieldType["kind"]>> = { FirstName: "name", LastName: "name" };

/** What a lookup points to, by the names that entities usually have. */
const targets: Readonly<Record<string, string>> = { Account: "company", Contact: "contact", Opportunity: "deal" };

function fittingType({ name, type, options, referenceTo }: Field): FieldType {
  const listed = options.length > 0 ? { options } : {};
  if (type === "picklist" || type === "combobox") return { kind: "choice", ...listed };
  if (type === "multipicklist") return { kind: "set", ...listed };
  if (type === "reference") {
    const to = targets[referenceTo[0] ?? ""];
    return to === undefined || referenceTo.length > 1 ? { kind: "text" } : { kind: "reference", to };
  }
  const kind = (Object.hasOwn(kinds, type) ? kinds[type] : undefined) ?? namedKinds[name] ?? "text";
  return { kind } as FieldType;
}
