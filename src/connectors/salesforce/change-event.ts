import { type RawObservation, revisionOf } from "../../model/observation.ts";
import type { CellName, RecordId, SystemId } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import type { RawValue } from "../../model/value.ts";
import { type JsonObject, objectOf, own, textOf, textsOf } from "../../ports/json-object.ts";
import { rawOf } from "./cell.ts";
import type { Client } from "./client.ts";
import { fullId } from "./record-id.ts";
import { intervalOf } from "./records.ts";
import type { BoundObject } from "./schema.ts";

/** A change event, whether it came as Avro or as JSON. */
export type ChangeEvent = {
  readonly entity: string;
  readonly ids: readonly RecordId[];
  readonly changeType: string;
  /** By Salesforce's clock. */
  readonly committedAt: Instant;
  readonly author: RecordId | null;
  /** What was set, by REST field name: `null` is a blank for sure. */
  readonly values: ReadonlyMap<CellName, unknown>;
  /** What has changed to a value that the event does not tell: large texts, parts that are left out. */
  readonly untold: readonly CellName[];
};

const headerName = "ChangeEventHeader";

/** The event in a payload whose field lists are names; `undefined` where it is none. */
export function changeEventOf(payload: JsonObject): ChangeEvent | undefined {
  const header = objectOf(own(payload, headerName));
  if (header === undefined) return undefined;
  const committedAt = Number(own(header, "commitTimestamp"));
  const changeType = textOf(own(header, "changeType"));
  if (!Number.isFinite(committedAt) || changeType === "") return undefined;
  const values = new Map<CellName, unknown>();
  const untold: CellName[] = [];
  const changed = textsOf(own(header, "changedFields"));
  const nulled = new Set(textsOf(own(header, "nulledFields")));
  const differing = new Set(textsOf(own(header, "diffFields")));
  // A new record's event has all of its fields; those that are blank were left so.
  const paths =
    changeType === "CREATE" || changeType === "UNDELETE"
      ? Object.keys(payload).filter((name) => name !== headerName)
      : [...changed, ...nulled, ...differing];
  const isNew = changeType === "CREATE" || changeType === "UNDELETE";
  for (const path of new Set(paths.flatMap((one) => partsOf(payload, one)))) {
    const name = fieldNameOf(path);
    const value = valueAt(payload, path);
    const isNulled = nulled.has(path) || nulled.has(path.split(".")[0] ?? "");
    if (value === undefined || differing.has(path) || (value === null && !isNew && !isNulled)) untold.push(name);
    else values.set(name, value);
  }
  return {
    entity: textOf(own(header, "entityName")),
    ids: textsOf(own(header, "recordIds")).flatMap((id) => fullId(id) ?? []),
    changeType,
    committedAt,
    author: fullId(textOf(own(header, "commitUser"))),
    values,
    untold,
  };
}

/** What every address is made of; where the whole is blank, so are these. */
const addressParts = ["Street", "City", "State", "PostalCode", "Country", "StateCode", "CountryCode"];

/** A compound that is named as a whole stands for the parts that are in the event, a blank address for all it can have. */
function partsOf(payload: JsonObject, path: string): readonly string[] {
  if (path.includes(".")) return [path];
  const value = own(payload, path);
  const parts = objectOf(value) ?? (value === null && path.endsWith("Address") ? null : undefined);
  if (parts === undefined) return [path];
  return (parts === null ? addressParts : Object.keys(parts)).map((part) => `${path}.${part}`);
}

function valueAt(payload: JsonObject, path: string): unknown {
  const [name = "", part] = path.split(".");
  const value = own(payload, name);
  if (part === undefined) return value;
  // A compound that is null as a whole has blank parts.
  if (value === null) return null;
  const inner = objectOf(value);
  return inner === undefined ? undefined : own(inner, part);
}

/** `Name.LastName` is `LastName` in REST, `MailingAddress.City` is `MailingCity`, and of a custom field `Site__c.City` is `Site__City__s`. */
function fieldNameOf(path: string): CellName {
  const [name = "", part] = path.split(".");
  if (part === undefined) return name;
  if (name.endsWith("__c")) return `${name.slice(0, -1)}${part}__s`;
  return name.endsWith("Address") ? `${name.slice(0, -"Address".length)}${part}` : part;
}

