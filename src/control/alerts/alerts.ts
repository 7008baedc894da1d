import { updateAlerts } from "../../core/alerts.ts";
import { type Target, targetFor } from "../../core/targets.ts";
import type { Deps } from "../../engine/deps.ts";
import { stoppedFlows } from "../../engine/mass-guard.ts";
import { StoreFailure } from "../../engine/store-failure.ts";
import { messageOf } from "../../engine/trigger.ts";
import type { Alert, AlertPolicy, Notice, Severity } from "../../model/alert.ts";
import type { Link } from "../../model/golden.ts";
import { mappingOf } from "../../model/policy.ts";
import type { RecordRef, SystemId } from "../../model/record.ts";
import { SyncFailure } from "../../model/sync-error.ts";
import type { DocumentChange, StoreCounts } from "../../ports/store.ts";
import { openFights } from "../fights.ts";
import { conditionsOf, type Look, storeAway, type Thresholds } from "./conditions.ts";
import type { Readings } from "./readings.ts";
import { type Route, send } from "./route.ts";

export type AlertSettings = {
  readonly routes: Readonly<Record<string, Route>>;
  /** Names of routes. */
  readonly send: Readonly<Record<Severity, readonly string[]>>;
  readonly policy: AlertPolicy;
  readonly thresholds: Thresholds;
};

/** Open alerts are kept under their keys, past ones by when they opened, so that the newest comes last. */
const openKind = "alert";
const pastKind = "past-alert";
const pastKeptMs = 90 * 24 * 60 * 60_000;
const alertsMax = 1_000;

export type AlertEar = { notice(notice: Notice): void; looked(): void };

const everyMs = 15_000;
/** Of several processes on one store, one looks: the one that holds this document. */
const watchKind = "watch";
const watchLeaseMs = 60_000;

/** Looks at how things are every 15 s until `signal` aborts, keeps alerts up to date, and tells people of them; `ear` hears it too. */
export async function watchAlerts(
  deps: Deps,
  readings: Readings,
  settings: AlertSettings,
  signal: AbortSignal,
  ear: AlertEar,
): Promise<void> {
  const key = deps.random.id();
  const deaf = new Map<string, string>();
  let isStoreTold = false;
  while (!signal.aborted) {
    try {
      if (await isOnWatch(deps, key)) {
        for (const one of await lookOnce(deps, readings, settings, deaf)) ear.notice(one);
        ear.looked();
      }
      isStoreTold = false;
    } catch (error) {
      if (!(error instanceof SyncFailure) && !(error instanceof StoreFailure)) throw error;
      // The store that would keep the alert is away: told once, and again when it has been back in between.
      if (!isStoreTold) await tellOfStore(deps, settings, deaf, messageOf(error));
      isStoreTold = true;
    }
    await deps.clock.sleep(everyMs, signal);
  }
}

async function isOnWatch({ store, clock }: Deps, key: string): Promise<boolean> {
  if (store.exclusive) return true;
  const now = clock.now();
  const held = await store.document(watchKind, "alerts", now);
  if (held !== null && (held.value as { by: string }).by !== key) return false;
  const value = { by: key };
  const change = { kind: watchKind, key: "alerts", value, expiresAt: now + watchLeaseMs };
  return store.putDocuments([{ ...change, expected: held?.revision ?? 0 }], now);
}

/** One look. `deaf` remembers the routes that took no notice, between looks. */
export async function lookOnce(
  deps: Deps,
  readings: Readings,
  settings: AlertSettings,
  deaf: Map<string, string>,
): Promise<readonly Notice[]> {
  const look = await lookAround(deps, readings, settings.thresholds, deaf);
  const documents = await deps.store.documents({ kind: openKind, limit: alertsMax }, look.now);
  const revisions = new Map(documents.map(({ key, revision }) => [key, revision]));
  const open = documents.map(({ value }) => value as Alert);
  const conditions = conditionsOf(look, settings.thresholds);
  const { alerts, notices } = updateAlerts(open, conditions, settings.policy, look.now);
  const changes = alerts.flatMap((alert) => changesFor(alert, revisions.get(alert.key) ?? 0));
  // Someone acknowledged one meanwhile: the next look starts from that.
  if (!(await deps.store.putDocuments(changes, look.now))) return [];
  await tellAll(settings, notices, deaf, look.now);
  return notices;
}

