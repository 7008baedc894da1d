import type { LoadedConfig } from "../config/load-config.ts";
import { resolveReference } from "../config/reference.ts";
import type { AlertSettings } from "../control/alerts/alerts.ts";
import type { Route } from "../control/alerts/route.ts";

/** The config's word on alerts, with its secrets put in. */
export function alertSettings({ settings, source }: LoadedConfig): AlertSettings {
  const { routes, send, thresholds, targets, quiet, maintenance, repeatEvery, escalateAfter } = settings.alerts;
  const names = Object.keys(routes);
  const value = (reference: string) => resolveReference(reference, source);
  return {
    routes: Object.fromEntries(Object.entries(routes).map(([name, route]) => [name, routeOf(route, value)])),
    send: { info: send.info, warning: send.warning ?? names, critical: send.critical ?? names },
    policy: {
      repeatMs: repeatEvery === "never" ? null : repeatEvery,
      escalateMs: escalateAfter === "never" ? null : escalateAfter,
      quiet: quiet ?? null,
      maintenance: maintenance.map(({ from, until, systems = null }) => ({ from, until, systems })),
    },
    thresholds: {
      undecidedMs: thresholds.undecided,
      behindMs: thresholds.behind,
      latencyMs: thresholds.latency,
      deadLetters: thresholds.deadLetters,
      holds: thresholds.holds,
      heldForMs: thresholds.heldFor,
      duplicatesPercent: thresholds.duplicates,
      driftPercent: thresholds.drift,
      failuresPercent: thresholds.failures,
      downMs: thresholds.down,
      targets: targets.map(({ entity = null, from = null, to = null, undecided, behind, latency }) => ({
        ...{ entity, from, to },
        undecidedMs: undecided ?? null,
        behindMs: behind ?? null,
        latencyMs: latency ?? null,
      })),
    },
  };
}

type RouteOptions = LoadedConfig["settings"]["alerts"]["routes"][string];

function routeOf(route: RouteOptions, value: (reference: string) => string): Route {
  switch (route.to) {
    case "slack":
      return { to: "slack", url: value(route.url) };
    case "webhook":
      return { to: "webhook", url: value(route.url), secret: route.secret === undefined ? null : value(route.secret) };
    case "email":
      return { ...route, smtp: value(route.smtp), from: value(route.from), recipients: route.recipients.map(value) };
    case "pagerduty":
      return { to: "pagerduty", routingKey: value(route.routingKey), url: value(route.url) };
    case "command":
      return { to: "command", command: route.command.map(value) };
  }
}
