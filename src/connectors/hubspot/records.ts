import type { CellChange, CoveredCell, RawUpsert } from "../../model/observation.ts";
import { revisionOf } from "../../model/observation.ts";
import type { CellName, RecordId, SystemId } from "../../model/record.ts";
import type { Instant, Interval } from "../../model/time.ts";
import type { RawValue } from "../../model/value.ts";
import type { MappedObject } from "../../ports/connector.ts";
import { type JsonObject, objectOf, objectsOf, own, textOf } from "../../ports/json-object.ts";
import { associationOf } from "./associations.ts";
import { cellOf } from "./cell.ts";
import type { Client } from "./client.ts";
import { idOf } from "./json.ts";

/** One version of a property. `at` by HubSpot's clock. */
export type Version = {
  readonly value: RawValue;
  readonly at: Instant;
  readonly author: string;
  /** Names this version among the property's others. */
  readonly key: string;
  readonly byIntegration: boolean;
};

/** A record as HubSpot answers it, parsed. */
export type HubSpotRecord = {
  readonly id: RecordId;
  /** By HubSpot's clock, as the other times. */
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
  readonly archivedAt: Instant | null;
  /** `undefined` for a property that was not answered: it was not asked for, or there is no such property. */
  property(name: string): RawValue | undefined;
  /** Newest first; empty where none was asked for. */
  versions(name: string): readonly Version[];
  /** Ids that now mean this record. */
  readonly mergedIds: readonly RecordId[];
  /** Upserts only: the record was made by this call. */
  readonly isNew: boolean;
  readonly traceId: string | null;
};

export const mergedIdsProperty = "hs_merged_object_ids";

/** Values that writes of ours covered, newest first. */
export type Covered = Readonly<Record<CellName, readonly CoveredCell[]>>;

/** Moments of HubSpot are known to about this much. */
const slackMs = 2000;

/** The record in an answer; `undefined` when it lacks what every record has. */
export function recordOf(json: JsonObject): HubSpotRecord | undefined {
  const id = idOf(own(json, "id"));
  const properties = objectOf(own(json, "properties"));
  const createdAt = Date.parse(textOf(own(json, "createdAt")));
  const modifiedAt = Date.parse(textOf(own(json, "updatedAt")));
  if (id === undefined || properties === undefined || Number.isNaN(createdAt + modifiedAt)) return undefined;
  const histories = objectOf(own(json, "propertiesWithHistory")) ?? {};
  const archivedAt = Date.parse(textOf(own(json, "archivedAt")));
  const merged = own(properties, mergedIdsProperty);
  const traceId = own(json, "objectWriteTraceId");
  return {
    id,
    createdAt,
    modifiedAt,
    archivedAt: Number.isNaN(archivedAt) ? null : archivedAt,
    property: (name) => (Object.hasOwn(properties, name) ? cellOf(properties[name]) : undefined),
    versions: (name) => objectsOf(own(histories, name)).flatMap((one) => versionOf(one) ?? []),
    mergedIds: typeof merged === "string" ? merged.split(";").filter((one) => one !== "" && one !== id) : [],
    isNew: own(json, "new") === true,
    traceId: typeof traceId === "string" ? traceId : null,
  };
}

function versionOf(json: JsonObject): Version | undefined {
  const at = Date.parse(textOf(own(json, "timestamp")));
  if (Number.isNaN(at)) return undefined;
  const [sourceType, sourceId] = [textOf(own(json, "sourceType")), textOf(own(json, "sourceId"))];
  const value = cellOf(own(json, "value"));
  return {
    value,
    at,
    author: authorOf(sourceType, sourceId, own(json, "updatedByUserId")),
    key: JSON.stringify([at, sourceType, sourceId, value]),
    byIntegration: sourceType === "INTEGRATION" || sourceType === "API",
  };
}

/** `user 101`, else what did it: `INTEGRATION 19083857`, `AUTOMATION_PLATFORM ...`. */
function authorOf(sourceType: string, sourceId: string, userId: unknown): string {
  const user = typeof userId === "number" ? String(userId) : /^userId:(\d+)$/.exec(sourceId)?.[1];
  return user === undefined ? [sourceType, sourceId].filter((text) => text !== "").join(" ") : `user ${user}`;
}

/** The mapped cells that are properties; the others are associations. */
export function propertyCells(object: MappedObject): readonly CellName[] {
  return object.cells.flatMap((cell) => (associationOf(cell) === null ? [cell.cell] : []));
}

/** Properties to ask for. HubSpot passes over those that it does not have. */
export function propertiesOf(object: MappedObject, keyProperty: string): readonly string[] {
  return [...propertyCells(object), keyProperty, mergedIdsProperty];
}

/** The mapped cells that the record answered; a property that is not there (any more) is left out, never blank. */
export function cellsOf(object: MappedObject, record: HubSpotRecord): Readonly<Record<CellName, RawValue>> {
  return Object.fromEntries(
    object.cells.flatMap(({ cell }) => {
      const raw = record.property(cell);
      return raw === undefined ? [] : [[cell, raw] as const];
    }),
  );
}

/** A moment of HubSpot's clock, as an interval of Truce's. */
export function intervalOf(client: Client, at: Instant): Interval {
  const own = client.ownTime(at);
  return { from: own - slackMs, until: own + slackMs };
}

export type TellDeps = { readonly system: SystemId; readonly client: Client; readonly keyProperty: string };

/**
 * What the record says. `observedAt`: when the reading began. `covered`: what a write of ours covered, known better than from the value that the
 * present one replaced.
 */
export function upsertOf(
  { system, client, keyProperty }: TellDeps,
  object: MappedObject,
  record: HubSpotRecord,
  observedAt: Instant,
  covered: Covered | null = null,
): RawUpsert {
  const cells = cellsOf(object, record);
  const changes: Record<CellName, CellChange> = {};
  const previous: Record<CellName, RawValue> = {};
  let newest: Version | undefined;
  for (const { cell } of object.cells) {
    const [version, before] = record.versions(cell);
    if (version === undefined) continue;
    changes[cell] = { at: intervalOf(client, version.at), author: version.author };
    if (!Object.hasOwn(covered ?? {}, cell)) previous[cell] = before?.value ?? null;
    if (newest === undefined || version.at > newest.at) newest = version;
  }
  const key = record.property(keyProperty);
  return {
    kind: "upsert",
    ref: { system, object: object.object, id: record.id },
    revision: revisionOf(record.modifiedAt),
    observedAt,
    cells,
    complete: Object.keys(cells).length === object.cells.length,
    changedAt: intervalOf(client, record.modifiedAt),
    author: newest?.author ?? null,
    ...(typeof key === "string" ? { createKey: key } : {}),
    ...(newest === undefined ? {} : { cellChanges: changes, previous }),
    ...(covered === null ? {} : { covered }),
  };
}
