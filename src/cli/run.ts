import { machineClock } from "../clock/machine.ts";
import { parseDuration } from "../config/duration.ts";
import { resolveReference } from "../config/reference.ts";
import { watchAlerts } from "../control/alerts/alerts.ts";
import { createReadings } from "../control/alerts/readings.ts";
import { watchFights } from "../control/fights.ts";
import { createMetrics, type Metrics } from "../control/metrics.ts";
import { sealJournal } from "../control/seal.ts";
import { shareLimits } from "../control/share.ts";
import type { EngineEvent } from "../engine/deps.ts";
import { type Running, run } from "../engine/run.ts";
import { openAccounts } from "../server/access/accounts.ts";
import { createLive, type Live } from "../server/live.ts";
import { startServer } from "../server/server.ts";
import { alertSettings } from "./alert-settings.ts";
import { publicUrlOf } from "./connect-system.ts";
import { consoleFolder } from "./console-folder.ts";
import { deskOf } from "./desk.ts";
import { deskPath, serveDesk } from "./desk-socket.ts";
import { eventText } from "./event-text.ts";
import { CliError, exitInterrupted, exitUnfinished, exitUsage } from "./exit.ts";
import { oidcOptions } from "./oidc-options.ts";
import { counted, print, printJson, spanText } from "./output.ts";
import { dryRun } from "./plan.ts";
import { prepareSystems } from "./prepare-systems.ts";
import { createProgress } from "./progress.ts";
import { counting, noTotals, totalsText } from "./run-totals.ts";
import { type CommonOptions, dataFolder, openConfiguredStore, openSession, type Session } from "./session.ts";
import { aborted, stopSignal } from "./stop-signal.ts";
import { version } from "./version.ts";
import { welcomeLink } from "./welcome.ts";

export type RunOptions = CommonOptions & {
  readonly once?: boolean;
  readonly timeout: string;
  readonly failOnHolds?: boolean;
};

export const workBatchMax = 500;
const summaryEveryMs = 10_000;

/** `truce run`: the service, until it is told to stop; with `--once` until nothing is left to do. */
export async function runCommand(options: RunOptions): Promise<void> {
  const timeoutMs = parseDuration(options.timeout);
  if (timeoutMs === null)
    throw new CliError(`--timeout takes a duration like 90s or 10m, not "${options.timeout}".`, exitUsage);
  const signal = stopSignal();
  const report = createReport(options);
  const readings = createReadings(machineClock.now);
  const metrics = createMetrics();
  const live = createLive(machineClock);
  const tell = (event: EngineEvent) => {
    live.tell(event);
    report.tell(event);
    readings.note(event);
    metrics.note(event);
  };
  const session = await openSession(options, tell, async (config) => live.heard(await openConfiguredStore(config)));
  try {
    await prepareSystems(session, signal);
    if (signal.aborted) return;
    const { sweepEveryMs } = session.config.settings;
    const running = run(session.deps, {
      workBatchMax,
      sweepEveryMs: options.once === true ? null : sweepEveryMs,
      schemaEveryMs: 5 * 60_000,
    });
    const stopping = new AbortController();
    const watches = [shareLimits(session.deps, stopping.signal)];
    if (options.once !== true)
      watches.push(
        watchAlerts(session.deps, readings, alertSettings(session.config), stopping.signal),
        watchFights(session.deps, stopping.signal),
        sealJournal(session.deps, stopping.signal),
      );
    // A bug in what watches must not go unseen.
    const broken = Promise.all(watches).then(() => running.ended);
    broken.catch(() => undefined);
    try {
      if (options.once === true) await runOnce(session, running, signal, timeoutMs, report, options);
      else await Promise.race([serve(session, running, { live, metrics }, signal, report), broken]);
    } finally {
      report.end();
      stopping.abort();
      await running.stop();
      await Promise.allSettled(watches);
    }
    await running.ended;
  } finally {
    await session.close();
  }
}

type Report = {
  readonly tell: (event: EngineEvent) => void;
  totals(): typeof noTotals;
  /** One line on what was done since the last summary, unless nothing was. */
  summary(): void;
  note(text: string): void;
  end(): void;
};

/** Trouble at once, scans as progress, the rest summed up. With --json as a service: every event, a line each. */
function createReport({ json, once }: RunOptions): Report {
  const progress = createProgress();
  const isStream = json === true && once !== true;
  let totals = noTotals;
  let sinceSummary = noTotals;
  return {
    tell(event) {
      totals = counting(totals, event);
      sinceSummary = counting(sinceSummary, event);
      if (isStream) return printJson({ at: new Date().toISOString(), ...event });
      if (event.kind === "scanned")
        progress.set(`${event.system} ${event.object}:`, event.count, event.done ? event.count : event.total);
      const text = eventText(event);
      if (text !== null) progress.note(text);
    },
    totals: () => totals,
    summary() {
      if (!isStream && sinceSummary !== noTotals) progress.note(totalsText(sinceSummary));
      sinceSummary = noTotals;
    },
    note: progress.note,
    end: progress.end,
  };
}