export type TellEventDeps = { readonly system: SystemId; readonly client: Client };

export type Told = {
  readonly observations: readonly RawObservation[];
  /** More happened than Salesforce tells: everything must be compared. */
  readonly isLost: boolean;
};

/**
 * What an event says. An update is told with its values, as they were then, so that of two quick edits neither is lost; where it leaves something out,
 * or where Salesforce saw a change without its values (a gap), the record is to be read as well.
 */
export function tellEvent(deps: TellEventDeps, bound: BoundObject, event: ChangeEvent, arrivedAt: Instant): Told {
  const { system } = deps;
  const { object } = bound.mapped;
  const each = (tell: (ref: { system: SystemId; object: string; id: RecordId }) => RawObservation): Told => {
    return { observations: event.ids.map((id) => tell({ system, object, id })), isLost: false };
  };
  const hint = () => each((ref) => ({ kind: "hint", ref, revision: null, observedAt: arrivedAt }));
  // An overflow names no records, or all of them by a wild card.
  if (event.changeType === "GAP_OVERFLOW" || event.ids.length === 0) return { observations: [], isLost: true };
  switch (event.changeType) {
    case "DELETE":
      // A merge looks like a delete of the losers: only a read tells.
      if (bound.hasMerges) return hint();
      return each((ref) => ({
        kind: "delete",
        ref,
        revision: revisionOf(stampOf(event)),
        observedAt: arrivedAt,
        confirmed: true,
      }));
    case "CREATE":
    case "UPDATE":
      // Whether it is a person account's contact, an event does not say.
      if (bound.hasMirrors) return hint();
      return { observations: event.ids.flatMap((id) => tellValues(deps, bound, event, id, arrivedAt)), isLost: false };
    default:
      // GAP_CREATE, GAP_UPDATE, GAP_DELETE, GAP_UNDELETE, UNDELETE.
      return hint();
  }
}

function tellValues(
  { system, client }: TellEventDeps,
  bound: BoundObject,
  event: ChangeEvent,
  id: RecordId,
  arrivedAt: Instant,
): readonly RawObservation[] {
  const ref = { system, object: bound.mapped.object, id };
  const cells: Record<CellName, RawValue> = {};
  for (const { field } of bound.cells) {
    if (event.values.has(field.name)) cells[field.name] = rawOf(field, event.values.get(field.name));
  }
  const names = Object.keys(cells);
  const at = intervalOf(client, event.committedAt);
  const { author } = event;
  const key = bound.keyField === null ? undefined : event.values.get(bound.keyField.name);
  const told: RawObservation = {
    kind: "upsert",
    ref,
    revision: revisionOf(stampOf(event)),
    observedAt: arrivedAt,
    cells,
    complete: bound.mapped.cells.every(({ cell }) => Object.hasOwn(cells, cell)),
    changedAt: at,
    author,
    pushed: true,
    cellChanges: Object.fromEntries(names.map((name) => [name, { at, author }])),
    ...(typeof key === "string" && key !== "" ? { createKey: key } : {}),
  };
  const mapped = new Set(bound.cells.map(({ field }) => field.name));
  // Events leave out what Salesforce works out itself: it may have changed with what they tell.
  const isShort =
    event.untold.some((name) => mapped.has(name)) ||
    bound.cells.some(({ field }) => field.calculated) ||
    (event.changeType === "CREATE" && !told.complete);
  const hint: RawObservation = { kind: "hint", ref, revision: null, observedAt: arrivedAt };
  return [...(names.length > 0 ? [told] : []), ...(isShort ? [hint] : [])];
}

/** The record's stamp after the event: the second that it says it was modified, else the one of its commit. */
function stampOf({ values, committedAt }: ChangeEvent): Instant {
  const modifiedAt = values.get("LastModifiedDate");
  const at = modifiedAt === undefined ? Number.NaN : Date.parse(String(rawOf({ type: "datetime" }, modifiedAt)));
  return Math.floor((Number.isNaN(at) ? committedAt : at) / 1000) * 1000;
}
