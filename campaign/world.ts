import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { SystemRecord, SystemWrite } from "../demo/check.ts";
import type { DemoSystem, Edit, StoryOptions } from "../demo/story.ts";

export type WorldOrder = {
  readonly story: StoryOptions;
  /** An empty database. */
  readonly databaseUrl: string;
  /** How much faster than in life the sandboxes' limits and lags run. */
  readonly speed: number;
};

/** What the process with the three systems does for its parent. */
export type WorldOffer = {
  about(): {
    readonly crm: { readonly port: number; readonly token: string; readonly secret: string };
    readonly marketing: { readonly port: number; readonly token: string; readonly base: string };
    /** The demo's config. */
    readonly config: string;
    readonly seeded: readonly (SystemRecord & { readonly thing: number })[];
  };
  /** A person carries out an edit in their system. */
  apply(edit: Edit): void;
  /** What the systems hold, read from them directly. */
  records(): readonly SystemRecord[];
  /** Every write since the seeding, from the systems' own audits. */
  writes(): readonly SystemWrite[];
  /** HubSpot's webhooks go there. */
  listen(url: string): void;
  /** Resolves when all webhooks have arrived, or after so many ms. */
  webhooksSettled(ms: number): void;
  /** Whether a record of the system has this value within so many ms. */
  seen(system: DemoSystem, field: string, value: string, ms: number): boolean;
};

export type Call = { readonly id: number; readonly name: keyof WorldOffer; readonly args: readonly unknown[] };
export type Reply = { readonly id: number; readonly result?: unknown; readonly error?: string };

/** The three systems, from outside of their process. */
export type World = {
  readonly [Name in keyof WorldOffer]: (...args: Parameters<WorldOffer[Name]>) => Promise<ReturnType<WorldOffer[Name]>>;
} & { close(): Promise<void> };

/** Starts the systems in a process of their own, and fills them with the story's copies. */
export async function startWorld(order: WorldOrder): Promise<World> {
  const file = fileURLToPath(new URL("./world-process.ts", import.meta.url));
  const child = fork(file, [JSON.stringify(order)], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const waiting = new Map<number, (reply: Reply) => void>();
  let calls = 0;
  child.on("message", (reply: Reply) => {
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  });
  child.once("exit", () => {
    for (const [id, tell] of waiting) tell({ id, error: "the process of the systems has ended" });
  });
  await new Promise<void>((resolve, reject) => {
    waiting.set(0, ({ error }) => (error === undefined ? resolve() : reject(new Error(error))));
  });
  const call = (name: keyof WorldOffer, args: readonly unknown[]) =>
    new Promise((resolve, reject) => {
      const id = ++calls;
      waiting.set(id, ({ result, error }) => (error === undefined ? resolve(result) : reject(new Error(error))));
      child.send({ id, name, args } satisfies Call);
    });
  const names = ["about", "apply", "records", "writes", "listen", "webhooksSettled", "seen"] as const;
  const methods = names.map((name) => [name, (...args: unknown[]) => call(name, args)]);
  return { ...Object.fromEntries(methods), close: () => end(child) } as World;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.disconnect();
  await ended;
}
