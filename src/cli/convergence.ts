import type { ConvergenceReport, ObjectConvergence } from "../control/convergence.ts";
import { exitUnfinished } from "./exit.ts";
import { atDesk } from "./open-desk.ts";
import { color, counted, numberText, print, printJson, safeText, table, timeText } from "./output.ts";
import type { CommonOptions } from "./session.ts";

/** `truce convergence`: which fields agree in which systems, and why the others don't. Exit code 4 when something else than a hold is open. */
export function convergenceCommand(options: CommonOptions): Promise<void> {
  return atDesk(options, async (desk) => {
    const report = await desk.convergence();
    if (!report.isConverged) process.exitCode = exitUnfinished;
    if (options.json === true) return printJson(report);
    showConvergence(report);
  });
}

/** The report as text. */
export function showConvergence(report: ConvergenceReport): void {
  for (const one of report.objects) show(one);
  print(conclusion(report));
}

const reasons = ["held", "behind", "refused", "stuck", "other-form", "read-only"] as const;

function show({ entity, system, object, records, fields, knownSince, samples }: ObjectConvergence): void {
  const { linked = 0, ...others } = records;
  const rest = Object.entries(others).map(([presence, count]) => `${numberText(count)} ${presence}`);
  const since = knownSince === null ? "" : `, each known since ${timeText(knownSince)} or later`;
  print(`${color.bold(`${entity} in ${system} ${object}`)}: ${counted(linked, "record")}${since}`);
  if (rest.length > 0) print(`  without one: ${rest.join(", ")}`);
  const rows = Object.entries(fields).map(([field, standings]) => [
    field,
    standings.agrees ?? 0,
    reasons.flatMap((reason) => (standings[reason] ? [`${numberText(standings[reason])} ${reason}`] : [])).join(", "),
  ]);
  if (rows.length > 0) print(table([["field", "agree", "don't"], ...rows]).replaceAll(/^/gmu, "  "));
  for (const { ref, field, standing } of samples) print(color.dim(`  ${standing}: ${field} of ${safeText(ref.id)}`));
  print();
}

function conclusion({ isConverged, unread, at, objects }: ConvergenceReport): string {
  const waiting = unread.inbox === 0 ? "" : ` ${counted(unread.inbox, "observation")} are not decided yet.`;
  const held = objects.some(({ fields }) => Object.values(fields).some((standings) => standings.held));
  const all = held ? "everything agrees but what a person is asked about" : "everything agrees";
  const text = isConverged
    ? color.green(`As of ${timeText(at)} ${all}.`)
    : color.yellow(`As of ${timeText(at)} not everything agrees yet.`);
  return `${text}${waiting}`;
}
