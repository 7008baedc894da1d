import { drawOrderScenario, drawScenario } from "./draw-scenario.ts";
import { checkOrder } from "./order.ts";
import { play } from "./play.ts";
import { tellScenario } from "./tell-scenario.ts";

/** Plays one seed with its log: the world, then who said what, what was decided and what was written, then the verdict. Returns the exit code. */
export async function replay(seed: number): Promise<number> {
  const scenario = drawScenario(seed);
  const report = await play(scenario, { keepsLog: true });
  const failures = [...report.failures, ...(await checkOrder(drawOrderScenario(seed)))];
  const verdict = failures.length === 0 ? "every promise held" : failures.join("\n");
  const lines = [
    ...tellScenario(scenario),
    "",
    ...report.log,
    "",
    verdict,
    `${report.steps} steps, trace ${report.traceHash}`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return failures.length === 0 ? 0 : 1;
}
