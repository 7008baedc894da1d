import type { RawObservation } from "../../model/observation.ts";
import type { ObjectName, RecordId, SystemId } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Instant } from "../../model/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ChangeBatch, ChangeFeed, MappedObject } from "../../ports/connector.ts";
import { objectOf, own } from "../../ports/json-object.ts";
import type { SeenVersions } from "../../ports/seen-versions.ts";
import type { Client } from "./client.ts";
import { senseless } from "./errors.ts";
import { modifiedProperty } from "./object-name.ts";
import { objectPath, type Reader, recordsIn } from "./read.ts";
import type { HubSpotRecord } from "./records.ts";

/** Where the feed of one object stands. Times by HubSpot's clock. */
type Place = {
  /** Changes at or after this are still to be asked for. */
  readonly from: Instant;
  /** Of those at exactly `from`, only ids above this; `null`: all. */
  readonly tie: RecordId | null;
  readonly bin: BinPlace;
};

/** Where the walk through the recycle bin stands. It has no order by time, so each round walks all of it. */
type BinPlace = {
  /** Next page; `null` between two rounds. */
  readonly after: string | null;
  /** Deletes at or after this have not been told. */
  readonly since: Instant;
  /** When the present or last round began, and how many pages it has had. */
  readonly began: Instant;
  readonly pages: number;
};

export type FeedDeps = {
  readonly system: SystemId;
  readonly client: Client;
  readonly clock: Clock;
  readonly reader: Reader;
  readonly seen: SeenVersions;
  readonly intervalMs: number;
  readonly lookbackMs: number;
  /** Learns what webhooks call these objects. */
  readonly learn: (objects: readonly MappedObject[]) => Promise<void>;
};

const searchMax = 200;
/** A pull hands over what it has once it is this much, so that it can be stored. */
const observationsMax = 500;
const binPagesMax = 5;
/** A delete may be listed a little late. */
const binSlackMs = 60_000;

/**
 * Changes by polling search for the modified time, and deletes by walking through the recycle bin. Each page asks anew from the last modified time
 * that it saw, not by page number: records that change meanwhile would shift the pages. As search shows changes late, and not in order, every round
 * begins some time before the moment up to which the last one saw everything.
 */
export function createFeed(deps: FeedDeps): ChangeFeed {
  return {
    kind: "poll",
    intervalMs: deps.intervalMs,

    async start(objects) {
      await deps.learn(objects);
      // Asked only for HubSpot's time.
      for (const object of objects.slice(0, 1)) await deps.reader.bin(object, null);
      const now = deps.client.vendorTime(deps.clock.now());
      return cursorOf(new Map(objects.map(({ object }) => [object, placeAt(now)])));
    },

    async pull({ objects, cursor, signal }) {
      await deps.learn(objects);
      deps.seen.acknowledge(cursor);
      const places = placesOf(cursor);
      const lost = objects.filter(({ object }) => !places.has(object)).map(({ object }) => object);
      for (const object of lost) places.set(object, placeAt(deps.client.vendorTime(deps.clock.now())));
      const observations: RawObservation[] = [];
      let caughtUp = true;
      let failure: SyncFailure | null = null;
      for (const object of objects) {
        try {
          caughtUp = (await pullObject(deps, object, places, observations, signal)) && caughtUp;
        } catch (error) {
          if (!(error instanceof SyncFailure)) throw error;
          failure ??= error;
        }
      }
      // One object's failure does not hold up the others: what they told is handed over first.
      if (failure !== null && observations.length === 0) throw failure;
      caughtUp &&= failure === null;
      const batch: ChangeBatch = { observations, cursor: cursorOf(places), caughtUp, lost };
      deps.seen.handOver(batch.cursor);
      return batch;
    },
  };
}

function placeAt(now: Instant): Place {
  return { from: now, tie: null, bin: { after: null, since: now, began: 0, pages: 0 } };
}

async function pullObject(
  deps: FeedDeps,
  object: MappedObject,
  places: Map<ObjectName, Place>,
  observations: RawObservation[],
  signal: AbortSignal,
): Promise<boolean> {
  for (;;) {
    if (signal.aborted || observations.length >= observationsMax) return false;
    const { from, tie, bin } = places.get(object.object)!;
    const page = await searchPage(deps, object, from, tie);
    observations.push(...(await tellRecords(deps, object, page.records)));
    places.set(object.object, { ...page.next, bin });
    if (page.isLast) break;
  }
  const place = places.get(object.object)!;
  places.set(object.object, { ...place, bin: await walkBin(deps, object, place.bin, observations) });
  return true;
}

type SearchPage = {
  readonly records: readonly HubSpotRecord[];
  readonly next: Pick<Place, "from" | "tie">;
  readonly isLast: boolean;
};

