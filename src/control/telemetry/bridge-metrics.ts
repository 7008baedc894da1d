import type { Observable } from "@opentelemetry/api";
import type { Deps, EngineEvent } from "../../engine/deps.ts";
import type { Metrics } from "../metrics.ts";
import type { Sdk } from "./start.ts";

/** Gives OpenTelemetry the same figures as /metrics, under the same names. Histograms are told event by event, the rest when it asks. */
export function bridgeMetrics(
  { api }: Pick<Sdk, "api">,
  metrics: Metrics,
  deps: () => Deps,
  version: string,
): { note(event: EngineEvent): void } {
  const meter = api.metrics.getMeter("truce", version);
  const observed = new Map<string, Observable>();
  const histograms = new Map(
    metrics.instruments.flatMap(({ name, help, type, buckets }) => {
      const options = { description: help, unit: name.includes("_seconds") ? "s" : "1" };
      if (type === "histogram")
        return [
          [name, meter.createHistogram(name, { ...options, advice: { explicitBucketBoundaries: [...buckets] } })],
        ];
      observed.set(
        name,
        type === "counter" ? meter.createObservableCounter(name, options) : meter.createObservableGauge(name, options),
      );
      return [];
    }),
  );
  meter.addBatchObservableCallback(
    async (result) => {
      for (const { name, values } of await metrics.figures(deps())) {
        const instrument = observed.get(name);
        if (instrument === undefined) continue;
        for (const { value, labels } of values) result.observe(instrument, value, labels);
      }
    },
    [...observed.values()],
  );
  return {
    note(event) {
      for (const { name, labels, value } of metrics.samplesIn(event)) histograms.get(name)?.record(value, labels);
    },
  };
}
