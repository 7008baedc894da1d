import { type LoadedConfig, loadConfig } from "../config/load-config.ts";
import type { ConfigProblem } from "../config/problem.ts";
import type { Connector } from "../ports/connector.ts";
import { type CheckedSystem, checkSystems } from "./check-systems.ts";
import { exitProblems } from "./exit.ts";
import { color, counted, print, printJson } from "./output.ts";
import { problemLines } from "./problem-lines.ts";
import { type CommonOptions, configFile } from "./session.ts";

export type CheckOptions = CommonOptions & { readonly prepare?: boolean; readonly offline?: boolean };

/** `truce check`: the config by itself, then each system's connection and schema. `--prepare` also makes there what Truce needs. */
export async function checkCommand(options: CheckOptions): Promise<void> {
  const file = configFile(options.config);
  const { config, problems } = await loadConfig(file, { env: process.env, references: options.offline !== true });
  const systems =
    config === null || options.offline === true ? [] : await checkSystems(config, options.prepare === true);
  const all = [...problems, ...systems.flatMap((one) => one.problems)];
  const isSound = config !== null && !all.some((one) => one.severity === "error");
  if (!isSound) process.exitCode = exitProblems;
  if (options.json === true) {
    printJson({ ok: isSound, file, problems, systems });
    return;
  }
  tellConfig(config, problems);
  for (const one of systems) tellSystem(one);
  if (config !== null && systems.length > 0) print();
  print(conclusion(all, isSound));
}

function tellConfig(config: LoadedConfig | null, problems: readonly ConfigProblem[]): void {
  for (const line of problemLines(problems)) print(line);
  if (problems.length > 0) print();
  if (config === null) return;
  for (const [name, { fields, mappings }] of Object.entries(config.policy.entities)) {
    const places = mappings.map(({ system, object }) => `${system} ${object}`).join(", ");
    print(`${color.green("✓")} ${name}: ${counted(Object.keys(fields).length, "field")} in ${places}`);
  }
}

function tellSystem({ system, label, reached, problems, guarantees }: CheckedSystem): void {
  const errors = problems.filter((one) => one.severity === "error").length;
  const mark = errors > 0 ? color.red("✗") : problems.length > 0 ? color.yellow("!") : color.green("✓");
  print(`${mark} ${system}${label === null ? "" : ` (${label})`}: ${reached ? "reached" : "not reached"}`);
  if (guarantees !== null) print(color.dim(`    ${guaranteeText(guarantees)}`));
  for (const line of problemLines(problems)) print(`    ${line}`);
}

function guaranteeText({ conditionalWrite, uniqueCreate, history, deleteEvents }: Connector["guarantees"]): string {
  return [
    conditionalWrite ? "writes are conditional" : "writes are checked just before and after",
    uniqueCreate ? "creates are unique" : "creates are looked up before they are repeated",
    history ? "covered edits are recovered from its history" : "it keeps no history",
    deleteEvents ? "deletes are told" : "deletes are found by sweeps",
  ].join("; ");
}

function conclusion(problems: readonly ConfigProblem[], isSound: boolean): string {
  const errors = problems.filter((one) => one.severity === "error").length;
  const warnings = problems.length - errors;
  const beside = warnings === 0 ? "" : ` ${counted(warnings, "warning")}.`;
  if (!isSound) return color.red(`${counted(errors, "error")}.`) + beside;
  return `${color.green("All is well.")}${beside} Next: truce plan`;
}