async function serve(
  session: Session,
  running: Running,
  { live, metrics }: { readonly live: Live; readonly metrics: Metrics },
  signal: AbortSignal,
  report: Report,
): Promise<void> {
  const { deps, config } = session;
  const publicUrl = publicUrlOf(config);
  const accounts = openAccounts(deps);
  const server = await startServer(deps, running, {
    ...addressOf(resolveReference(config.settings.listen, config.source)),
    publicUrl,
    accounts,
    oidc: oidcOptions(config),
    live,
    metrics,
    consoleFolder: consoleFolder(),
    configFile: config.name,
    dryRun: () => dryRun(deps, signal),
    version: version(),
    log: (error) => report.note(error instanceof Error ? (error.stack ?? error.message) : String(error)),
  });
  const path = deskPath(dataFolder(config));
  const desk = path === null ? null : await serveDesk(deskOf(deps, running), path);
  report.note(
    `truce runs. Console: ${publicUrl ?? server.url}. Webhooks: ${publicUrl ?? server.url}/webhooks/SYSTEM. Health: ${server.url}/healthz. Ctrl-C stops it.`,
  );
  const welcome = await welcomeLink(accounts, publicUrl ?? server.url);
  if (welcome !== null) report.note(`Nobody can sign in yet. Make the first admin, once: ${welcome}`);
  if (path === null)
    report.note("The data folder's path is too long for a socket: stop truce before you use status, holds or history.");
  const timer = setInterval(report.summary, summaryEveryMs);
  try {
    await Promise.race([aborted(signal), running.ended]);
  } finally {
    clearInterval(timer);
    await desk?.close();
    await server.close();
  }
  report.note("Stopping; what is under way is finished first.");
}

async function runOnce(
  session: Session,
  running: Running,
  signal: AbortSignal,
  timeoutMs: number,
  report: Report,
  options: RunOptions,
): Promise<void> {
  const { store, clock } = session.deps;
  const startedAt = clock.now();
  await untilQuiet(session, running, signal, timeoutMs);
  report.end();
  const counts = await store.counts(clock.now());
  const held = Object.values(counts.holds).reduce((sum, count) => sum + (count ?? 0), 0);
  const behind = Object.values(counts.behind).reduce((sum, { count }) => sum + count, 0);
  const tookMs = clock.now() - startedAt;
  const { inbox, deadLetters } = counts;
  if (options.json === true)
    printJson({ seconds: tookMs / 1_000, ...report.totals(), inbox, behind, held, deadLetters });
  else {
    print(totalsText(report.totals()));
    print(
      `${spanText(tookMs)}; ${held === 0 ? "nothing" : counted(held, "thing")} held, ${counted(deadLetters, "dead letter")}.`,
    );
  }
  if (signal.aborted) throw new CliError("Stopped before the end; the next run goes on from here.", exitInterrupted);
  if (inbox > 0 || behind > 0) {
    const message = `${counted(inbox, "observation")} to decide and ${counted(behind, "link")} behind are left; the next run goes on from here.`;
    throw new CliError(message, exitUnfinished);
  }
  if (held > 0 && options.failOnHolds === true)
    throw new CliError(`${counted(held, "thing")} held: see truce holds.`, exitUnfinished);
}

/** Until nothing is left to do, a stop is asked for, the time is over, or the engine ends of itself. */
async function untilQuiet({ deps }: Session, running: Running, signal: AbortSignal, timeoutMs: number): Promise<void> {
  const timer = new AbortController();
  try {
    const isTimeUp = deps.clock.sleep(timeoutMs, timer.signal);
    await Promise.race([running.quiet(), aborted(signal), isTimeUp, running.ended]);
  } finally {
    timer.abort();
  }
}

/** `127.0.0.1:4400`, `[::1]:4400`; the port may be 0 for any. */
function addressOf(text: string): { readonly host: string; readonly port: number } {
  const { host, port } = /^(?<host>\[[^\]]+\]|[^:]+):(?<port>\d{1,5})$/u.exec(text.trim())?.groups ?? {};
  if (host === undefined || Number(port) > 65_535) {
    throw new CliError(`settings.listen is "${text}"; write an address with a port, like 127.0.0.1:4400.`);
  }
  return { host: host.replace(/^\[|\]$/gu, ""), port: Number(port) };
}
