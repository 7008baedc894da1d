import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Deps, EngineEvent } from "../engine/deps.ts";
import type { Instant } from "../model/time.ts";
import { openAlerts } from "./alerts/alerts.ts";

/** Counts what the engine tells, and says in Prometheus' text format how things are. No field values, and no ids. */
export type Metrics = {
  note(event: EngineEvent): void;
  /** Alerts were looked at: a moment that stays behind is news in itself. */
  watched(): void;
  /** Looks at the store as well. Rejects when that fails: an old figure would look like a good one. */
  text(deps: Deps): Promise<string>;
  readonly contentType: string;
  /** What is measured, for others who take it on. */
  readonly instruments: readonly Instrument[];
  /** The values of counters and gauges now, as `text` has them. */
  figures(deps: Deps): Promise<readonly Figure[]>;
  /** What an event tells the histograms. */
  samplesIn(event: EngineEvent): readonly Sample[];
};

export type Instrument = {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  /** Of a histogram, in seconds. */
  readonly buckets: readonly number[];
};
export type Figure = {
  readonly name: string;
  readonly values: readonly { readonly value: number; readonly labels: Labels }[];
};
export type Sample = { readonly name: string; readonly labels: Labels; readonly value: number };
type Labels = Readonly<Record<string, string | number>>;

const seconds = [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3_600];

export function createMetrics(now: () => Instant): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const instruments: Instrument[] = [];
  const described = <Label extends string>(
    type: Instrument["type"],
    short: string,
    help: string,
    labels: readonly Label[],
  ) => {
    const name = `truce_${short}`;
    instruments.push({ name, help, type, labels, buckets: type === "histogram" ? seconds : [] });
    return { name, help, labelNames: [...labels], registers: [registry] };
  };
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter(described("counter", name, help, labelNames));
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge(described("gauge", name, help, labelNames));
  const histogram = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Histogram({ ...described("histogram", name, help, labelNames), buckets: seconds });

  const received = counter("observations_received_total", "Observations taken in.", "system", "from");
  const decided = counter("observations_decided_total", "Observations decided, by how they ended.", "outcome");
  const conflicts = counter("conflicts_total", "Fields on which systems disagreed.", "entity", "decider");
  const opened = counter("holds_opened_total", "Decisions that were left to a person.", "kind");
  const writes = counter("writes_total", "Writes, by what came of them.", "system", "object", "result");
  const retries = counter("retries_total", "Writes that had failed before, and were tried again.", "system");
  const histograms = new Map([
    ["truce_decide_seconds", histogram("decide_seconds", "Time to decide and commit a batch.")],
    [
      "truce_write_seconds",
      histogram("write_seconds", "Time from sending a batch of writes to its settled receipts.", "system"),
    ],
    [
      "truce_sync_latency_seconds",
      histogram(
        "sync_latency_seconds",
        "Time from a record's falling behind to its write, by where its news came from (truce: a person or a rule).",
        ...["system", "from", "entity"],
      ),
    ],
  ]);
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
  const holdAge = gauge("holds_oldest_seconds", "Age of the decision that has waited longest.");
  const dead = gauge("dead_letters_open", "What failed for good and waits.");
  const deadAge = gauge("dead_letters_oldest_seconds", "Age of the dead letter that has waited longest.");
  const alerts = gauge("alerts_open", "Open alerts.", "severity");
  const calls = gauge("limit_calls", "Calls sent since the start.", "system", "limit");
  const refused = gauge("limit_refused", "Calls refused for being too many, since the start.", "system", "limit");
  const waiting = gauge("limit_waiting", "Calls that wait for room.", "system", "limit");
  const inUse = gauge("limit_in_use_ratio", "Part of the limit in use.", "system", "limit");
  const dayLeft = gauge("limit_day_left", "Calls of the day that are left, where the system tells.", "system", "limit");
  const ahead = gauge("clock_ahead_seconds", "How far the system's clock is before Truce's.", "system");
  const looked = gauge("looked_at_timestamp_seconds", "When these figures were read from the store.");
  const lookTime = gauge("look_seconds", "How long that took.");
  const watched = gauge("alerts_looked_at_timestamp_seconds", "When alerts were looked at last, by this process.");

  const look = async (deps: Deps): Promise<void> => {
    const at = now();
    const oldest = { status: "open", limit: 1 } as const;
    const [counts, open, [oldestHold], [oldestLetter]] = await Promise.all([
      deps.store.counts(at),
      openAlerts(deps),
      deps.store.holds(oldest),
      deps.store.deadLetters(oldest),
    ]);
    const age = (since: Instant | null | undefined) => (since == null ? 0 : Math.max(0, at - since) / 1_000);
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
    holdAge.set(age(oldestHold?.openedAt));
    dead.set(counts.deadLetters);
    deadAge.set(age(oldestLetter?.at));
    looked.set(at / 1_000);
    lookTime.set((now() - at) / 1_000);
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
    instruments,
    note(event) {
      for (const { name, labels, value } of samplesIn(event)) histograms.get(name)?.observe({ ...labels }, value);
      switch (event.kind) {
        case "received":
          received.inc({ system: event.system, from: event.from }, event.count);
          return;
        case "decided":
          for (const [outcome, count] of Object.entries(event.outcomes)) decided.inc({ outcome }, count);
          for (const { entity, decider, count } of event.conflicts) conflicts.inc({ entity, decider }, count);
          for (const [kind, count] of Object.entries(event.opened)) opened.inc({ kind }, count);
          return;
        case "written": {
          const { system, object } = event;
          for (const [result, count] of Object.entries(event.results)) writes.inc({ system, object, result }, count);
          retries.inc({ system }, event.retries);
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
    watched: () => watched.set(now() / 1_000),
    async text(deps) {
      await look(deps);
      return registry.metrics();
    },
    async figures(deps) {
      await look(deps);
      const known = new Set(instruments.filter(({ type }) => type !== "histogram").map(({ name }) => name));
      const all = await registry.getMetricsAsJSON();
      return all.flatMap(({ name, values }) => (known.has(name) ? [{ name, values: values.map(plain) }] : []));
    },
    samplesIn,
  };
}

function plain({
  value,
  labels,
}: {
  readonly value: number;
  readonly labels: Partial<Record<string, string | number>>;
}) {
  return { value, labels: labels as Labels };
}

function samplesIn(event: EngineEvent): readonly Sample[] {
  if (event.kind === "decided") return [{ name: "truce_decide_seconds", labels: {}, value: event.tookMs / 1_000 }];
  if (event.kind !== "written") return [];
  const { system, tookMs, arrivals } = event;
  return [
    { name: "truce_write_seconds", labels: { system }, value: tookMs / 1_000 },
    ...arrivals.map(({ from, entity, ms }) => ({
      name: "truce_sync_latency_seconds",
      labels: { system, from: from ?? "truce", entity },
      value: ms / 1_000,
    })),
  ];
}
