import { cellsOf } from "../core/mapping/cells-of.ts";
import type { RawUpsert } from "../model/observation.ts";
import { mappingOf } from "../model/policy.ts";
import { type CellName, type ObjectName, recordKey, type SystemId } from "../model/record.ts";
import { type SyncError, SyncFailure } from "../model/sync-error.ts";
import type { Instant } from "../model/time.ts";
import { sameRaw } from "../model/value.ts";
import type { MappedObject, ScanPage } from "../ports/connector.ts";
import { type InboxItem, type Loaded, laneBackfill } from "../ports/store.ts";
import { connectorOf, type Deps, mappedObject } from "./deps.ts";
import { hintOf } from "./hint.ts";

/** Where the place in the first scan of an object is kept; the value `done` says that it has ended. */
function scanCursorName(system: SystemId, object: ObjectName): string {
  return `scan/${system}/${object}`;
}

const done = "done";

export async function isScanned(deps: Deps, system: SystemId, object: ObjectName): Promise<boolean> {
  return (await deps.store.cursor(scanCursorName(system, object))) === done;
}

/** Reads an object for the first time, page by page; each page and the place after it are stored together, so a stop is taken up again. */
export async function firstScan(deps: Deps, system: SystemId, object: ObjectName, signal: AbortSignal): Promise<void> {
  const name = scanCursorName(system, object);
  const mapped = mappedObject(deps.policy, system, object);
  let place = await deps.store.cursor(name);
  let count = 0;
  while (place !== done && !signal.aborted) {
    const page = await connectorOf(deps, system).scan(mapped, place);
    place = page.cursor ?? done;
    count += page.observations.length;
    await deps.store.receive(
      page.observations.map((one) => scanItem(deps, one)),
      [{ name, value: place, at: deps.clock.now() }],
    );
    deps.tell({ kind: "received", system, count: page.observations.length, from: "scan" });
    deps.tell({ kind: "scanned", system, object, count, total: page.total, done: place === done });
  }
}

function scanItem(deps: Deps, observation: RawUpsert): InboxItem {
  const now = deps.clock.now();
  return {
    id: deps.random.id(),
    dedupeKey: null,
    observation,
    lane: laneBackfill,
    receivedAt: now,
    dueAt: now,
    tries: 0,
  };
}

export type SweepReport = {
  readonly system: SystemId;
  readonly object: ObjectName;
  readonly scanned: number;
  /** Records that differ from their shadow, or were not known. */
  readonly drifted: number;
  /** Linked records that the scan did not show; each is read directly before it counts as deleted. */
  readonly missing: number;
  /** True when so many were missing that none was followed up: the scan is doubted, and a person must look. */
  readonly doubted: boolean;
};

/** More missing records than this in one sweep are not believed: at least 20, else 5 % of those known. */
function missingMax(known: number): number {
  return Math.max(20, Math.floor(known * 0.05));
}

/**
 * A full comparison of an object with the shadows, taken up where it was stopped. What differs goes through the ordinary pipeline. A record is missing only if the scan
 * ended and did not show it; a direct read then decides whether it is gone (I17).
 */
export async function sweepObject(
  deps: Deps,
  system: SystemId,
  object: ObjectName,
  signal: AbortSignal,
): Promise<SweepReport> {
  const mapped = mappedObject(deps.policy, system, object);
  const fields = mappingOf(deps.policy, system, object)?.mapping.fields ?? {};
  // What new records are given besides is nobody's to keep equal.
  const cells = new Set(Object.values(fields).flatMap(cellsOf));
  const resumed = await resumeSweep(deps, system, object);
  const { seen, startedAt } = resumed;
  let { drifted, pages } = resumed;
  let place = resumed.cursor;
  do {
    const page = await scanFrom(deps, mapped, system, place, place === resumed.cursor);
    if (page === null) {
      await endSweep(deps, system, object);
      return sweepObject(deps, system, object, signal);
    }
    for (const one of page.observations) seen.add(one.ref.id);
    const loaded = await deps.store.load({ records: page.observations.map((one) => one.ref), keys: [], ids: [] });
    const differing = page.observations.filter((one) => differs(loaded, one, cells));
    drifted += differing.length;
    if (differing.length > 0) {
      await deps.store.receive(
        differing.map((one) => scanItem(deps, one)),
        [],
      );
      deps.tell({ kind: "received", system, count: differing.length, from: "sweep" });
    }
    deps.tell({ kind: "scanned", system, object, count: seen.size, total: page.total, done: page.cursor === null });
    place = page.cursor;
    const ids = page.observations.map((one) => one.ref.id);
    if (place !== null)
      await keepPlace(deps, system, object, { cursor: place, pages: ++pages, drifted, startedAt }, ids);
  } while (place !== null && !signal.aborted);
  if (place !== null) return { system, object, scanned: seen.size, drifted, missing: 0, doubted: false };
  const { missing, doubted } = await followMissing(deps, system, object, seen);
  await endSweep(deps, system, object);
  deps.tell({ kind: "swept", system, object, scanned: seen.size, drifted, missing });
  return { system, object, scanned: seen.size, drifted, missing, doubted };
}

