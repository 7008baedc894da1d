import { resolveReference } from "../config/reference.ts";
import type { EngineEvent } from "../engine/deps.ts";
import { run } from "../engine/run.ts";
import { startServer } from "../server/server.ts";
import { CliError, exitUnfinished } from "./exit.ts";
import { print, printJson, remark, remarkColor, spanText } from "./output.ts";
import { type CommonOptions, openSession, type Session } from "./session.ts";

export type RunOptions = CommonOptions & { readonly once?: boolean };

const workBatchMax = 500;
const summaryEveryMs = 10_000;

/** `truce run`: the service, until it is told to stop; with `--once` until nothing is left to do. */
export async function runCommand(options: RunOptions): Promise<void> {
  const totals = newTotals();
  const session = await openSession(options, (event) => {
    count(totals, event);
    if (options.json === true && options.once !== true) printJson({ at: new Date().toISOString(), ...event });
    else tell(event);
  });
  const { deps, config } = session;
  const running = run(deps, {
    workBatchMax,
    sweepEveryMs: options.once === true ? null : config.settings.sweepEveryMs,
  });
  const stop = stopSignal();
  try {
    if (options.once === true) await runOnce(session, running, stop, totals, options);
    else await serve(session, running, stop, totals, options);
  } finally {
    await running.stop();
    await session.close();
  }
  await running.ended;
}

async function serve(
  { deps, config }: Session,
  running: ReturnType<typeof run>,
  stop: Promise<void>,
  totals: Totals,
  options: RunOptions,
): Promise<void> {
  const { host, port } = addressOf(resolveReference(config.settings.listen, config.source));
  const publicUrl =
    config.settings.publicUrl === null
      ? null
      : resolveReference(config.settings.publicUrl, config.source).replace(/\/$/u, "");
  const server = await startServer(deps, running, { host, port, publicUrl });
  remark(
    `Truce runs. Webhooks: ${publicUrl ?? server.url}/webhooks/SYSTEM, health: ${server.url}/healthz. Ctrl+C stops it.`,
  );
  const timer = setInterval(() => {
    if (options.json !== true && totals.changed) remark(summaryLine(totals));
    totals.changed = false;
  }, summaryEveryMs);
  await Promise.race([stop, running.ended]);
  clearInterval(timer);
  remark("Stopping: what is under way is finished first.");
  await server.close();
}

async function runOnce(
  { deps }: Session,
  running: ReturnType<typeof run>,
  stop: Promise<void>,
  totals: Totals,
  options: RunOptions,
): Promise<void> {
  const startedAt = Date.now();
  await Promise.race([running.quiet(), stop, running.ended]);
  const counts = await deps.store.counts(deps.clock.now());
  const held = Object.values(counts.holds).reduce((sum, one) => sum + (one ?? 0), 0);
  const behind = Object.values(counts.behind).reduce((sum, one) => sum + one.count, 0);
  const result = {
    seconds: (Date.now() - startedAt) / 1000,
    written: totals.written,
    decided: totals.outcomes,
    held,
    deadLetters: counts.deadLetters,
    behind,
  };
  if (options.json === true) printJson(result);
  else {
    print(summaryLine(totals));
    print(
      `Done in ${spanText(Date.now() - startedAt)}: ${held} held for a person, ${counts.deadLetters} dead letters.`,
    );
  }
  if (counts.inbox > 0 || behind > 0)
    throw new CliError(
      `Stopped with work left: ${counts.inbox} observations to decide, ${behind} links behind.`,
      exitUnfinished,
    );
}

/** `127.0.0.1:4400`, `[::1]:4400` or a port alone. */
export function addressOf(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:(?<host>\[[^\]]+\]|[^:]+):)?(?<port>\d{1,5})$/u.exec(text.trim());
  const port = Number(match?.groups?.["port"] ?? Number.NaN);
  if (match === null || port > 65_535)
    throw new CliError(`settings.listen is "${text}"; it should be an address and a port, like 127.0.0.1:4400.`);
  return { host: (match.groups?.["host"] ?? "127.0.0.1").replace(/^\[|\]$/gu, ""), port };
}

/** Resolves at the first Ctrl+C or termination; the second ends the process at once. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        if (asked) process.exit(130);
        asked = true;
        resolve();
      });
    }
  });
}

type Totals = {
  readonly received: Record<string, number>;
  readonly written: Record<string, number>;
  readonly outcomes: Record<string, number>;
  changed: boolean;
};

function newTotals(): Totals {
  return { received: {}, written: {}, outcomes: {}, changed: false };
}

function count(totals: Totals, event: EngineEvent): void {
  const add = (table: Record<string, number>, key: string, by: number) => {
    table[key] = (table[key] ?? 0) + by;
    totals.changed = true;
  };
  if (event.kind === "received") add(totals.received, event.system, event.count);
  if (event.kind === "written") add(totals.written, event.system, event.results["written"] ?? 0);
  if (event.kind === "decided")
    for (const [outcome, n] of Object.entries(event.outcomes)) add(totals.outcomes, outcome, n ?? 0);
}

function summaryLine({ received, written, outcomes }: Totals): string {
  const list = (table: Record<string, number>) =>
    Object.entries(table)
      .map(([key, n]) => `${n} ${key}`)
      .join(", ") || "none";
  return `read: ${list(received)}; decided: ${list(outcomes)}; written: ${list(written)}`;
}

/** Troubles and long work in words; the rest is summed up. */
function tell(event: EngineEvent): void {
  switch (event.kind) {
    case "scanned":
      if (event.done || event.count % 10_000 === 0)
        remark(
          `${event.system}: read ${event.count}${event.total === null ? "" : ` of about ${event.total}`} ${event.object}${event.done ? ", all" : ""}`,
        );
      return;
    case "trouble":
      return remark(
        remarkColor.yellow(
          `${event.system}: ${event.doing} failed: ${event.message}. Next try in ${spanText(event.retryInMs)}.`,
        ),
      );
    case "recovered":
      return remark(`${event.system}: ${event.doing} works again.`);
    case "poisoned":
      return remark(
        remarkColor.red(
          `${event.ref.system} ${event.ref.object} ${event.ref.id} could not be decided and is a dead letter now: ${event.message}`,
        ),
      );
    case "feed-lost":
      return remark(
        remarkColor.yellow(
          `${event.system}: the change feed of ${event.object} had lost its place; everything is compared once.`,
        ),
      );
    case "many-missing":
      return remark(
        remarkColor.red(
          `${event.system}: ${event.missing} of ${event.known} known ${event.object} were not in the list. Nothing was taken for deleted; look at the system.`,
        ),
      );
    default:
      return;
  }
}