/** The next page in the order of the modified time; where more records than a page share one, in the order of their ids. */
async function searchPage(
  deps: FeedDeps,
  object: MappedObject,
  from: Instant,
  tie: RecordId | null,
): Promise<SearchPage> {
  const modified = modifiedProperty(object.object);
  const filter = (propertyName: string, operator: string, value: string) => ({ propertyName, operator, value });
  const filters =
    tie === null
      ? [filter(modified, "GTE", String(from))]
      : [filter(modified, "EQ", String(from)), filter("hs_object_id", "GT", tie)];
  const sorts = [{ propertyName: tie === null ? modified : "hs_object_id", direction: "ASCENDING" }];
  const what = `asking for changed ${object.object}`;
  const body = { filterGroups: [{ filters }], sorts, properties: [modified], limit: searchMax };
  const path = `${objectPath(object)}/search`;
  const askedAt = deps.clock.now();
  const answer = await deps.client.call({ method: "POST", path, body, effect: "read", kind: "search", what });
  const records = recordsIn(answer, what);
  const isFull = records.length >= searchMax;
  if (tie !== null) {
    const last = records.at(-1)?.id ?? tie;
    return { records, next: isFull ? { from, tie: last } : { from: from + 1, tie: null }, isLast: false };
  }
  if (!isFull)
    return {
      records,
      next: { from: deps.client.vendorTime(askedAt) - deps.lookbackMs, tie: null },
      isLast: true,
    };
  const latest = Math.max(...records.map((record) => Date.parse(String(record.property(modified)))));
  if (Number.isNaN(latest)) throw senseless(what, modified);
  // A page full of one moment: search gives them in no order, so they are asked for again by id.
  return { records, next: latest > from ? { from: latest, tie: null } : { from, tie: "0" }, isLast: false };
}

/** Search may show old values, so its results are read; those whose version has been told are left out. */
async function tellRecords(
  deps: FeedDeps,
  object: MappedObject,
  found: readonly HubSpotRecord[],
): Promise<readonly RawObservation[]> {
  const fresh = found.filter((record) => !deps.seen.has(object.object, record.id, String(record.modifiedAt)));
  if (fresh.length === 0) return [];
  const ids = fresh.map(({ id }) => id);
  const read = await deps.reader.find(object, ids);
  const { records, observedAt } = read;
  const results = deps.reader.tell(object, read, ids);
  for (const record of fresh) deps.seen.add(object.object, record.id, String(record.modifiedAt));
  return results.flatMap((result): RawObservation[] => {
    const ref = { system: deps.system, object: object.object, id: result.id };
    // Gone since search saw it: a direct read will tell.
    if (result.kind === "missing") return [{ kind: "hint", ref, revision: null, observedAt }];
    const { observation } = result;
    const losers = records.get(result.id)?.mergedIds ?? [];
    if (losers.length === 0) return [observation];
    return [{ kind: "merge", ref: observation.ref, losers, revision: observation.revision, observedAt }, observation];
  });
}

/** A few pages of the recycle bin. Rounds through a large one begin less often, so that they never use up the quota. */
async function walkBin(
  deps: FeedDeps,
  object: MappedObject,
  place: BinPlace,
  observations: RawObservation[],
): Promise<BinPlace> {
  let bin = place;
  if (bin.after === null) {
    const now = deps.client.vendorTime(deps.clock.now());
    if (now - bin.began < (bin.pages - 1) * deps.intervalMs) return bin;
    bin = { ...bin, began: now, pages: 0 };
  }
  for (let pages = 0; pages < binPagesMax; pages++) {
    const observedAt = deps.clock.now();
    const page = await deps.reader.bin(object, bin.after);
    for (const { id, archivedAt } of page.records) {
      if (archivedAt === null || archivedAt < bin.since) continue;
      const ref = { system: deps.system, object: object.object, id };
      observations.push({ kind: "delete", ref, revision: null, observedAt, confirmed: true });
    }
    bin = { ...bin, after: page.after, pages: bin.pages + 1 };
    if (page.after === null) return { ...bin, since: bin.began - binSlackMs };
  }
  return bin;
}

function cursorOf(places: ReadonlyMap<ObjectName, Place>): string {
  return JSON.stringify({ version: 1, objects: Object.fromEntries(places) });
}

/** The places in a cursor of ours; an object whose place makes no sense has lost it. */
function placesOf(cursor: string): Map<ObjectName, Place> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(cursor);
  } catch {
    return new Map();
  }
  const objects = objectOf(own(objectOf(parsed) ?? {}, "objects")) ?? {};
  return new Map(
    Object.entries(objects).flatMap(([object, place]): [ObjectName, Place][] => {
      const bin = objectOf(own(objectOf(place) ?? {}, "bin"));
      return bin === undefined ? [] : [[object, place as Place]];
    }),
  );
}
