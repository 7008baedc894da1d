import { randomBytes } from "node:crypto";
import type { Span, SpanOptions } from "@opentelemetry/api";
import type { Deps, EngineEvent } from "../../engine/deps.ts";
import type { Metrics } from "../metrics.ts";
import { bridgeMetrics } from "./bridge-metrics.ts";
import { followCalls } from "./calls.ts";
import type { TraceRoot } from "./trace-ids.ts";
import { createTracing } from "./tracing.ts";

/** What OpenTelemetry is given while it is on. */
export type Telemetry = {
  /** The same parts, with each step of an event traced. */
  traced(deps: Deps): Deps;
  note(event: EngineEvent): void;
  /** Sends what is left, and ends. */
  close(): Promise<void>;
};

/** The package is large and few need it, so it is nobody's dependency: who wants it installs it beside Truce. */
const packageName = "@opentelemetry/sdk-node";

const closeMs = 5_000;

export type Sdk = typeof import("@opentelemetry/sdk-node");
/** `root`: the ids that a span without a parent gets. */
export type StartSpan = (name: string, options: SpanOptions, root?: TraceRoot) => Span;

/** True when the environment asks for OpenTelemetry in its usual words, and does not switch it off. */
export function isAskedFor(env: Readonly<Record<string, string | undefined>>): boolean {
  if (env["OTEL_SDK_DISABLED"]?.toLowerCase() === "true") return false;
  const names = ["OTEL_TRACES_EXPORTER", "OTEL_METRICS_EXPORTER"];
  const endpoints = ["", "_TRACES", "_METRICS"].map((one) => `OTEL_EXPORTER_OTLP${one}_ENDPOINT`);
  return [...names, ...endpoints].some((name) => (env[name] ?? "") !== "");
}

/** Starts the standard SDK, which takes the rest of its settings from OTEL_* itself. Rejects, with the remedy, when it is not installed. */
export async function startTelemetry(metrics: Metrics, deps: () => Deps, version: string): Promise<Telemetry> {
  const sdk = await load();
  let root: TraceRoot | null = null;
  const node = new sdk.NodeSDK({
    resource: sdk.resources.resourceFromAttributes({ "service.name": "truce", "service.version": version }),
    resourceDetectors: [sdk.resources.envDetector, sdk.resources.hostDetector],
    idGenerator: {
      generateTraceId: () => root?.traceId ?? randomBytes(16).toString("hex"),
      generateSpanId: () => root?.spanId ?? randomBytes(8).toString("hex"),
    },
  });
  node.start();
  const { context, trace } = sdk.api;
  const tracer = trace.getTracer("truce", version);
  const startSpan: StartSpan = (name, options, given) => {
    root = given ?? null;
    try {
      return tracer.startSpan(name, options, context.active());
    } finally {
      root = null;
    }
  };
  const tracing = createTracing(sdk, startSpan);
  const bridge = bridgeMetrics(sdk, metrics, deps, version);
  const unfollow = followCalls(sdk, startSpan);
  return {
    traced: tracing.traced,
    note: bridge.note,
    async close() {
      unfollow();
      // A collector that is away must not hold up the end.
      const patience = AbortSignal.timeout(closeMs);
      const over = new Promise<void>((resolve) => patience.addEventListener("abort", () => resolve(), { once: true }));
      await Promise.race([node.shutdown().catch(() => undefined), over]);
    },
  };
}

async function load(): Promise<Sdk> {
  try {
    return await import("@opentelemetry/sdk-node");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Error(`OTEL_* is set, and ${packageName} is not there: npm install ${packageName}`, { cause: error });
  }
}
