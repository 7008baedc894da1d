import { type RawObservation, revisionOf } from "../../model/observation.ts";
import type { SystemId } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { Instant } from "../../model/time.ts";
import type { Clock } from "../../ports/clock.ts";
import { objectOf, objectsOf, own, textOf } from "../../ports/json-object.ts";
import type { SeenVersions } from "../../ports/seen-versions.ts";
import { rawOf } from "./cell.ts";
import type { Client } from "./client.ts";
import { senseless } from "./errors.ts";
import type { Place, Places } from "./place.ts";
import { pageMax, type Reader } from "./read.ts";
import { fullId } from "./record-id.ts";
import { type SalesforceRecord, upsertOf, whereOf } from "./records.ts";
import type { BoundObject } from "./schema.ts";
import { soqlMoment, soqlText } from "./soql.ts";

export type PollDeps = {
  readonly system: SystemId;
  readonly client: Client;
  readonly clock: Clock;
  readonly reader: Reader;
  readonly seen: SeenVersions;
  readonly lookbackMs: number;
};

/** What polling an object came to so far; `isLost`: deletes are missing from the log, so that everything must be compared. */
export type Polled = { readonly isDone: boolean; readonly isLost: boolean };

/** A pull hands over what it has once it is this much, so that it can be stored. */
const observationsMax = 2000;
const dayMs = 86_400_000;
/** Salesforce's log of deletes, and its recycle bin, go back this far. */
const deletesKeptMs = 15 * dayMs;
/** The query for changes shows deleted records too, but for those that were purged at once: the log is asked now and then. */
const deletedEveryMs = 5 * 60_000;
const minuteMs = 60_000;

/**
 * Asks for what changed in one object, in the order of SystemModstamp and, as its seconds hold many records, of the id. The next round begins some
 * time before the moment of this one, since a transaction may commit with stamps from before it.
 */
export async function pollObject(
  deps: PollDeps,
  bound: BoundObject,
  places: Places,
  observations: RawObservation[],
  signal: AbortSignal,
): Promise<Polled> {
  const { object } = bound.mapped;
  for (;;) {
    if (signal.aborted || observations.length >= observationsMax) return { isDone: false, isLost: false };
    const place = places.get(object)!;
    const page = await changedPage(deps, bound, place);
    observations.push(...page.observations);
    places.set(object, { ...place, ...page.next });
    if (page.isLast) break;
  }
  const { place, isLost } = await listDeleted(deps, bound, places.get(object)!, observations);
  places.set(object, place);
  return { isDone: true, isLost };
}

type ChangedPage = {
  readonly observations: readonly RawObservation[];
  readonly next: Pick<Place, "from" | "tie">;
  readonly isLast: boolean;
};

async function changedPage(deps: PollDeps, bound: BoundObject, { from, tie }: Place): Promise<ChangedPage> {
  const { client, clock, reader, lookbackMs } = deps;
  const askedAt = clock.now();
  const vendorAskedAt = client.vendorTime(askedAt);
  const moment = soqlMoment(from);
  const past = tie === null ? null : `(SystemModstamp > ${moment} OR Id > ${soqlText(tie)})`;
  const rest = `${whereOf(bound, `SystemModstamp >= ${moment}`, past)} ORDER BY SystemModstamp, Id LIMIT ${pageMax}`;
  const { records, isLast } = await reader.query(bound, rest, { all: true });
  const observations = records.flatMap((record) => tellOnce(deps, bound, record, askedAt, vendorAskedAt));
  const last = records.at(-1);
  if (last === undefined || (isLast && records.length < pageMax)) {
    return { observations, next: { from: vendorAskedAt - lookbackMs, tie: null }, isLast: true };
  }
  if (last.stamp < from || (last.stamp === from && last.id === tie)) {
    const message = `reading changes of ${bound.sobject.name}: Salesforce answers with what came before, again`;
    throw new SyncFailure({ code: "UNREACHABLE", message });
  }
  return { observations, next: { from: last.stamp, tie: last.id }, isLast: false };
}

