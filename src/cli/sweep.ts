import { run } from "../engine/run.ts";
import type { SweepReport } from "../engine/scan.ts";
import type { SystemId } from "../model/record.ts";
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

/** `truce sweep [SYSTEM]`: compares systems in full with what is known, heals what differs, and says what did. */
export async function sweepCommand(system: string | undefined, options: CommonOptions): Promise<void> {
  const config = await readConfig(options);
  if (system !== undefined && config.systems[system] === undefined) {
    throw new CliError(`There is no system ${system}; there are ${Object.keys(config.systems).join(", ")}.`, exitUsage);
  }
  const path = deskPath(dataFolder(config));
  const running = path === null ? null : await reachDesk(path);
  if (running !== null) remark("The running truce sweeps; this may take a while.");
  const reports = await (running === null ? sweepHere(system ?? null, options) : running.sweep(system ?? null));
  if (options.json === true) return printJson(reports);
  print(table([["system", "object", "records", "differed", "missing", ""], ...reports.map(rowOf)]));
}

function rowOf({ system, object, scanned, drifted, missing, doubted }: SweepReport): (string | number)[] {
  const doubt = doubted ? color.red("so many that none is taken for deleted: look at the system") : "";
  return [system, object, scanned, drifted, missing, doubt];
}

async function sweepHere(system: SystemId | null, options: CommonOptions): Promise<readonly SweepReport[]> {
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
      return await sweepSystems(session.deps, running, system);
    } finally {
      progress.end();
      await running.stop();
    }
  } finally {
    await session.close();
  }
}
