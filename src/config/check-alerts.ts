import type { Meaning } from "./meaning.ts";
import { errorAt, type Finding } from "./problem.ts";
import { didYouMean } from "./words.ts";

const path = ["settings", "alerts"];

/** Alerts are sent by routes that there are, about systems that there are. */
export function checkAlerts({ config, systems, isHurt }: Meaning): Finding[] {
  const { routes, send, maintenance, targets } = config.settings.alerts;
  const names = Object.keys(routes);
  const unsent = (["info", "warning", "critical"] as const).flatMap((severity) =>
    (send[severity] ?? []).flatMap((name, i) => unknown([...path, "send", severity, i], "route", name, names)),
  );
  const unmaintained = maintenance.flatMap(({ systems: wanted = [] }, i) =>
    wanted.flatMap((name, k) => unknown([...path, "maintenance", i, "systems", k], "system", name, systems)),
  );
  const entities = Object.keys(config.entities);
  const untargeted = targets.flatMap(({ entity, from, to }, i) => [
    ...(entity === undefined ? [] : unknown([...path, "targets", i, "entity"], "entity", entity, entities)),
    ...(from === undefined ? [] : unknown([...path, "targets", i, "from"], "system", from, systems)),
    ...(to === undefined ? [] : unknown([...path, "targets", i, "to"], "system", to, systems)),
  ]);
  return [...untargeted, ...(isHurt([...path, "routes"]) ? [] : unsent), ...unmaintained];
}

function unknown(at: Finding["path"], noun: string, name: string, known: readonly string[]): Finding[] {
  return known.includes(name) ? [] : [errorAt(at, `there is no ${noun} "${name}"`, didYouMean(name, known))];
}
