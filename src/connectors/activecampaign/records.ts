import type { RawUpsert } from "../../model/observation.ts";
import type { CellName, RecordId, SystemId } from "../../model/record.ts";
import type { Instant, Interval } from "../../model/time.ts";
import type { RawValue } from "../../model/value.ts";
import { decodeCustom, decodeOwn, decodeStatus } from "./cell.ts";
import { type Json, textOf } from "./json.ts";
import type { Bound, Field } from "./schema.ts";

/** A record with what is kept beside it. `null`: that was not asked for. */
export type Held = {
  readonly id: RecordId;
  readonly record: Json;
  readonly values: readonly Json[] | null;
  readonly lists: readonly Json[] | null;
  /** With the tag's name. */
  readonly tags: readonly { readonly link: RecordId; readonly name: string }[] | null;
  readonly observedAt: Instant;
};

/** What of a record lies beside it, and must be asked for. */
export type Needs = { readonly values: boolean; readonly lists: boolean; readonly tags: boolean };

/** `withKey`: also the create key. */
export function needsOf({ fields, keyField }: Bound, withKey: boolean): Needs {
  const has = (kind: Field["source"]["kind"]) => fields.some(({ source }) => source.kind === kind);
  return { values: has("custom") || (withKey && keyField !== null), lists: has("list"), tags: has("tags") };
}

export function cellsOf({ object, fields }: Bound, held: Held): Record<CellName, RawValue> {
  const cells: Record<CellName, RawValue> = {};
  for (const [i, { cell }] of object.cells.entries()) {
    const field = fields[i];
    const raw = field === undefined ? undefined : cellOf(field, held);
    if (raw !== undefined) cells[cell] = raw;
  }
  return cells;
}

function cellOf({ source }: Field, held: Held): RawValue | undefined {
  switch (source.kind) {
    case "own":
      return decodeOwn(source.name, held.record);
    case "custom": {
      if (held.values === null) return undefined;
      const value = customValueOf(held, source.id);
      return value === undefined ? null : decodeCustom(source.type, contentOf(value), value["fieldCurrency"]);
    }
    case "tags": {
      const names = held.tags?.map(({ name }) => name).sort();
      return names === undefined ? undefined : names.length === 0 ? null : names;
    }
    case "list":
      if (held.lists === null) return undefined;
      return decodeStatus(held.lists.find((one) => textOf(one["list"]) === source.id)?.["status"]);
  }
}

/** Contacts name a value's field by `field`, accounts and deals by `customFieldId`. */
export function customValueOf({ values }: Held, field: string): Json | undefined {
  return values?.find((one) => (textOf(one["field"]) ?? textOf(one["customFieldId"])) === field);
}

function contentOf(value: Json): unknown {
  return "fieldValue" in value ? value["fieldValue"] : value["value"];
}

export function createKeyOf({ keyField }: Bound, held: Held): string | null {
  const value = keyField === null ? undefined : customValueOf(held, keyField);
  return value === undefined ? null : textOf(contentOf(value));
}

export function upsertOf(system: SystemId, bound: Bound, held: Held): RawUpsert {
  const cells = cellsOf(bound, held);
  const key = createKeyOf(bound, held);
  return {
    kind: "upsert",
    ref: { system, object: bound.object.object, id: held.id },
    revision: null,
    observedAt: held.observedAt,
    cells,
    complete: bound.object.cells.every(({ cell }) => Object.hasOwn(cells, cell)),
    changedAt: changedAt(held.record),
    author: null,
    ...(key === null ? {} : { createKey: key }),
  };
}

/**
 * Somewhere between its creation and its latest change, which may have been one of something else: an opened mail, a tag. The fields that are named
 * after UTC hold the account's local time, and are not used.
 */
function changedAt(record: Json): Interval | null {
  const from = instantOf(record["cdate"] ?? record["createdTimestamp"]);
  const until = modifiedAt(record);
  return from === null || until === null ? null : { from, until: Math.max(from, until) + 999 };
}

/** When the record was last changed; `null` where it does not say. */
export function modifiedAt(record: Json): Instant | null {
  return instantOf(record["udate"] ?? record["mdate"] ?? record["updatedTimestamp"]);
}

function instantOf(value: unknown): Instant | null {
  const text = textOf(value);
  const at = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? null : at;
}
