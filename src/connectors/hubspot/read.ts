import type { RecordId, SystemId } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Instant } from "../../model/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { MappedObject, ReadResult, ScanPage } from "../../ports/connector.ts";
import { type JsonObject, objectOf, objectsOf, own, textOf } from "../../ports/json-object.ts";
import { laneBackfill, laneLive } from "../../ports/store.ts";
import { withAssociations } from "./associations.ts";
import type { Client } from "./client.ts";
import { orElse, refusalOf, senseless } from "./errors.ts";
import type { OwnWrites } from "./own-writes.ts";
import { type HubSpotRecord, mergedIdsProperty, propertiesOf, propertyCells, recordOf, upsertOf } from "./records.ts";

export const batchMax = 100;
/** With property history HubSpot takes fewer at once. */
const historyBatchMax = 50;
const pageMax = 100;
/** Properties are named in the address of a list; more characters than these go into a batch read's body. */
const addressLengthMax = 4000;
/** Filter groups of one search, each about one id. */
const idsPerSearch = 5;

/** Records by the ids that were asked for; several ids may mean one record. */
export type Found = { readonly records: ReadonlyMap<RecordId, HubSpotRecord>; readonly observedAt: Instant };

export type BinPage = { readonly records: readonly HubSpotRecord[]; readonly after: string | null };

export type Reader = {
  /** Live records with the history of every mapped property. An id that is not in the answer is not there any more. */
  find(object: MappedObject, ids: readonly RecordId[]): Promise<Found>;
  /** The same by the value of a unique property, without history. */
  findBy(object: MappedObject, property: string, values: readonly string[]): Promise<readonly HubSpotRecord[]>;
  /** What found records say, for each id that was asked for. */
  tell(object: MappedObject, found: Found, ids: readonly RecordId[]): readonly ReadResult[];
  scan(object: MappedObject, cursor: string | null): Promise<ScanPage>;
  /** One page of the recycle bin, by id. */
  bin(object: MappedObject, after: string | null): Promise<BinPage>;
};

export type ReadDeps = {
  readonly system: SystemId;
  readonly client: Client;
  readonly clock: Clock;
  readonly own: OwnWrites;
  readonly keyProperty: string;
};

export function createReader(deps: ReadDeps): Reader {
  const { client, clock, own: ownWrites, keyProperty } = deps;

  const batchRead = async (
    object: MappedObject,
    ids: readonly string[],
    options: { readonly history?: boolean; readonly archived?: boolean; readonly idProperty?: string },
  ): Promise<HubSpotRecord[]> => {
    const sizeMax = options.history ? historyBatchMax : batchMax;
    const pages = chunks(ids, sizeMax).map(async (chunk) => {
      const what = `reading ${chunk.length} ${object.object}`;
      const body = {
        inputs: chunk.map((id) => ({ id })),
        properties: propertiesOf(object, keyProperty),
        propertiesWithHistory: options.history ? propertyCells(object) : [],
        ...(options.idProperty === undefined ? {} : { idProperty: options.idProperty }),
      };
      const path = `${objectPath(object)}/batch/read${options.archived ? "?archived=true" : ""}`;
      const answer = await client.call({ method: "POST", path, body, effect: "read", what });
      const records = recordsIn(answer, what);
      // What is left out for another reason than that it is not there must not pass for deleted.
      const failed = objectsOf(own(answer, "errors"))
        .map(refusalOf)
        .find(({ category }) => category !== "OBJECT_NOT_FOUND");
      if (failed !== undefined)
        throw new SyncFailure({ code: "UNREACHABLE", message: `${what}: ${failed.category} ${failed.message}` });
      return options.archived ? records : withAssociations(client, object, records);
    });
    return (await Promise.all(pages)).flat();
  };

  /** Records whose own id is not among `ids` but that one of them means now. */
  const survivorsOf = async (object: MappedObject, ids: readonly RecordId[]): Promise<HubSpotRecord[]> => {
    if (ids.length === 0) return [];
    // Deleted records are in the recycle bin; a merged-away id is nowhere but in the survivor.
    const deleted = new Set((await batchRead(object, ids, { archived: true })).map(({ id }) => id));
    const found: RecordId[] = [];
    const lost = ids.filter((id) => !deleted.has(id));
    for (const group of chunks(lost, idsPerSearch)) {
      const what = `looking for what ${group.length} ${object.object} were merged into`;
      const filterGroups = group.map((value) => ({
        filters: [{ propertyName: mergedIdsProperty, operator: "CONTAINS_TOKEN", value }],
      }));
      const body = { filterGroups, properties: [mergedIdsProperty], limit: batchMax };
      const path = `${objectPath(object)}/search`;
      const answer = await client.call({ method: "POST", path, body, effect: "read", kind: "search", what });
      found.push(...recordsIn(answer, what).map(({ id }) => id));
    }
    return batchRead(object, [...new Set(found)], { history: true });
  };

  const find = async (object: MappedObject, ids: readonly RecordId[]): Promise<Found> => {
    const observedAt = clock.now();
    // What is no number is no id of HubSpot.
    const askable = [...new Set(ids)].filter((id) => /^\d+$/.test(id));
    const direct = index(await batchRead(object, askable, { history: true }));
    const survivors = await survivorsOf(
      object,
      askable.filter((id) => !direct.has(id)),
    );
    const all = new Map([...index(survivors), ...direct]);
    return { records: new Map(ids.flatMap((id) => (all.has(id) ? [[id, all.get(id)!]] : []))), observedAt };
  };

  return {
    find,

    findBy: (object, idProperty, values) => batchRead(object, [...new Set(values)], { idProperty }),

    tell: (object, { records, observedAt }, ids) =>
      ids.map((id): ReadResult => {
        const record = records.get(id);
        if (record === undefined) return { id, kind: "missing" };
        const covered = ownWrites.take(object.object, record);
        return { id, kind: "found", observation: upsertOf(deps, object, record, observedAt, covered) };
      }),

    async scan(object, cursor) {
      const place = cursor === null ? { after: null, total: await countOf(client, object) } : placeOf(cursor);
      const observedAt = clock.now();
      const properties = propertiesOf(object, keyProperty);
      const isLong = properties.join().length > addressLengthMax;
      const { records, after } = await page(client, object, place.after, isLong ? [] : properties, false);
      const full = isLong
        ? await batchRead(
            object,
            records.map(({ id }) => id),
            {},
          )
        : await withAssociations(client, object, records);
      return {
        observations: full.map((record) => upsertOf(deps, object, record, observedAt)),
        cursor: after === null ? null : `${after}/${place.total ?? ""}`,
        total: place.total,
      };
    },

    bin: (object, after) => page(client, object, after, [], true),
  };
}