function changesFor(alert: Alert, expected: number): DocumentChange[] {
  const open = { kind: openKind, key: alert.key, expected };
  if (alert.resolvedAt === null) return [{ ...open, value: alert, expiresAt: null }];
  const key = `${String(alert.openedAt).padStart(15, "0")}/${alert.key}`;
  const past = { kind: pastKind, key, value: alert, expiresAt: alert.resolvedAt + pastKeptMs };
  return [{ ...open, value: null, expiresAt: null }, past];
}

async function lookAround(
  deps: Deps,
  readings: Readings,
  thresholds: Thresholds,
  deaf: ReadonlyMap<string, string>,
): Promise<Look> {
  const { store, clock, connectors } = deps;
  const now = clock.now();
  const systems = [...connectors.keys()];
  const counts = await store.counts(now);
  const isLate = (system: SystemId) => now - (counts.behind[system]?.oldestAt ?? now) >= thresholds.behindMs / 2;
  const [waiting, differing, flows, fights, holds, deadLetters, ...behind] = await Promise.all([
    waitingOf(deps, thresholds.targets),
    differingOf(deps, counts, thresholds.targets),
    stoppedFlows(deps),
    openFights(deps),
    store.holds({ status: "open", limit: 1 }),
    store.deadLetters({ status: "open", limit: examplesMax }),
    ...systems.filter(isLate).map(async (system) => [system, await behindRecords(deps, system)] as const),
  ]);
  return {
    now,
    counts,
    oldestHold: holds[0] ?? null,
    deadLetters,
    ...{ waiting, differing },
    behind: Object.fromEntries(behind),
    systems: Object.fromEntries(systems.map((system) => [system, readings.of(system)])),
    clocks: clocksOf(deps),
    storeTroubles: readings.store(),
    flows,
    fights,
    deafRoutes: Object.fromEntries(deaf),
  };
}

/** So many of what waits are looked through for the oldest of each entity. */
const waitingMax = 5_000;

async function waitingOf({ store, policy }: Deps, targets: readonly Target[]): Promise<Look["waiting"]> {
  if (targets.every(({ undecidedMs }) => undecidedMs === null)) return [];
  const found = new Map<string, Look["waiting"][number]>();
  for (const { system, object, since } of await store.waiting(waitingMax)) {
    const entity = mappingOf(policy, system, object)?.entity.name;
    const key = `${system}/${entity}`;
    if (entity !== undefined && !found.has(key)) found.set(key, { system, entity, since });
  }
  return [...found.values()];
}

/** Only where something has differed for long enough to matter. */
async function differingOf(deps: Deps, counts: StoreCounts, targets: readonly Target[]): Promise<Look["differing"]> {
  const now = deps.clock.now();
  const wanted = Object.values(deps.policy.entities).flatMap(({ name: entity, mappings }) =>
    [...new Set(mappings.map(({ system }) => system))].flatMap((system) => {
      const target = targetFor(targets, { entity, to: system }, "behindMs");
      const ageMs = now - (counts.behind[system]?.oldestAt ?? now);
      return target === null || ageMs < target / 2 ? [] : [{ entity, system }];
    }),
  );
  const found = await Promise.all(
    wanted.map(async ({ entity, system }) => {
      const goldens = await deps.store.behind(system, examplesMax, entity);
      const links = goldens.flatMap((golden) => golden.links.filter((link) => isBehind(link, system)));
      const records = links.flatMap(({ object, id }) => (id === null ? [] : [{ system, object, id }]));
      const since = Math.min(...links.map(({ behindSince }) => behindSince ?? now));
      return links.length === 0 ? [] : [{ system, entity, since, records }];
    }),
  );
  return found.flat();
}

function isBehind(link: Link, system: SystemId): boolean {
  return link.system === system && link.behindSince !== null;
}

const clockSkewMsDefault = 2_000;

