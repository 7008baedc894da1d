import { mappedObjects } from "../engine/deps.ts";
import { run } from "../engine/run.ts";
import type { SweepReport } from "../engine/scan.ts";
import { print, printJson, table } from "./output.ts";
import { type CommonOptions, openSession } from "./session.ts";

/** `truce sweep [SYSTEM]`: compares systems in full with what is known, heals what differs, and says what did. */
export async function sweepCommand(system: string | undefined, options: CommonOptions): Promise<void> {
  const session = await openSession(options, () => undefined);
  const running = run(session.deps, { workBatchMax: 500, sweepEveryMs: null });
  try {
    await running.quiet();
    const reports: SweepReport[] = [];
    for (const name of system === undefined ? session.deps.connectors.keys() : [system]) {
      for (const { object } of mappedObjects(session.config.policy, name))
        reports.push(await running.sweep(name, object));
    }
    await running.quiet();
    if (options.json === true) return printJson(reports);
    print(
      table([
        ["system", "object", "records", "different", "missing", ""],
        ...reports.map((one) => [
          one.system,
          one.object,
          one.scanned,
          one.drifted,
          one.missing,
          one.doubted ? "too many missing: nothing was taken for deleted" : "",
        ]),
      ]),
    );
  } finally {
    await running.stop();
    await session.close();
  }
}