/** Each record under its own id and under those that were merged into it. */
function index(records: readonly HubSpotRecord[]): Map<RecordId, HubSpotRecord> {
  const byId = new Map<RecordId, HubSpotRecord>();
  for (const record of records) for (const id of record.mergedIds) byId.set(id, record);
  for (const record of records) byId.set(record.id, record);
  return byId;
}

function placeOf(cursor: string): { readonly after: string; readonly total: number | null } {
  const [after = "", total = ""] = cursor.split("/");
  return { after, total: total === "" ? null : Number(total) };
}

/** How many records there are, for progress alone: no answer is no reason to stop. */
async function countOf(client: Client, object: MappedObject): Promise<number | null> {
  const what = `counting ${object.object}`;
  const path = `${objectPath(object)}/search`;
  const call = { method: "POST", path, body: { limit: 1 }, effect: "read", kind: "search", what } as const;
  const total = own(await orElse(client.call(call), {}), "total");
  return typeof total === "number" ? total : null;
}

async function page(
  client: Client,
  object: MappedObject,
  after: string | null,
  properties: readonly string[],
  archived: boolean,
): Promise<BinPage> {
  const query = new URLSearchParams({ limit: String(pageMax), archived: String(archived) });
  if (properties.length > 0) query.set("properties", properties.join(","));
  if (after !== null) query.set("after", after);
  const what = `listing ${archived ? "deleted " : ""}${object.object}`;
  const path = `${objectPath(object)}?${query}`;
  const answer = await client.call({
    method: "GET",
    path,
    effect: "read",
    lane: archived ? laneLive : laneBackfill,
    what,
  });
  const records = recordsIn(answer, what);
  const next = objectOf(own(objectOf(own(answer, "paging")) ?? {}, "next"));
  if (next === undefined) return { records, after: null };
  const place = textOf(own(next, "after"));
  // A place that does not move on would list the same page for ever.
  if (place === "" || place === after) throw senseless(what, "next page");
  return { records, after: place };
}

/** The records in an answer's `results`. Throws UNREACHABLE where that is no list of records. */
export function recordsIn(answer: JsonObject, what: string): HubSpotRecord[] {
  const results = own(answer, "results");
  if (!Array.isArray(results)) throw senseless(what, "results");
  return objectsOf(results).map((json) => {
    const record = recordOf(json);
    if (record === undefined) throw senseless(what, "id, properties or time in one of its records");
    return record;
  });
}

export function objectPath(object: Pick<MappedObject, "object">): string {
  return `/crm/v3/objects/${encodeURIComponent(object.object)}`;
}

export function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  const parts: Item[][] = [];
  for (let at = 0; at < items.length; at += size) parts.push(items.slice(at, at + size));
  return parts;
}