function clocksOf({ connectors, policy }: Deps): Look["clocks"] {
  return Object.fromEntries(
    [...connectors].flatMap(([system, { limiters = [] }]) => {
      const aheadMs = limiters.flatMap((limiter) => limiter.usage().clockAheadMs ?? [])[0];
      const allowedMs = policy.clockSkewMs[system] ?? clockSkewMsDefault;
      return aheadMs === undefined ? [] : [[system, { aheadMs, allowedMs }]];
    }),
  );
}

const examplesMax = 5;

async function behindRecords({ store }: Deps, system: SystemId): Promise<RecordRef[]> {
  const goldens = await store.behind(system, examplesMax);
  return goldens.flatMap(({ links }) =>
    links.flatMap((link) =>
      isBehind(link, system) && link.id !== null ? [{ system, object: link.object, id: link.id }] : [],
    ),
  );
}

async function tellOfStore(
  deps: Deps,
  settings: AlertSettings,
  deaf: Map<string, string>,
  message: string,
): Promise<void> {
  const now = deps.clock.now();
  const since = { openedAt: now, metAt: now, resolvedAt: null, acknowledged: null, told: null, escalatedAt: null };
  const alert: Alert = { ...storeAway(message), ...since };
  await tellAll(settings, [{ alert, why: "opened", severity: "critical" }], deaf, now);
}

const triesMax = 3;
const pausesMs = [0, 1_000, 5_000];

async function tellAll(
  { routes, send: whom }: AlertSettings,
  notices: readonly Notice[],
  deaf: Map<string, string>,
  now: number,
): Promise<void> {
  const names = Object.keys(routes);
  await Promise.all(
    names.map(async (name) => {
      const route = routes[name];
      for (const notice of notices.filter(({ severity }) => whom[severity].includes(name))) {
        if (route === undefined) continue;
        const failure = await sendWithRetry(route, notice, now);
        if (failure === null) deaf.delete(name);
        else deaf.set(name, failure);
      }
    }),
  );
}

/** `null`: it was taken. */
async function sendWithRetry(route: Route, notice: Notice, now: number): Promise<string | null> {
  let reason = "";
  for (let tries = 0; tries < triesMax; tries++) {
    await new Promise((resolve) => setTimeout(resolve, pausesMs[tries]));
    try {
      await send(route, notice, now);
      return null;
    } catch (error) {
      reason = messageOf(error);
    }
  }
  return reason;
}

/** All open alerts, the oldest key first. */
export async function openAlerts({ store, clock }: Pick<Deps, "store" | "clock">): Promise<readonly Alert[]> {
  const documents = await store.documents({ kind: openKind, limit: alertsMax }, clock.now());
  return documents.map(({ value }) => value as Alert);
}

/** Past alerts, the newest first. */
export async function pastAlerts(
  { store, clock }: Pick<Deps, "store" | "clock">,
  limit: number,
): Promise<readonly Alert[]> {
  const documents = await store.documents({ kind: pastKind, newestFirst: true, limit }, clock.now());
  return documents.map(({ value }) => value as Alert);
}

/** A person has taken an alert on: it is not repeated or escalated any more. False when no such alert is open. */
export async function acknowledgeAlert(
  { store, clock }: Pick<Deps, "store" | "clock">,
  key: string,
  by: string,
): Promise<boolean> {
  for (;;) {
    const now = clock.now();
    const document = await store.document(openKind, key, now);
    if (document === null) return false;
    const value = { ...(document.value as Alert), acknowledged: { by, at: now } };
    const change = { kind: openKind, key, value, expiresAt: null, expected: document.revision };
    if (await store.putDocuments([change], now)) return true;
  }
}

/** What a route is tried with. */
export function testNotice(now: number): Notice {
  const alert: Alert = {
    ...{ key: "test", severity: "info", title: "A test: this route works", records: [], system: null },
    happened: "Someone asked Truce to try this route.",
    did: "It sent this notice, and nothing else.",
    todo: "Nothing.",
    ...{ openedAt: now, metAt: now, resolvedAt: null, acknowledged: null, told: null, escalatedAt: null },
  };
  return { alert, why: "opened", severity: "info" };
}
