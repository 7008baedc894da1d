import { type ConvergenceReport, convergenceReport } from "../control/convergence.ts";
import { run } from "../engine/run.ts";
import type { SweepReport } from "../engine/scan.ts";
import type { SystemId } from "../model/record.ts";
import { showConvergence } from "./convergence.ts";
import { sweepSystems } from "./desk.ts";
import { deskPath, reachDesk } from "./desk-socket.ts";
import { eventText } from "./event-text.ts";
import { CliError, exitUsage } from "./exit.ts";
import { color, print, printJson, remark, table } from "./output.ts";
import { prepareSystems } from "./prepare-systems.ts";
import { createProgress } from "./progress.ts";
import { workBatchMax } from "./run.ts";
import { type CommonOptions, dataFolder, openSession, readConfig } from "./session.ts";
import { stopSignal } from "./stop-signal.ts";

export type SweepOptions = CommonOptions & { readonly report?: boolean };

type Swept = { readonly sweeps: readonly SweepReport[]; readonly convergence: () => Promise<ConvergenceReport> };

/**
 * `truce sweep [SYSTEM]`: compares systems in full with what is known, heals what differs, and says what did; with `--report` also what agrees
 * where as of then, and why the rest doesn't.
 */
export async function sweepCommand(system: string | undefined, options: SweepOptions): Promise<void> {
  const config = await readConfig(options);
  if (system !== undefined && config.systems[system] === undefined) {
    throw new CliError(`There is no system ${system}; there are ${Object.keys(config.systems).join(", ")}.`, exitUsage);
  }
  const path = deskPath(dataFolder(config));
  const running = path === null ? null : await reachDesk(path);
  if (running !== null) remark("The running truce sweeps; this may take a while.");
  const tell = async ({ sweeps, convergence }: Swept) =>
    show(sweeps, options.report === true ? await convergence() : null, options);
  if (running === null) return sweepHere(system ?? null, options, tell);
  await tell({ sweeps: await running.sweep(system ?? null), convergence: running.convergence });
}

function show(sweeps: readonly SweepReport[], convergence: ConvergenceReport | null, { json }: SweepOptions): void {
  if (json === true) return printJson(convergence === null ? sweeps : { sweeps, convergence });
  print(table([["system", "object", "records", "differed", "missing", ""], ...sweeps.map(rowOf)]));
  if (convergence === null) return;
  print();
  showConvergence(convergence);
}

function rowOf({ system, object, scanned, drifted, missing, doubted }: SweepReport): (string | number)[] {
  const doubt = doubted ? color.red("so many that none is taken for deleted: look at the system") : "";
  return [system, object, scanned, drifted, missing, doubt];
}

async function sweepHere(
  system: SystemId | null,
  options: CommonOptions,
  tell: (swept: Swept) => Promise<void>,
): Promise<void> {
  const progress = createProgress();
  const session = await openSession(options, (event) => {
    if (event.kind === "scanned")
      progress.set(`${event.system} ${event.object}:`, event.count, event.done ? event.count : event.total);
    const text = event.kind === "scanned" ? null : eventText(event);
    if (text !== null) progress.note(text);
  });
  try {
    await prepareSystems(session, stopSignal());
    const running = run(session.deps, { workBatchMax, sweepEveryMs: null, schemaEveryMs: null });
    try {
      await Promise.race([running.quiet(), running.ended]);
      const sweeps = await sweepSystems(session.deps, running, system);
      progress.end();
      await tell({ sweeps, convergence: () => convergenceReport(session.deps) });
    } finally {
      progress.end();
      await running.stop();
    }
  } finally {
    await session.close();
  }
}
