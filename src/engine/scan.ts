import type { RawUpsert } from "../model/observation.ts";
import { type ObjectName, recordKey, type SystemId } from "../model/record.ts";
import { sameRaw } from "../model/value.ts";
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
 * A full comparison of an object with the shadows. What differs goes through the ordinary pipeline. A record is missing only if the scan
 * ended and did not show it; a direct read then decides whether it is gone (I17).
 */
export async function sweepObject(
  deps: Deps,
  system: SystemId,
  object: ObjectName,
  signal: AbortSignal,
): Promise<SweepReport> {
  const mapped = mappedObject(deps.policy, system, object);
  const seen = new Set<string>();
  let drifted = 0;
  let place: string | null = null;
  do {
    const page = await connectorOf(deps, system).scan(mapped, place);
    for (const one of page.observations) seen.add(one.ref.id);
    const loaded = await deps.store.load({ records: page.observations.map((one) => one.ref), keys: [], ids: [] });
    const differing = page.observations.filter((one) => differs(loaded, one));
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
  } while (place !== null && !signal.aborted);
  if (signal.aborted) return { system, object, scanned: seen.size, drifted, missing: 0, doubted: false };
  const { missing, doubted } = await followMissing(deps, system, object, seen);
  deps.tell({ kind: "swept", system, object, scanned: seen.size, drifted, missing });
  return { system, object, scanned: seen.size, drifted, missing, doubted };
}

function differs(loaded: Loaded, seen: RawUpsert): boolean {
  const key = recordKey(seen.ref);
  const golden = loaded.goldens.get(loaded.byRecord.get(key) ?? "");
  const link = golden?.links.find(
    (one) => one.system === seen.ref.system && one.object === seen.ref.object && one.id === seen.ref.id,
  );
  // Held records are looked at again only when they change, which a feed tells; a sweep sends them through once more.
  if (link === undefined) return !loaded.holds.has(key);
  if (link.inFlight !== null) return false;
  return link.status === "deleted" || Object.entries(seen.cells).some(([cell, raw]) => !sameRaw(link.cells[cell], raw));
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