function tellOnce(
  deps: PollDeps,
  bound: BoundObject,
  record: SalesforceRecord,
  askedAt: Instant,
  vendorAskedAt: Instant,
): readonly RawObservation[] {
  const { object } = bound.mapped;
  const version = `${record.stamp}/${record.isDeleted}`;
  if (deps.seen.has(object, record.id, version)) return [];
  // Within the second of its stamp it may change again under the same one.
  if (record.stamp + 1000 <= vendorAskedAt) deps.seen.add(object, record.id, version);
  return [tell(deps, bound, record, askedAt)];
}

function tell(deps: PollDeps, bound: BoundObject, record: SalesforceRecord, observedAt: Instant): RawObservation {
  if (!record.isDeleted) return upsertOf(deps, bound, record, observedAt);
  const ref = { system: deps.system, object: bound.mapped.object, id: record.id };
  if (record.masterId !== null) {
    return { kind: "merge", ref: { ...ref, id: record.masterId }, losers: [record.id], revision: null, observedAt };
  }
  return { kind: "delete", ref, revision: revisionOf(record.stamp), observedAt, confirmed: true };
}

/**
 * Asks the log of deletes, which knows also what is in no recycle bin any more. It ignores seconds. What it names is only a hint: it may have been
 * restored since, or merged.
 */
async function listDeleted(
  deps: PollDeps,
  bound: BoundObject,
  place: Place,
  observations: RawObservation[],
): Promise<{ readonly place: Place; readonly isLost: boolean }> {
  const { client, clock, system } = deps;
  const observedAt = clock.now();
  const now = client.vendorTime(observedAt);
  if (!bound.sobject.replicateable || now - place.deletedAskedAt < deletedEveryMs) return { place, isLost: false };
  // A day of slack: the log's own end is not sharp.
  if (place.deletedFrom < now - deletesKeptMs + dayMs) {
    return { place: { ...place, deletedFrom: now, deletedAskedAt: now }, isLost: true };
  }
  const what = `asking for deleted ${bound.sobject.name}`;
  const start = Math.floor(place.deletedFrom / minuteMs) * minuteMs;
  const end = (Math.floor(now / minuteMs) + 1) * minuteMs;
  const times = new URLSearchParams({ start: new Date(start).toISOString(), end: new Date(end).toISOString() });
  const path = `sobjects/${bound.sobject.name}/deleted?${times}`;
  const answer = objectOf(await client.call({ method: "GET", path, effect: "read", what })) ?? {};
  const listed = own(answer, "deletedRecords");
  /** What the log says of a record is kept beside its versions. */
  const log = `${bound.mapped.object} log`;
  if (!Array.isArray(listed)) throw senseless(what, "deletedRecords");
  for (const json of objectsOf(listed)) {
    const id = fullId(textOf(own(json, "id")));
    if (id === null) throw senseless(what, "id in one of its records");
    const deletedAt = textOf(own(json, "deletedDate"));
    if (deps.seen.has(log, id, deletedAt)) continue;
    deps.seen.add(log, id, deletedAt);
    const ref = { system, object: bound.mapped.object, id };
    observations.push({ kind: "hint", ref, revision: null, observedAt });
  }
  // Held back to the beginning of transactions that are still under way.
  const covered = momentIn(answer, "latestDateCovered") ?? now;
  const earliest = momentIn(answer, "earliestDateAvailable");
  const isLost = earliest !== null && earliest > place.deletedFrom;
  return { place: { ...place, deletedFrom: Math.min(covered, now), deletedAskedAt: now }, isLost };
}

function momentIn(answer: Readonly<Record<string, unknown>>, key: string): Instant | null {
  const at = Date.parse(String(rawOf({ type: "datetime" }, own(answer, key))));
  return Number.isNaN(at) ? null : at;
}

/** A place for an object that has none: from now on, and what commits from now on. */
export function freshPlace({ client, clock, lookbackMs }: PollDeps): Place {
  const now = client.vendorTime(clock.now());
  return { from: now - lookbackMs, tie: null, deletedFrom: now, deletedAskedAt: now };
}
