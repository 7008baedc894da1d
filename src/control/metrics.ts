import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Deps, EngineEvent } from "../engine/deps.ts";
import { openAlerts } from "./alerts/alerts.ts";

/** Counts what the engine tells, and says in Prometheus' text format how things are. No field values, and no ids. */
export type Metrics = {
  note(event: EngineEvent): void;
  /** Looks at the store as well. Rejects when that fails: an old figure would look like a good one. */
  text(deps: Deps): Promise<string>;
  readonly contentType: string;
};

const seconds = [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3_600];

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name: `truce_${name}`, help, labelNames, registers: [registry] });
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name: `truce_${name}`, help, labelNames, registers: [registry] });
  const histogram = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Histogram({ name: `truce_${name}`, help, labelNames, buckets: seconds, registers: [registry] });

  const received = counter("observations_received_total", "Observations taken in.", "system", "from");
  const decided = counter("observations_decided_total", "Observations decided, by how they ended.", "outcome");
  const decide = histogram("decide_seconds", "Time to decide and commit a batch.");
  const writes = counter("writes_total", "Writes, by what came of them.", "system", "object", "result");
  const write = histogram("write_seconds", "Time from sending a batch of writes to its settled receipts.", "system");
  const latency = histogram("sync_latency_seconds", "Time from a record's falling behind to its write.", "system");
  const troubles = counter("troubles_total", "Failed calls that are tried again.", "system", "code");
  const away = gauge("breaker_open", "1 while a system is left alone because it keeps failing.", "system");
  const swept = counter("swept_records_total", "Records compared by sweeps.", "system", "object");
  const drifted = counter("drifted_records_total", "Records that sweeps found changed unnoticed.", "system", "object");

  const records = gauge("golden_records", "Golden records.", "entity");
  const links = gauge("links", "Linked records.", "system");
  const inbox = gauge("inbox_items", "Observations that wait to be decided.");
  const inboxAge = gauge("inbox_oldest_seconds", "Age of the observation that has waited longest.");
  const behind = gauge("links_behind", "Records that differ from what was agreed on.", "system");
  const divergence = gauge("divergence_oldest_seconds", "How long the oldest such difference has lasted.", "system");
  const holds = gauge("holds_open", "Decisions that wait for a person.", "kind");
  const dead = gauge("dead_letters_open", "What failed for good and waits.");
  const alerts = gauge("alerts_open", "Open alerts.", "severity");
  const calls = gauge("limit_calls", "Calls sent since the start.", "system", "limit");
  const refused = gauge("limit_refused", "Calls refused for being too many, since the start.", "system", "limit");
  const waiting = gauge("limit_waiting", "Calls that wait for room.", "system", "limit");
  const inUse = gauge("limit_in_use_ratio", "Part of the limit in use.", "system", "limit");
  const dayLeft = gauge("limit_day_left", "Calls of the day that are left, where the system tells.", "system", "limit");
  const ahead = gauge("clock_ahead_seconds", "How far the system's clock is before Truce's.", "system");
  const looked = gauge("looked_at_timestamp_seconds", "When these figures were read from the store.");

  const look = async (deps: Deps): Promise<void> => {
    const now = deps.clock.now();
    const [counts, open] = await Promise.all([deps.store.counts(now), openAlerts(deps)]);
    const age = (at: number | null) => (at === null ? 0 : Math.max(0, now - at) / 1_000);
    for (const one of [records, holds, behind, divergence, links, alerts]) one.reset();
    for (const [entity, count] of Object.entries(counts.goldens)) records.set({ entity }, count);
    for (const [system, count] of Object.entries(counts.links)) links.set({ system }, count);
    for (const [kind, count] of Object.entries(counts.holds)) holds.set({ kind }, count ?? 0);
    for (const system of deps.connectors.keys()) {
      behind.set({ system }, counts.behind[system]?.count ?? 0);
      divergence.set({ system }, age(counts.behind[system]?.oldestAt ?? null));
    }
    for (const severity of ["info", "warning", "critical"])
      alerts.set({ severity }, open.filter((alert) => alert.severity === severity).length);
    inbox.set(counts.inbox);
    inboxAge.set(age(counts.inboxOldestAt));
    dead.set(counts.deadLetters);
    looked.set(now / 1_000);
    for (const [system, { limiters = [] }] of deps.connectors) {
      for (const limiter of limiters) {
        const labels = { system, limit: limiter.name };
        const usage = limiter.usage();
        calls.set(labels, usage.sent);
        refused.set(labels, usage.refused);
        waiting.set(labels, usage.waiting);
        inUse.set(labels, usage.inUse);
        if (usage.clockAheadMs !== null) ahead.set({ system }, usage.clockAheadMs / 1_000);
        if (usage.day !== null) dayLeft.set(labels, usage.day.left);
      }
    }
  };

  return {
    contentType: registry.contentType,
    note(event) {
      switch (event.kind) {
        case "received":
          received.inc({ system: event.system, from: event.from }, event.count);
          return;
        case "decided":
          for (const [outcome, count] of Object.entries(event.outcomes)) decided.inc({ outcome }, count);
          decide.observe(event.tookMs / 1_000);
          return;
        case "written": {
          const { system, object } = event;
          for (const [result, count] of Object.entries(event.results)) writes.inc({ system, object, result }, count);
          write.observe({ system }, event.tookMs / 1_000);
          for (const ms of event.latenciesMs) latency.observe({ system }, ms / 1_000);
          return;
        }
        case "trouble":
          troubles.inc({ system: event.system, code: event.code });
          return;
        case "breaker":
          away.set({ system: event.system }, event.forMs === 0 ? 0 : 1);
          return;
        case "swept": {
          const { system, object } = event;
          swept.inc({ system, object }, event.scanned);
          drifted.inc({ system, object }, event.drifted);
          return;
        }
      }
    },
    async text(deps) {
      await look(deps);
      return registry.metrics();
    },
  };
}
