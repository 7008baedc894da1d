import { mappedObjects } from "../engine/deps.ts";
import { SyncFailure } from "../model/sync-error.ts";
import type { Connector, SchemaProblem } from "../ports/connector.ts";
import { checkedSystem } from "./check-systems.ts";
import { CliError, exitProblems } from "./exit.ts";
import { counted, remark, spanText } from "./output.ts";
import { problemLines } from "./problem-lines.ts";
import type { Session } from "./session.ts";

const retryMs = 5_000;

/**
 * Compares the mapping with each live system and makes there what Truce needs. What the config asks and a system can't do ends the start
 * (exit code 3). A system that can't be reached is waited for before the first run; later it is left to the engine, and so are fields that have
 * changed there.
 */
export async function prepareSystems(session: Session, signal: AbortSignal): Promise<void> {
  const isFirst = (await session.deps.store.cursor("loaded")) === null;
  const prepared = await Promise.all(
    [...session.deps.connectors.values()].map((one) => prepare(session, one, isFirst, signal)),
  );
  const problems = prepared.flat();
  for (const line of problemLines(problems)) remark(line);
  const errors = problems.filter((one) => one.severity === "error").length;
  if (errors > 0) throw new CliError(`${counted(errors, "error")}; nothing was started.`, exitProblems);
}

/** Once a run has been under way a changed field ends no start: it is paused, and the others go on. */
function asPaused(problem: SchemaProblem): SchemaProblem {
  if (problem.severity !== "error" || problem.cell === null) return problem;
  return {
    ...problem,
    severity: "warning",
    message: `${problem.message.replace(/\.$/u, "")}; it is paused until it is as the config says`,
  };
}

async function prepare({ config, deps }: Session, connector: Connector, isFirst: boolean, signal: AbortSignal) {
  const { system } = connector;
  const objects = mappedObjects(config.policy, system);
  while (!signal.aborted) {
    try {
      const found = await connector.check(objects, { prepare: true });
      return checkedSystem(config, connector, isFirst ? found : found.map(asPaused)).problems;
    } catch (error) {
      if (!(error instanceof SyncFailure)) throw error;
      const { code, message } = error.error;
      const passes = code === "UNREACHABLE" || code === "RATE_LIMITED" || code === "UNKNOWN_OUTCOME";
      if (!passes)
        return checkedSystem(config, connector, [{ object: "", cell: null, severity: "error", message }]).problems;
      remark(
        `${system}: not reached: ${message.replace(/\.$/u, "")}.${isFirst ? ` Next try in ${spanText(retryMs)}.` : " The others go on."}`,
      );
      if (!isFirst) return [];
      await deps.clock.sleep(retryMs, signal);
    }
  }
  return [];
}
