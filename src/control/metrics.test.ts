import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { machineClock, machineRandom } from "../clock/machine.ts";
import { testPolicy } from "../core/testing/policy.ts";
import type { Deps } from "../engine/deps.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { createMetrics } from "./metrics.ts";

const root = join(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const { instruments } = createMetrics(machineClock.now);

/** The names that Prometheus has for what is measured, with their labels. */
const series = new Map(
  instruments.flatMap(({ name, type, labels }) =>
    type === "histogram"
      ? ["_bucket", "_sum", "_count"].map((end) => [name + end, [...labels, "le"]] as const)
      : [[name, labels] as const],
  ),
);

test("the dashboard and the alert rules ask for figures that there are, by labels that these have", () => {
  const dashboard = JSON.parse(read("examples/monitoring/grafana-dashboard.json")) as {
    panels: { targets: { expr: string; legendFormat: string }[] }[];
  };
  const expressions = dashboard.panels.flatMap(({ targets }) =>
    targets.map((one) => `${one.expr} ${one.legendFormat}`),
  );
  const rules = read("examples/monitoring/truce-rules.yml").split("- alert:").slice(1);
  for (const text of [...expressions, ...rules]) {
    const names = text.match(/\btruce_[a-z_]+/gu) ?? [];
    for (const name of names) expect([...series.keys()]).toContain(name);
    const labels = [
      ...text.matchAll(/by \((?<by>[^)]*)\)|\{\{\s*(?:\$labels\.)?(?<legend>\w+)\s*\}\}|\{(?<match>\w+)[=!]/gu),
    ].flatMap(({ groups }) => (groups?.["by"] ?? groups?.["legend"] ?? groups?.["match"] ?? "").split(/,\s*/u));
    const known = names.flatMap((name) => series.get(name) ?? []);
    for (const label of labels) if (!text.includes("process_")) expect(known, text).toContain(label);
  }
});

test("every figure is told of on the page about metrics, and no other", () => {
  const told = new Set(read("docs/operations/metrics.md").match(/\btruce_[a-z_]+/gu));
  expect(told).toEqual(new Set(instruments.map(({ name }) => name)));
});

test("what the engine tells is counted by what it was, and by where it came from", async () => {
  const metrics = createMetrics(machineClock.now);
  const conflicts = [{ entity: "contact", decider: "rule", count: 2 } as const];
  metrics.note({ kind: "decided", outcomes: { applied: 3 }, conflicts, opened: { duplicate: 1 }, tookMs: 20 });
  metrics.note({
    ...{ kind: "written", system: "db", object: "people", results: { written: 1, REJECTED: 1 }, tookMs: 5, retries: 1 },
    arrivals: [{ entity: "contact", from: "crm", ms: 700 }],
  });
  const deps: Deps = {
    ...{ store: createMemoryStore(), connectors: new Map(), clock: machineClock, random: machineRandom },
    ...{ policy: testPolicy({}), startedAt: 0, tell: () => undefined },
  };
  const text = await metrics.text(deps);
  for (const line of [
    'truce_observations_decided_total{outcome="applied"} 3',
    'truce_conflicts_total{entity="contact",decider="rule"} 2',
    'truce_holds_opened_total{kind="duplicate"} 1',
    'truce_writes_total{system="db",object="people",result="REJECTED"} 1',
    'truce_retries_total{system="db"} 1',
    'truce_sync_latency_seconds_bucket{le="1",system="db",from="crm",entity="contact"} 1',
  ])
    expect(text).toContain(line);
});
