import { flowCount } from "../core/mass-change.ts";
import { CliError } from "./exit.ts";
import { wholeNumber } from "./number-option.ts";
import { atDesk } from "./open-desk.ts";
import { color, print, printJson, safeText, table, timeText } from "./output.ts";
import type { CommonOptions } from "./session.ts";
import { userName } from "./user-name.ts";

/** `truce guard`: masses of deletes and blanks that wait for a person, and those decided within a day. */
export function listFlows(options: CommonOptions): Promise<void> {
  return atDesk(options, async (desk) => {
    const flows = await desk.stoppedFlows();
    if (options.json === true) return printJson(flows);
    if (flows.length === 0) return print("Nothing was stopped.");
    const rows = flows.map((flow) => [
      flow.key,
      timeText(flow.stoppedAt ?? 0),
      flowCount(flow),
      flow.limit,
      flow.decision === null ? color.yellow("waits") : `${flow.decision.kind} by ${safeText(flow.decision.by)}`,
    ]);
    print(table([["flow", "stopped", "in a day", "limit", ""], ...rows]));
    print(color.dim("\ntruce guard approve FLOW lets them go on; truce guard hold FLOW asks about each."));
  });
}

export type FlowOptions = CommonOptions & { readonly max?: string; readonly by?: string };

/** `truce guard approve FLOW`: what waits, and what comes within a day, goes on as the config says; with `--max` so many. */
export function approveFlow(key: string, options: FlowOptions): Promise<void> {
  const left = options.max === undefined ? null : wholeNumber("--max", options.max);
  return decide(key, "approve", left, options);
}

/** `truce guard hold FLOW`: each is asked about on its own. */
export function holdFlow(key: string, options: FlowOptions): Promise<void> {
  return decide(key, "hold", null, options);
}

function decide(key: string, kind: "approve" | "hold", left: number | null, options: FlowOptions): Promise<void> {
  return atDesk(options, async (desk) => {
    if (!(await desk.decideFlow(key, { kind, left, by: options.by ?? userName() })))
      throw new CliError(`There is no stopped flow "${safeText(key)}". truce guard lists them.`);
    if (options.json === true) printJson({ decided: key, kind, left });
    else print("Decided, for what waits and for what comes within a day. It goes on within a minute.");
  });
}
