import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export type TruceOptions = {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** More options of Node's own. */
  readonly nodeOptions?: readonly string[];
};

/** A process of `truce run`. */
export type Truce = {
  readonly pid: number;
  /** When it was started, ms. */
  readonly startedAt: number;
  /** Resolves with what it said last when it has ended, for whatever reason. */
  readonly ended: Promise<string>;
  readonly hasEnded: () => boolean;
  /** What it has said so far on standard error. */
  said(): string;
  /** kill -9, sent before this returns. */
  kill(): void;
  signal(name: NodeJS.Signals): void;
  /** As an operator would: SIGTERM, and it finishes what is under way. */
  stop(): Promise<void>;
};

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
/** A small company's sync needs no more; left alone, Node lets garbage grow on a machine with much memory. */
const memory = ["--max-old-space-size=200", "--max-semi-space-size=8"];
const saidMax = 20_000;

/** Starts the binary, and does not wait. */
export function startTruce(options: TruceOptions): Truce {
  const { child, said } = spawnTruce(["run"], options);
  const ended = new Promise<string>((resolve) => child.once("exit", () => resolve(said().slice(-2_000))));
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid!,
    startedAt: Date.now(),
    ended,
    hasEnded,
    said,
    kill: () => void child.kill("SIGKILL"),
    signal: (name) => void child.kill(name),
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** Runs a command to its end, and resolves with its exit code and output. */
export async function runTruce(
  args: readonly string[],
  options: TruceOptions,
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> {
  const { child, said } = spawnTruce(args, options);
  const chunks: Buffer[] = [];
  child.stdout!.on("data", (chunk: Buffer) => chunks.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, stdout: Buffer.concat(chunks).toString(), stderr: said() };
}

function spawnTruce(args: readonly string[], { folder, env, nodeOptions = [] }: TruceOptions) {
  const child: ChildProcess = spawn(process.execPath, [...memory, ...nodeOptions, main, ...args], {
    cwd: folder,
    env: { ...process.env, ...env, NO_COLOR: "1" },
    stdio: ["ignore", args[0] === "run" && args.length === 1 ? "ignore" : "pipe", "pipe"],
  });
  let text = "";
  child.stderr!.on("data", (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-saidMax);
  });
  return { child, said: () => text };
}
