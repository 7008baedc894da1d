import type { CellName, RecordId } from "../../model/record.ts";
import type { RawValue } from "../../model/value.ts";
import { wireCell } from "./cell.ts";
import { at, type Json, type JsonObject, objectOf, own, withAt } from "./json.ts";
import type { CreateShape, ObjectShape, UpdateShape } from "./options.ts";

type Cells = Readonly<Record<CellName, RawValue>>;

/** The body of a create: the cells that hold something, the create key, and what marks the record as this object's. */
export function createBody(shape: ObjectShape, patch: Cells, key: string): Json {
  const named = shape.key === undefined ? {} : { [shape.key]: key };
  const filled = Object.entries({ ...shape.only, ...patch, ...named }).filter(([, raw]) => raw !== null);
  const fields = filled.reduce<Json>(
    (body, [cell, raw]) => withAt(body, cell, wireCell(shape.fields?.[cell], raw)),
    {},
  );
  return enveloped(shape.create ?? {}, fields, key);
}

/**
 * The body of an update. A write that replaces the record carries all that was read, changed where the patch says; else it carries what changes,
 * and of a field that lies within another the whole outer one, as some tools replace that and some merge it.
 */
export function updateBody(shape: ObjectShape, record: Json, patch: Cells, id: RecordId): Json {
  const update = shape.update ?? {};
  const current = objectOf(at(record, shape.fieldsAt ?? "")) ?? {};
  const changed = Object.entries(patch).reduce<Json>(
    (fields, [cell, raw]) => withAt(fields, cell, cleared(update, wireCell(shape.fields?.[cell], raw))),
    current,
  ) as JsonObject;
  const fields = isWhole(update) ? withoutReadOnly(shape, changed) : pick(changed, topsOf(current, Object.keys(patch)));
  return withVersion(shape, enveloped(update, fields, id), record);
}

function isWhole({ method, sends }: UpdateShape): boolean {
  return sends === undefined ? method === "PUT" : sends === "record";
}

function cleared({ clear }: UpdateShape, value: RawValue): Json {
  if (value !== null || clear === undefined || clear === "null") return value;
  return clear === "empty" ? "" : undefined;
}

function withoutReadOnly({ fields = {} }: ObjectShape, record: JsonObject): Json {
  return Object.entries(fields).reduce<Json>(
    (left, [cell, { readOnly }]) =>
      readOnly === true && at(left, cell) !== undefined ? withAt(left, cell, undefined) : left,
    record,
  );
}

function topsOf(current: JsonObject, cells: readonly CellName[]): readonly string[] {
  return cells.map((cell) =>
    Object.hasOwn(current, cell) || !cell.includes(".") ? cell : cell.slice(0, cell.indexOf(".")),
  );
}

function pick(object: JsonObject, keys: readonly string[]): Json {
  return Object.fromEntries([...new Set(keys)].map((key) => [key, own(object, key) ?? null]));
}

function enveloped({ body = "", also = {} }: CreateShape | UpdateShape, fields: Json, id: string): Json {
  return Object.entries(also).reduce<Json>(
    (whole, [path, value]) => withAt(whole, path, typeof value === "string" ? value.replaceAll("{id}", id) : value),
    withAt({}, body, fields),
  );
}

function withVersion(shape: ObjectShape, body: Json, record: Json): Json {
  const { version } = shape;
  if (typeof version !== "object" || version.in !== "body") return body;
  const path = [shape.update?.body, version.name ?? version.field].filter((part) => part !== undefined && part !== "");
  return withAt(body, path.join("."), at(record, version.field));
}
