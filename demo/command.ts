import { spawn } from "node:child_process";
import pc from "picocolors";
import { CliError, exitUsage } from "../src/cli/exit.ts";
import { printJson } from "../src/cli/output.ts";
import { aborted, stopSignal } from "../src/cli/stop-signal.ts";
import { liveView } from "./live-view.ts";
import { type DemoNews, runDemo } from "./run-demo.ts";
import { showResult } from "./show-result.ts";

export type DemoCommandOptions = {
  readonly json?: boolean;
  readonly once?: boolean;
  readonly seed?: string;
  readonly kills?: string;
  readonly systems?: string;
};

/** `truce demo`: plays the story, and then leaves the console open on what is left to decide; with `--once` it ends with the result. */
export async function demoCommand(options: DemoCommandOptions): Promise<void> {
  const systems = options.systems ?? "three";
  if (systems !== "three" && systems !== "all")
    throw new CliError(`--systems takes three or all, not "${systems}".`, exitUsage);
  const seed = options.seed === undefined ? Math.floor(Math.random() * 1_000_000) : Number(options.seed);
  const isLive = options.once !== true && process.stderr.isTTY === true;
  const view = liveView(isLive);
  // Before the end, Ctrl-C ends the demo as it ends any program.
  const stay = options.once === true ? null : () => aborted(stopSignal());
  const tell = (news: DemoNews) => {
    view.tell(news);
    if (news.kind === "console" && isLive) openBrowser(news.url);
    if (news.kind !== "result") return;
    view.end();
    if (options.json === true) return printJson(news.result);
    showResult(news.result);
    process.stdout.write(
      `\nThe same story again: ${pc.cyan(`truce demo ${systems === "all" ? "--systems all " : ""}--seed ${seed}`)}\n`,
    );
    if (stay !== null) process.stdout.write("The console stays open on what is left to decide. Ctrl-C ends it all.\n");
  };
  try {
    await runDemo({ seed, systems, kills: Number(options.kills ?? "0"), stay }, tell);
  } finally {
    view.end();
  }
}

/** The address is printed as well: a machine without a browser loses nothing. */
function openBrowser(url: string): void {
  const programs: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
    darwin: ["open"],
    win32: ["cmd", "/c", "start", ""],
  };
  const [program, ...args] = programs[process.platform] ?? ["xdg-open"];
  const child = spawn(program, [...args, url], { stdio: "ignore", detached: true });
  child.on("error", () => undefined);
  child.unref();
}
