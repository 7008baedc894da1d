import pc from "picocolors";
import { machineClock } from "../clock/machine.ts";
import { mappedObjects } from "../engine/deps.ts";
import { createConnector } from "./create-connector.ts";
import { CliError, exitProblems } from "./exit.ts";
import { print, printJson } from "./output.ts";
import { type CommonOptions, readConfig } from "./session.ts";

export type CheckOptions = CommonOptions & { readonly prepare?: boolean };

type Line = {
  readonly system: string;
  readonly object: string;
  readonly cell: string | null;
  readonly severity: "error" | "warning";
  readonly message: string;
};

/** `truce check`: the config, then each system's connection and schema. `--prepare` also makes there what Truce needs. */
export async function checkCommand(options: CheckOptions): Promise<void> {
  const config = await readConfig(options);
  const lines: Line[] = [];
  for (const [system, systemOptions] of Object.entries(config.systems)) {
    const objects = mappedObjects(config.policy, system);
    const connector = await createConnector(systemOptions, {
      system,
      objects,
      source: config.source,
      clock: machineClock,
      webhookUrl: null,
    });
    try {
      const problems = await connector.check(objects, { prepare: options.prepare === true });
      lines.push(...problems.map((problem) => ({ system, ...problem })));
      if (options.json !== true) {
        const errors = problems.filter((problem) => problem.severity === "error").length;
        print(
          `${errors === 0 ? pc.green("ok") : pc.red("no")}  ${system} (${connector.label}): ${objects.map((one) => one.object).join(", ")}`,
        );
      }
    } catch (error) {
      lines.push({
        system,
        object: "",
        cell: null,
        severity: "error",
        message: error instanceof Error ? error.message : String(error),
      });
      if (options.json !== true) print(`${pc.red("no")}  ${system} (${connector.label})`);
    } finally {
      await connector.close();
    }
  }
  const errors = lines.filter((line) => line.severity === "error");
  if (options.json === true) printJson({ ok: errors.length === 0, problems: lines });
  else
    for (const line of lines)
      print(
        `    ${line.severity}: ${[line.system, line.object, line.cell].filter(Boolean).join(" ")}: ${line.message}`,
      );
  if (errors.length > 0) throw new CliError(options.json === true ? "" : `${errors.length} problems.`, exitProblems);
}
