import { type RawUpsert, type Revision, revisionOf } from "../../model/observation.ts";
import type { CellName, ObjectName, RecordId, SystemId } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Instant, Interval } from "../../model/time.ts";
import { type RawValue, sameRaw } from "../../model/value.ts";
import type { MappedObject } from "../../ports/connector.ts";
import { readCell } from "./cell.ts";
import { at, idOf, isYes, type Json, objectOf, rawOf, textOf } from "./json.ts";
import type { ObjectShape, RestOptions } from "./options.ts";

/** A mapped object with the way it is spoken of. */
export type Bound = { readonly object: MappedObject; readonly shape: ObjectShape };

/** The shape of an object: its own settings, before those that all have in common. Throws SCHEMA where the config has none. */
export function shapeOf({ objects, defaults, system }: RestOptions, name: ObjectName): ObjectShape {
  const own = Object.hasOwn(objects, name) ? objects[name] : undefined;
  if (own === undefined) {
    const known = Object.keys(objects).join(", ");
    throw new SyncFailure({
      code: "SCHEMA",
      message: `${system} has no object ${name} in its config; it has ${known}`,
    });
  }
  return { ...defaults, ...own, path: own.path ?? defaults?.path ?? `/${name}` };
}

/** The id of a record. Throws SCHEMA where it has none: a record that can't be named must not pass for one that is not there. */
export function idIn(shape: ObjectShape, record: Json, what: string): RecordId {
  const id = idOf(at(record, shape.id ?? "id"));
  if (id !== undefined) return id;
  const keys = Object.keys(objectOf(record) ?? {}).join(", ");
  const message = `${what}: a record has no id at "${shape.id ?? "id"}"; it has ${keys || "nothing"}`;
  throw new SyncFailure({ code: "SCHEMA", message });
}

/** The value of a field as it stands in the record; `undefined` where it is absent. */
export function fieldIn(shape: ObjectShape, record: Json, cell: CellName): Json {
  return at(at(record, shape.fieldsAt ?? ""), cell);
}

/** Whether the record is one of this object's at all. */
export function isOurs(shape: ObjectShape, record: Json): boolean {
  return Object.entries(shape.only ?? {}).every(([cell, value]) => sameRaw(rawOf(fieldIn(shape, record, cell)), value));
}

/** Whether the record is marked as deleted. */
export function isDeleted(shape: ObjectShape, record: Json): boolean {
  if (shape.deleted === undefined) return false;
  const held = fieldIn(shape, record, shape.deleted.field);
  return shape.deleted.value === undefined ? isYes(held) : sameRaw(rawOf(held), shape.deleted.value);
}

/** The mapped cells that the record tells; one that it leaves out is blank only if the config says so. */
export function cellsIn({ object, shape }: Bound, record: Json): Record<CellName, RawValue> {
  const told = object.cells.flatMap((mapped): [CellName, RawValue][] => {
    const { cell } = mapped;
    const held = fieldIn(shape, record, cell);
    if (held === undefined && shape.absent !== "blank") return [];
    return [[cell, readCell(mapped, shape.fields?.[cell], rawOf(held))]];
  });
  return Object.fromEntries(told);
}

/** When the record was last changed: a moment as exact as it is written. */
export function changedIn(shape: ObjectShape, record: Json): Interval | null {
  if (shape.modifiedAt === undefined) return null;
  const text = textOf(at(record, shape.modifiedAt));
  if (/^\d+(?:\.\d+)?$/u.test(text)) {
    const number = Number(text);
    // Seconds until the year 5138; as ms that would be March 1973.
    return number < 1e11 ? moment(number * 1_000, text.includes(".") ? 1 : 1_000) : moment(number, 1);
  }
  const zoned = /^\d{4}-\d\d-\d\d[T ][\d:.]+$/u.test(text) ? `${text.replace(" ", "T")}Z` : text;
  const parsed = Date.parse(zoned);
  if (Number.isNaN(parsed)) return null;
  return moment(parsed, /[.,]\d/u.test(text) ? 1 : 1_000);
}

function moment(from: number, widthMs: number): Interval {
  return { from: Math.floor(from), until: Math.floor(from) + widthMs - 1 };
}

/** A place in the order of the record's versions: a counting version (`7`, `3-abc`), else the moment of its last change. */
export function revisionIn(shape: ObjectShape, record: Json): Revision | null {
  if (typeof shape.version === "object") {
    // No more than one dash: a UUID and a date may begin with digits too, and count nothing.
    const count = /^(\d{1,18})(?:-[^-]*)?$/u.exec(textOf(at(record, shape.version.field)))?.[1];
    if (count !== undefined) return revisionOf(BigInt(count));
  }
  const changed = changedIn(shape, record);
  return changed === null || changed.from < 0 ? null : revisionOf(changed.from);
}

export function upsertOf(system: SystemId, bound: Bound, record: Json, observedAt: Instant, what: string): RawUpsert {
  const { object, shape } = bound;
  const id = idIn(shape, record, what);
  const cells = cellsIn(bound, record);
  const key = createKeyIn(shape, record, id);
  return {
    kind: "upsert",
    ref: { system, object: object.object, id },
    revision: revisionIn(shape, record),
    observedAt,
    cells,
    complete: object.cells.every(({ cell }) => Object.hasOwn(cells, cell)),
    changedAt: changedIn(shape, record),
    author: null,
    ...(key === "" ? {} : { createKey: key }),
  };
}

/** Where Truce names the records it creates, their id is the key. */
function createKeyIn(shape: ObjectShape, record: Json, id: RecordId): string {
  if (isNamedByKey(shape)) return id;
  return shape.key === undefined ? "" : textOf(fieldIn(shape, record, shape.key));
}

export function isNamedByKey({ create }: ObjectShape): boolean {
  return create?.path?.includes("{key}") ?? false;
}
