import type { EngineEvent } from "../engine/deps.ts";
import type { SystemId } from "../model/record.ts";
import type { Instant } from "../model/time.ts";
import type { Clock } from "../ports/clock.ts";
import type { CommitUnit, Store } from "../ports/store.ts";

/** What happened in one bucket of time, counted. */
export type Bucket = {
  readonly at: Instant;
  received: number;
  decided: number;
  linked: number;
  resolved: number;
  held: number;
  written: number;
  failed: number;
  logged: number;
  /** From a record's falling behind to its write: the half and 95 of 100 are quicker. `null`: nothing was written. */
  latencyMs: { readonly p50: number; readonly p95: number } | null;
};
type Counter = Exclude<keyof Bucket, "at" | "latencyMs">;

/** How a system has been, as far as this process has seen. */
export type SystemHealth = {
  readonly trouble: { readonly doing: string; readonly message: string; readonly since: Instant } | null;
  readonly lastReceivedAt: Instant | null;
  readonly lastWrittenAt: Instant | null;
  /** In the last minute. */
  readonly received: number;
  readonly written: number;
};

/** Which holds and golden records commits have touched; `null`: so many that naming them makes no sense. */
export type News = { readonly holds: readonly string[] | null; readonly records: readonly string[] | null };

/** What this process is doing, for people who watch: rates, troubles, and news of what has changed. */
export type Live = {
  tell(event: EngineEvent): void;
  /** The store, with an ear on its commits. The engine and the server must be given this one. */
  heard(store: Store): Store;
  /** The last hour, oldest first. */
  buckets(): readonly Readonly<Bucket>[];
  health(system: SystemId): SystemHealth;
  /** Called some time after something changed, at most once in `newsEveryMs`. Returns how to end that. */
  onNews(listener: (news: News) => void): () => void;
};

export const bucketMs = 5_000;
const bucketsMax = 720;
const newsEveryMs = 500;
const namedMax = 200;
const minuteMs = 60_000;
/** As many of a bucket's latencies as its figures are made of. */
const latenciesMax = 2_000;

type Health = {
  troubles: Map<string, { message: string; since: Instant }>;
  lastReceivedAt: Instant | null;
  lastWrittenAt: Instant | null;
  moments: { at: Instant; received: number; written: number }[];
};

export function createLive(clock: Clock): Live {
  const buckets: Bucket[] = [];
  const systems = new Map<SystemId, Health>();
  const listeners = new Set<(news: News) => void>();
  const touched = { holds: new Set<string>(), records: new Set<string>() };
  let isWaiting = false;
  /** Those of the last bucket. */
  let latencies: number[] = [];

  function bucketNow(): Bucket {
    const at = Math.floor(clock.now() / bucketMs) * bucketMs;
    let bucket = buckets.at(-1);
    if (bucket === undefined || bucket.at < at) {
      const counts = { received: 0, decided: 0, linked: 0, resolved: 0, held: 0, written: 0, failed: 0, logged: 0 };
      bucket = { at, ...counts, latencyMs: null };
      latencies = [];
      buckets.push(bucket);
      if (buckets.length > bucketsMax) buckets.shift();
    }
    return bucket;
  }

  function add(counter: Counter, count: number): void {
    bucketNow()[counter] += count;
  }

  function noteLatencies(more: readonly number[]): void {
    if (more.length === 0) return;
    const bucket = bucketNow();
    latencies.push(...more.slice(0, Math.max(0, latenciesMax - latencies.length)));
    const sorted = latencies.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    bucket.latencyMs = { p50: at(0.5), p95: at(0.95) };
  }

  function healthOf(system: SystemId): Health {
    const known = systems.get(system);
    if (known !== undefined) return known;
    const health = { troubles: new Map(), lastReceivedAt: null, lastWrittenAt: null, moments: [] };
    systems.set(system, health);
    return health;
  }

  function count(system: SystemId, what: "received" | "written", by: number): void {
    const health = healthOf(system);
    const now = clock.now();
    if (what === "received") health.lastReceivedAt = now;
    else health.lastWrittenAt = now;
    const last = health.moments.at(-1);
    if (last !== undefined && now - last.at < 1_000) last[what] += by;
    else health.moments.push({ at: now, received: 0, written: 0, [what]: by });
    while ((health.moments[0]?.at ?? now) < now - minuteMs) health.moments.shift();
  }

  function hear(unit: CommitUnit): void {
    add("decided", unit.done.length);
    add("logged", unit.journal.length);
    for (const { kind } of unit.journal) {
      if (kind === "linked" || kind === "created" || kind === "merged") add("linked", 1);
      if (kind === "set" || kind === "kept" || kind === "put-back") add("resolved", 1);
    }
    for (const hold of unit.holds) {
      if (hold.revision === 1) add("held", 1);
      touched.holds.add(hold.id);
    }
    if (unit.golden !== null && listeners.size > 0) touched.records.add(unit.golden.id);
    if (listeners.size === 0 || isWaiting) return;
    isWaiting = true;
    setTimeout(tellNews, newsEveryMs).unref();
  }

  function tellNews(): void {
    isWaiting = false;
    const named = (ids: Set<string>) => (ids.size > namedMax ? null : [...ids]);
    const news = { holds: named(touched.holds), records: named(touched.records) };
    touched.holds.clear();
    touched.records.clear();
    for (const listener of listeners) listener(news);
  }

  return {
    tell(event) {
      if (event.kind === "received") {
        add("received", event.count);
        count(event.system, "received", event.count);
      } else if (event.kind === "written") {
        const { written = 0, ...others } = event.results;
        add("written", written);
        add(
          "failed",
          Object.values(others).reduce((sum, one) => sum + one, 0),
        );
        count(event.system, "written", written);
        noteLatencies(event.arrivals.map(({ ms }) => ms));
      } else if (event.kind === "trouble") {
        add("failed", 1);
        const { troubles } = healthOf(event.system);
        const since = troubles.get(event.doing)?.since ?? clock.now();
        troubles.set(event.doing, { message: event.message, since });
      } else if (event.kind === "recovered") healthOf(event.system).troubles.delete(event.doing);
    },
    heard: (store) => ({
      ...store,
      async commit(units, cursors) {
        const results = await store.commit(units, cursors);
        units.forEach((unit, i) => {
          if (results[i]?.kind === "committed") hear(unit);
        });
        return results;
      },
    }),
    buckets: () => buckets,
    health(system) {
      const { troubles, lastReceivedAt, lastWrittenAt, moments } = healthOf(system);
      const [first] = [...troubles].sort(([, a], [, b]) => a.since - b.since);
      const recent = moments.filter(({ at }) => at >= clock.now() - minuteMs);
      const sum = (what: "received" | "written") => recent.reduce((total, moment) => total + moment[what], 0);
      return {
        trouble: first === undefined ? null : { doing: first[0], ...first[1] },
        lastReceivedAt,
        lastWrittenAt,
        received: sum("received"),
        written: sum("written"),
      };
    },
    onNews(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