/** A sweep under way. */
type SweepPlace = {
  readonly cursor: string;
  readonly pages: number;
  readonly drifted: number;
  readonly startedAt: Instant;
};

/** One that was left longer ago begins anew: too much may have changed where it had been. */
const resumedMsMax = 12 * 60 * 60_000;
const seenPage = 500;

function placeName(system: SystemId, object: ObjectName): string {
  return `sweeping/${system}/${object}`;
}

/** The documents with the ids that a sweep under way has seen, one a page: what it did not show is known at its end only. */
function seenKind(system: SystemId, object: ObjectName): string {
  return `swept/${system}/${object}`;
}

/** A sweep that was stopped goes on where it was. */
async function resumeSweep(deps: Deps, system: SystemId, object: ObjectName) {
  const seen = new Set<string>();
  const now = deps.clock.now();
  const text = await deps.store.cursor(placeName(system, object));
  const place = text === null || text === "" ? null : (JSON.parse(text) as SweepPlace);
  if (place === null || now - place.startedAt > resumedMsMax) {
    if (place !== null) await endSweep(deps, system, object);
    return { seen, cursor: null, pages: 0, drifted: 0, startedAt: now };
  }
  for (let after = ""; ; ) {
    const page = await deps.store.documents({ kind: seenKind(system, object), after, limit: seenPage }, now);
    for (const { value } of page) for (const id of value as readonly string[]) seen.add(id);
    after = page.at(-1)?.key ?? "";
    if (page.length < seenPage) return { ...place, seen };
  }
}

async function keepPlace(
  { store, clock }: Deps,
  system: SystemId,
  object: ObjectName,
  place: SweepPlace,
  ids: readonly string[],
): Promise<void> {
  const now = clock.now();
  const key = String(place.pages).padStart(9, "0");
  // The place comes last: without it, the page is read once more.
  await store.putDocuments([{ kind: seenKind(system, object), key, value: ids, expiresAt: null }], now);
  await store.setCursors([{ name: placeName(system, object), value: JSON.stringify(place), at: now }]);
}

async function endSweep({ store, clock }: Deps, system: SystemId, object: ObjectName): Promise<void> {
  const now = clock.now();
  if (((await store.cursor(placeName(system, object))) ?? "") === "") return;
  await store.setCursors([{ name: placeName(system, object), value: "", at: now }]);
  const kind = seenKind(system, object);
  for (;;) {
    const page = await store.documents({ kind, limit: seenPage }, now);
    await store.putDocuments(
      page.map(({ key }) => ({ kind, key, value: null, expiresAt: null })),
      now,
    );
    if (page.length < seenPage) return;
  }
}

/** What passes by itself: the place may be as good as it was. */
const passing: readonly SyncError["code"][] = ["RATE_LIMITED", "UNREACHABLE", "UNAUTHORIZED", "UNKNOWN_OUTCOME"];

/** `null`: the system does not know the place any more. */
async function scanFrom(
  deps: Deps,
  mapped: MappedObject,
  system: SystemId,
  place: string | null,
  isResumed: boolean,
): Promise<ScanPage | null> {
  try {
    return await connectorOf(deps, system).scan(mapped, place);
  } catch (error) {
    if (place === null || !isResumed || !(error instanceof SyncFailure) || passing.includes(error.error.code))
      throw error;
    return null;
  }
}

function differs(loaded: Loaded, seen: RawUpsert, cells: ReadonlySet<CellName>): boolean {
  const key = recordKey(seen.ref);
  const golden = loaded.goldens.get(loaded.byRecord.get(key) ?? "");
  const link = golden?.links.find(
    (one) => one.system === seen.ref.system && one.object === seen.ref.object && one.id === seen.ref.id,
  );
  // Held records are looked at again only when they change, which a feed tells; a sweep sends them through once more.
  if (link === undefined) return !loaded.holds.has(key);
  if (link.inFlight !== null) return false;
  if (link.status === "deleted") return true;
  return Object.entries(seen.cells).some(([cell, raw]) => cells.has(cell) && !sameRaw(link.cells[cell], raw));
}

async function followMissing(deps: Deps, system: SystemId, object: ObjectName, seen: ReadonlySet<string>) {
  const missing: string[] = [];
  let known = 0;
  let after: string | null = null;
  for (;;) {
    const links = await deps.store.linkedIds(system, object, after, 1_000);
    const last = links.at(-1);
    if (last === undefined) break;
    known += links.length;
    missing.push(...links.map((link) => link.id).filter((id) => !seen.has(id)));
    after = last.id;
  }
  const doubted = missing.length > missingMax(known);
  if (doubted) deps.tell({ kind: "many-missing", system, object, missing: missing.length, known });
  else if (missing.length > 0) {
    await deps.store.receive(
      missing.map((id) => hintOf(deps, { system, object, id }, laneBackfill)),
      [],
    );
  }
  return { missing: missing.length, doubted };
}
