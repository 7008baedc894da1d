import type { FieldType } from "../../model/field-type.ts";
import type { CellName, ObjectName } from "../../model/record.ts";
import type { CellSchema, ObjectSchema } from "../../ports/connector.ts";
import { type JsonObject, objectOf, objectsOf, own, textOf } from "../../ports/json-object.ts";
import type { Client } from "./client.ts";
import { senseless } from "./errors.ts";
import { isContacts, typeIdOf } from "./object-name.ts";

/** A property definition, as far as Truce needs it. */
export type Property = {
  readonly name: CellName;
  readonly label: string;
  readonly type: string;
  readonly fieldType: string;
  readonly groupName: string;
  readonly options: readonly string[];
  /** Values that come from elsewhere (owners, pipelines) and are not among `options`. */
  readonly externalOptions: boolean;
  readonly readOnly: boolean;
  readonly unique: boolean;
};

/** A custom object's names. */
export type CustomObject = {
  readonly typeId: string;
  readonly name: string;
  readonly fullName: string;
  readonly label: string;
};

export type Schema = {
  /** Properties of an object by name, read once and again after `forget`. */
  properties(object: ObjectName): Promise<ReadonlyMap<CellName, Property>>;
  customObjects(): Promise<readonly CustomObject[]>;
  /** The type id of an object under any of its names, `null` if the account has no such custom object. */
  typeId(object: ObjectName): Promise<string | null>;
  forget(): void;
};

export function createSchema(client: Client): Schema {
  const properties = new Map<ObjectName, Promise<ReadonlyMap<CellName, Property>>>();
  let customs: Promise<readonly CustomObject[]> | null = null;
  const customObjects = () => {
    customs ??= readCustomObjects(client).catch((error: unknown) => {
      customs = null;
      throw error;
    });
    return customs;
  };
  return {
    properties: (object) => {
      const known = properties.get(object);
      if (known !== undefined) return known;
      const reading = readProperties(client, object);
      properties.set(object, reading);
      reading.catch(() => properties.delete(object));
      return reading;
    },
    customObjects,
    typeId: async (object) => {
      const standard = typeIdOf(object);
      if (standard !== null) return standard;
      const found = (await customObjects()).find(({ name, fullName }) => name === object || fullName === object);
      return found?.typeId ?? null;
    },
    forget: () => {
      properties.clear();
      customs = null;
    },
  };
}

async function readProperties(client: Client, object: ObjectName): Promise<ReadonlyMap<CellName, Property>> {
  const what = `reading the properties of ${object}`;
  const path = `/crm/v3/properties/${encodeURIComponent(object)}`;
  const results = own(await client.call({ method: "GET", path, effect: "read", what }), "results");
  if (!Array.isArray(results)) throw senseless(what, "results");
  return new Map(objectsOf(results).map((json) => [textOf(own(json, "name")), propertyOf(json)]));
}

function propertyOf(json: JsonObject): Property {
  const text = (key: string) => textOf(own(json, key));
  const metadata = objectOf(own(json, "modificationMetadata")) ?? {};
  return {
    name: text("name"),
    label: text("label"),
    type: text("type"),
    fieldType: text("fieldType"),
    groupName: text("groupName"),
    options: objectsOf(own(json, "options")).map((option) => textOf(own(option, "value"))),
    externalOptions: own(json, "externalOptions") === true,
    readOnly: own(metadata, "readOnlyValue") === true || own(json, "calculated") === true,
    unique: own(json, "hasUniqueValue") === true,
  };
}

async function readCustomObjects(client: Client): Promise<readonly CustomObject[]> {
  const what = "reading the custom objects";
  const results = own(await client.call({ method: "GET", path: "/crm/v3/schemas", effect: "read", what }), "results");
  if (!Array.isArray(results)) throw senseless(what, "results");
  return objectsOf(results).map((json) => ({
    typeId: textOf(own(json, "objectTypeId")),
    name: textOf(own(json, "name")),
    fullName: textOf(own(json, "fullyQualifiedName")),
    label: textOf(own(objectOf(own(json, "labels")) ?? {}, "plural")),
  }));
}

export function describeObject(
  object: ObjectName,
  label: string,
  properties: ReadonlyMap<CellName, Property>,
): ObjectSchema {
  return { object, label, cells: [...properties.values()].map((property) => describeCell(object, property)) };
}

function describeCell(object: ObjectName, property: Property): CellSchema {
  const { name, label, type, fieldType, readOnly, unique } = property;
  return {
    cell: name,
    label,
    nativeType: `${type} (${fieldType})`,
    type: fittingType(property),
    readOnly,
    unique: unique || isEmail(object, name),
  };
}

/** Contact e-mail is unique, although its definition does not say so. */
export function isEmail(object: ObjectName, name: CellName): boolean {
  return isContacts(object) && name === "email";
}

const namedTypes: Readonly<Record<string, FieldType["kind"]>> = {
  email: "email",
  domain: "domain",
  website: "url",
  firstname: "name",
  lastname: "name",
  address: "address",
};

function fittingType(property: Property): FieldType {
  const { type, fieldType, options, externalOptions } = property;
  const listed = externalOptions || options.length === 0 ? {} : { options };
  switch (type) {
    case "number":
      return { kind: "number" };
    case "bool":
      return { kind: "boolean" };
    case "date":
      return { kind: "date" };
    case "datetime":
      return { kind: "datetime" };
    case "phone_number":
      return { kind: "phone" };
    case "enumeration":
      return fieldType === "checkbox" ? { kind: "set", ...listed } : { kind: "choice", ...listed };
    default:
      return namedType(property);
  }
}

function namedType({ name, fieldType }: Property): FieldType {
  if (fieldType === "phonenumber") return { kind: "phone" };
  const kind = Object.hasOwn(namedTypes, name) ? namedTypes[name] : "text";
  return { kind } as FieldType;
}
