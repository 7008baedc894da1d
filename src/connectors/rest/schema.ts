import type { FieldType } from "../../model/field-type.ts";
import type { CellName } from "../../model/record.ts";
import type { CellSchema, ObjectSchema } from "../../ports/connector.ts";
import type { Client } from "./client.ts";
import { at, type Json, objectOf } from "./json.ts";
import { listPage } from "./list.ts";
import type { FieldShape, ObjectShape } from "./options.ts";
import { isDeleted, isOurs } from "./record.ts";

/** The first page's records, by which fields are learned where the config does not name them. */
export async function sampleRecords(client: Client, shape: ObjectShape, name: string): Promise<readonly Json[]> {
  const { records } = await listPage(client, { shape, place: null, what: `listing ${name}` });
  return records.filter((record) => isOurs(shape, record) && !isDeleted(shape, record));
}

/** An object as the config names its fields, or as its records show them. */
export function objectSchema(name: string, shape: ObjectShape, samples: readonly Json[]): ObjectSchema {
  const cells = shape.fields === undefined ? sampledCells(shape, samples) : declaredCells(shape, shape.fields);
  return { object: name, label: name, cells };
}

function declaredCells(shape: ObjectShape, fields: Readonly<Record<CellName, FieldShape>>): CellSchema[] {
  return Object.entries(fields).map(([cell, field]) => ({
    cell,
    label: cell,
    nativeType: field.type,
    type: field.type === "list" ? { kind: "set" } : { kind: field.type },
    readOnly: field.readOnly === true || isOwn(shape, cell),
    unique: field.unique === true || (cell === shape.key && shape.keyUnique === true),
  }));
}

function sampledCells(shape: ObjectShape, samples: readonly Json[]): CellSchema[] {
  const values = new Map<CellName, Json[]>();
  for (const record of samples) collect(at(record, shape.fieldsAt ?? ""), "", 0, values);
  return [...values].map(([cell, held]) => ({
    cell,
    label: cell,
    nativeType: nativeTypeOf(held),
    type: typeOf(held),
    readOnly: isOwn(shape, cell),
    unique: false,
  }));
}

/** What the tool keeps for itself: id, version, time of the last change. */
function isOwn(shape: ObjectShape, cell: CellName): boolean {
  const path = shape.fieldsAt === undefined ? cell : `${shape.fieldsAt}.${cell}`;
  const version = typeof shape.version === "object" ? shape.version.field : undefined;
  return [shape.id ?? "id", shape.modifiedAt, version].includes(path);
}

const nestedMax = 3;

function collect(value: Json, before: string, depth: number, values: Map<CellName, Json[]>): void {
  for (const [key, inner] of Object.entries(objectOf(value) ?? {})) {
    const cell = before === "" ? key : `${before}.${key}`;
    // Of a list of objects, such as addresses, the first one.
    const [first] = Array.isArray(inner) ? inner : [];
    if (objectOf(inner) !== undefined && depth < nestedMax) collect(inner, cell, depth + 1, values);
    else if (objectOf(first) !== undefined && depth < nestedMax) collect(first, `${cell}.0`, depth + 1, values);
    else values.set(cell, [...(values.get(cell) ?? []), inner]);
  }
}

function nativeTypeOf(held: readonly Json[]): string {
  const kinds = new Set(held.filter((one) => one !== null).map((one) => (Array.isArray(one) ? "list" : typeof one)));
  return kinds.size === 0 ? "null" : [...kinds].join(" or ");
}

const textTypes: readonly (readonly [RegExp, FieldType])[] = [
  [/^[^\s@]+@[^\s@]+\.[^\s@]+$/u, { kind: "email" }],
  [/^https?:\/\/\S+$/iu, { kind: "url" }],
  [/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/u, { kind: "datetime" }],
  [/^\d{4}-\d\d-\d\d$/u, { kind: "date" }],
  [/^\+\d[\d\s()/-]{6,}$/u, { kind: "phone" }],
];

/** The type that fits all values that are there. */
function typeOf(held: readonly Json[]): FieldType {
  const present = held.filter((one) => one !== null && one !== "");
  const areAll = (kind: string) => present.length > 0 && present.every((one) => typeof one === kind);
  if (areAll("boolean")) return { kind: "boolean" };
  if (areAll("number")) return { kind: "number" };
  if (present.length > 0 && present.every(Array.isArray)) return { kind: "set" };
  const fits = textTypes.find(([pattern]) => areAll("string") && present.every((one) => pattern.test(String(one))));
  return fits?.[1] ?? { kind: "text" };
}
