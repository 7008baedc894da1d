import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { EngineOrder, EngineWord } from "./engine-process.ts";

/** The engine's process, from the outside. */
export type Engine = {
  /** Resolves when it has nothing left to do. */
  quiet(): Promise<void>;
  /** Sweeps everything; resolves to the number of records that differed, once it is quiet again. */
  sweep(): Promise<number>;
  stop(): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
};

/** A small company's sync needs no more; left alone, Node lets garbage grow on a machine with much memory. */
const memory = ["--max-old-space-size=200", "--max-semi-space-size=8"];

/** Starts Truce in a process of its own. Resolves when it is up. */
export async function startEngine(order: EngineOrder, hear: (word: EngineWord) => void): Promise<Engine> {
  const here = import.meta.url.endsWith(".ts") ? "./engine-process.ts" : "./engine-process.js";
  const child = spawn(
    process.execPath,
    [...memory, fileURLToPath(new URL(here, import.meta.url)), JSON.stringify(order)],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  const waiters = new Map<EngineWord["kind"], ((word: EngineWord) => void)[]>();
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  createInterface({ input: child.stdout! }).on("line", (line) => {
    const word = JSON.parse(line) as EngineWord;
    const waiting = waiters.get(word.kind) ?? [];
    waiters.delete(word.kind);
    for (const waiter of waiting) waiter(word);
    hear(word);
  });
  const next = <K extends EngineWord["kind"]>(kind: K) =>
    Promise.race([
      new Promise<EngineWord & { kind: K }>((resolve) => {
        waiters.set(kind, [...(waiters.get(kind) ?? []), resolve as (word: EngineWord) => void]);
      }),
      ended.then((): never => {
        throw new Error(`The engine's process ended (${child.exitCode ?? child.signalCode}).`);
      }),
    ]);
  const order_ = (line: string) => void child.stdin!.write(`${line}\n`);
  await next("up");
  return {
    async quiet() {
      order_("quiet");
      await next("quiet");
    },
    async sweep() {
      order_("sweep");
      return (await next("sweeps-done")).drifted;
    },
    async stop() {
      order_("stop");
      await ended;
    },
    async kill() {
      kill9(child);
      await ended;
    },
  };
}

function kill9(child: ChildProcess): void {
  child.kill("SIGKILL");
}
