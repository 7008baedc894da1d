import type { ObjectName, RecordId } from "../../model/record.ts";
import type { Instant } from "../../model/time.ts";
import { objectOf, own } from "../../ports/json-object.ts";

/** Where the polling of one object stands. Times by Salesforce's clock. */
export type Place = {
  /** Changes at or after this are still to be asked for. */
  readonly from: Instant;
  /** Of those at exactly `from`, only ids above this; `null`: all. */
  readonly tie: RecordId | null;
  /** Deletes at or after this have not been asked for in the log of deletes. */
  readonly deletedFrom: Instant;
  /** When that log was last asked. */
  readonly deletedAskedAt: Instant;
};

export type Places = Map<ObjectName, Place>;

/** Where the streams of objects stand, as Salesforce names it. */
export type Replays = Map<ObjectName, string>;

export function cursorOf(places: Places, replays: Replays): string {
  return JSON.stringify({ version: 1, objects: Object.fromEntries(places), replays: Object.fromEntries(replays) });
}

/** The places in a cursor of ours; an object whose place makes no sense has lost it. */
export function placesOf(cursor: string): { readonly places: Places; readonly replays: Replays } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(cursor);
  } catch {
    return { places: new Map(), replays: new Map() };
  }
  const objects = objectOf(own(objectOf(parsed) ?? {}, "objects")) ?? {};
  const told = Object.entries(objectOf(own(objectOf(parsed) ?? {}, "replays")) ?? {});
  const replays = new Map(told.flatMap(([object, id]) => (typeof id === "string" ? [[object, id] as const] : [])));
  const places = new Map(
    Object.entries(objects).flatMap(([object, place]): [ObjectName, Place][] => {
      const json = objectOf(place) ?? {};
      const isSound = ["from", "deletedFrom", "deletedAskedAt"].every((key) => typeof own(json, key) === "number");
      return isSound ? [[object, place as Place]] : [];
    }),
  );
  return { places, replays };
}
