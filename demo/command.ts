import pc from "picocolors";
import { printJson } from "../src/cli/output.ts";
import { liveView } from "./live-view.ts";
import { runDemo } from "./run-demo.ts";
import { showResult } from "./show-result.ts";

export type DemoCommandOptions = {
  readonly json?: boolean;
  readonly once?: boolean;
  readonly seed?: string;
  readonly kills?: string;
};

/** `truce demo` */
export async function demoCommand(options: DemoCommandOptions): Promise<void> {
  const seed = options.seed === undefined ? Math.floor(Math.random() * 1_000_000) : Number(options.seed);
  const view = liveView(options.once !== true && process.stderr.isTTY === true);
  try {
    const result = await runDemo({ seed, kills: Number(options.kills ?? "0") }, view.tell);
    view.end();
    if (options.json === true) printJson(result);
    else {
      showResult(result);
      process.stdout.write(`\nThe same story again: ${pc.cyan(`truce demo --seed ${seed}`)}\n`);
    }
  } finally {
    view.end();
  }
}
