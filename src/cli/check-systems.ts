import { machineClock } from "../clock/machine.ts";
import type { LoadedConfig } from "../config/load-config.ts";
import type { ConfigProblem, Path } from "../config/problem.ts";
import { cellsOf } from "../core/mapping/cells-of.ts";
import { mappedObjects } from "../engine/deps.ts";
import type { SystemId } from "../model/record.ts";
import type { Connector, SchemaProblem } from "../ports/connector.ts";
import { connectSystem } from "./connect-system.ts";

/** What asking one system about its part of the config came to. */
export type CheckedSystem = {
  readonly system: SystemId;
  readonly label: string | null;
  readonly reached: boolean;
  readonly guarantees: Connector["guarantees"] | null;
  /** Placed where the config maps the object or cell. */
  readonly problems: readonly ConfigProblem[];
};

/** Compares every system's live schema with the config. Systems that can't be reached are problems like others. */
export function checkSystems(config: LoadedConfig, prepare: boolean): Promise<CheckedSystem[]> {
  return Promise.all(Object.keys(config.systems).map((system) => checkSystem(config, system, prepare)));
}

async function checkSystem(config: LoadedConfig, system: SystemId, prepare: boolean): Promise<CheckedSystem> {
  let connector: Connector | null = null;
  try {
    connector = await connectSystem(config, system, machineClock);
    return checkedSystem(config, connector, await connector.check(mappedObjects(config.policy, system), { prepare }));
  } catch (error) {
    const message = (error instanceof Error ? error.message : String(error)).replace(/\.$/u, "");
    const problem = located(config, ["systems", system], { severity: "error", message });
    return { system, label: connector?.label ?? null, reached: false, guarantees: null, problems: [problem] };
  } finally {
    await connector?.close();
  }
}

/** The answer of a connector's check, with each problem at its place in the config. */
export function checkedSystem(
  config: LoadedConfig,
  connector: Connector,
  problems: readonly SchemaProblem[],
): CheckedSystem {
  const { system, label, guarantees } = connector;
  const placed = problems.map((one) =>
    // What the next start makes by itself is no reason to call the config unsound.
    located(config, pathOf(config, system, one), one.preparable ? { ...one, severity: "warning" } : one),
  );
  return { system, label, guarantees, reached: true, problems: placed };
}

function pathOf({ policy }: LoadedConfig, system: SystemId, { object, cell }: SchemaProblem): Path {
  for (const { name, mappings } of Object.values(policy.entities)) {
    const mapping = mappings.find((one) => one.system === system && one.object === object);
    if (mapping === undefined) continue;
    const field = Object.entries(mapping.fields).find(([, one]) => cell !== null && cellsOf(one).includes(cell))?.[0];
    const path = ["entities", name, "systems", system];
    return field === undefined ? [...path, "object"] : [...path, "fields", field];
  }
  return ["systems", system];
}

function located(
  config: LoadedConfig,
  path: Path,
  { severity, message }: Pick<ConfigProblem, "severity" | "message">,
): ConfigProblem {
  return {
    severity,
    file: config.name,
    ...config.placeOf({ path, at: "value" }),
    path,
    message: message.replace(/\.$/u, ""),
    remedy: null,
  };
}
