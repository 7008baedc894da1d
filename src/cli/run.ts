import { machineClock, machineRandom } from "../clock/machine.ts";
import { parseDuration } from "../config/duration.ts";
import { resolveReference } from "../config/reference.ts";
import { secretsOf } from "../config/secrets-of.ts";
import { watchAlerts } from "../control/alerts/alerts.ts";
import { createReadings } from "../control/alerts/readings.ts";
import { keepCrew, newCrew } from "../control/crew.ts";
import { watchFights } from "../control/fights.ts";
import { keepWithin } from "../control/keep.ts";
import { createLog, hideSecrets, type Log, type LogLevel } from "../control/log.ts";
import { logCommits, logEvent } from "../control/log-event.ts";
import { createMetrics, type Metrics } from "../control/metrics.ts";
import { sealJournal } from "../control/seal.ts";
import { isAskedFor, startTelemetry, type Telemetry } from "../control/telemetry/start.ts";
import type { EngineEvent } from "../engine/deps.ts";
import { type Role, type Running, run } from "../engine/run.ts";
import { messageOf } from "../engine/trigger.ts";
import type { Notice } from "../model/alert.ts";
import { openAccounts } from "../server/access/accounts.ts";
import { createLive, type Live } from "../server/live.ts";
import type { ServerLog } from "../server/request-log.ts";
import { startServer } from "../server/server.ts";
import { alertSettings } from "./alert-settings.ts";
import { configFileOf } from "./config-file.ts";
import { publicUrlOf } from "./connect-system.ts";
import { consoleFolder } from "./console-folder.ts";
import { deskOf } from "./desk.ts";
import { deskPath, serveDesk } from "./desk-socket.ts";
import { eventText } from "./event-text.ts";
import { CliError, exitInterrupted, exitUnfinished, exitUsage } from "./exit.ts";
import { oidcOptions } from "./oidc-options.ts";
import { counted, print, printJson, remarkColor, spanText } from "./output.ts";
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
  readonly askFirst?: boolean;
  readonly role: Role;
  readonly listen?: string;
  readonly timeout: string;
  readonly failOnHolds?: boolean;
  readonly logLevel?: LogLevel;
  readonly logValues?: boolean;
};

export const workBatchMax = 500;
const summaryEveryMs = 10_000;

/** `truce run`: the service, until it is told to stop; with `--once` until nothing is left to do. */
export async function runCommand(options: RunOptions): Promise<void> {
  const timeoutMs = parseDuration(options.timeout);
  if (timeoutMs === null)
    throw new CliError(`--timeout takes a duration like 90s or 10m, not "${options.timeout}".`, exitUsage);
  if (options.role !== "all" && options.once === true)
    throw new CliError("--once does all there is to do: leave --role out.", exitUsage);
  const signal = stopSignal();
  const asksFirst = options.askFirst === true;
  if (asksFirst && options.once === true)
    throw new CliError("--ask-first waits for a person, and --once is for cron: use one of them.", exitUsage);
  const secrets: string[] = [];
  const log = logOf(options, secrets);
  const report = createReport(log, secrets);
  const readings = createReadings(machineClock.now);
  const metrics = createMetrics(machineClock.now);
  const live = createLive(machineClock);
  let telemetry: Telemetry | null = null;
  const tell = (event: EngineEvent) => {
    live.tell(event);
    report.tell(event);
    readings.note(event);
    metrics.note(event);
    telemetry?.note(event);
  };
  const crew = newCrew(machineRandom.id());
  const opened = await openSession(options, tell, async (config) => {
    secrets.push(...secretsOf(config));
    const store = live.heard(await openConfiguredStore(config));
    return log === null ? store : logCommits(store, log);
  });
  telemetry = await openTelemetry(metrics, opened, report);
  const joined = { ...opened, deps: { ...opened.deps, crew } };
  const session = telemetry === null ? joined : { ...joined, deps: telemetry.traced(joined.deps) };
  try {
    if (options.role !== "all" && session.deps.store.exclusive) throw new CliError(needsShared, exitUsage);
    await prepareSystems(session, signal);
    if (signal.aborted) return;
    const { sweepEveryMs, sweepEveryMsOf, sweepHours } = session.config.settings;
    const running = run(session.deps, {
      role: options.role,
      workBatchMax,
      ...(options.once === true ? { sweepEveryMs: null } : { sweepEveryMs, sweepEveryMsOf, sweepHours }),
      schemaEveryMs: 5 * 60_000,
      asksFirst,
    });
    const stopping = new AbortController();
    const watches = [keepCrew(session.deps, crew, stopping.signal)];
    if (options.once !== true)
      watches.push(
        watchAlerts(session.deps, readings, alertSettings(session.config), stopping.signal, {
          notice: report.notice,
          looked: metrics.watched,
        }),
        watchFights(session.deps, stopping.signal),
        sealJournal(session.deps, stopping.signal),
        keepWithin(session.deps, session.config.settings.keep, stopping.signal),
      );
    // A bug in what watches must not go unseen.
    const broken = Promise.all(watches).then(() => running.ended);
    broken.catch(() => undefined);
    try {
      if (options.once === true) await runOnce(session, running, signal, timeoutMs, report, options);
      else if (options.role === "worker" && options.listen === undefined)
        await Promise.race([work(running, signal, report), broken]);
      else await Promise.race([serve(session, running, { live, metrics }, signal, report, options), broken]);
    } finally {
      report.end();
      stopping.abort();
      await running.stop();
      await Promise.allSettled(watches);
    }
    await running.ended;
  } finally {
    await telemetry?.close();
    await session.close();
  }
}

/** `null`: nobody asked for it, or what it needs is not there, which is told and stops nothing. */
async function openTelemetry(metrics: Metrics, { deps }: Session, report: Report): Promise<Telemetry | null> {
  if (!isAskedFor(process.env)) return null;
  try {
    return await startTelemetry(metrics, () => deps, version());
  } catch (error) {
    report.warn(`Without OpenTelemetry: ${messageOf(error)}`);
    return null;
  }
}

const needsShared =
  "--role divides the work among processes that share a store; the embedded one belongs to a single process. Set TRUCE_DATABASE_URL, or leave --role out.";

/** `null`: what an operator should read goes to standard error as text. */
function logOf({ json, once, logLevel, logValues = false }: RunOptions, secrets: readonly string[]): Log | null {
  // With --once standard output is the result's.
  if (logLevel === undefined && !logValues && (json !== true || once === true)) return null;
  const level = logLevel ?? (logValues ? "debug" : "info");
  return createLog({ level, values: logValues, secrets }, once === true ? process.stderr : process.stdout);
}

type Report = {
  readonly tell: (event: EngineEvent) => void;
  totals(): typeof noTotals;
  /** One line on what was done since the last summary, unless nothing was. */
  summary(): void;
  note(text: string): void;
  warn(text: string): void;
  /** What is noted goes where it is kept. */
  readonly isLogged: boolean;
  notice(notice: Notice): void;
  readonly server: ServerLog;
  end(): void;
};

/** With a log all goes there; else troubles at once, scans as progress, the rest summed up, for people who watch. */
function createReport(log: Log | null, secrets: readonly string[]): Report {
  const progress = createProgress();
  const note = (text: string) => progress.note(hideSecrets(text, secrets));
  let totals = noTotals;
  let sinceSummary = noTotals;
  return {
    tell(event) {
      totals = counting(totals, event);
      sinceSummary = counting(sinceSummary, event);
      if (log !== null) return logEvent(log, event);
      if (event.kind === "scanned")
        progress.set(`${event.system} ${event.object}:`, event.count, event.done ? event.count : event.total);
      const text = eventText(event);
      if (text !== null) note(text);
    },
    totals: () => totals,
    summary() {
      if (log === null && sinceSummary !== noTotals) note(totalsText(sinceSummary));
      sinceSummary = noTotals;
    },
    note: (text) => (log === null ? note(text) : log.write("info", text)),
    warn: (text) => (log === null ? note(remarkColor.yellow(text)) : log.write("warn", text)),
    isLogged: log !== null,
    notice({ alert, why, severity }) {
      const level = why === "resolved" || severity === "info" ? "info" : severity === "warning" ? "warn" : "error";
      log?.write(level, alert.title, { event: "alert", why, severity, alert: alert.key, happened: alert.happened });
    },
    server: {
      answered: ({ method, status, ...line }) =>
        log?.write(status >= 500 ? "error" : method === "GET" ? "debug" : "info", "request", {
          method,
          status,
          ...line,
        }),
      bug(error, requestId) {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
        if (log === null) note(`request ${requestId}: ${text}`);
        else log.write("error", "a request met a bug", { requestId, error: log.said(text) });
      },
    },
    end: progress.end,
  };
}

async function serve(
  session: Session,
  running: Running,
  { live, metrics }: { readonly live: Live; readonly metrics: Metrics },
  signal: AbortSignal,
  report: Report,
  { role, listen, askFirst }: RunOptions,
): Promise<void> {
  const { deps, config } = session;
  const publicUrl = publicUrlOf(config);
  const accounts = openAccounts(deps);
  const server = await startServer(deps, running, {
    ...(listen === undefined
      ? addressOf(resolveReference(config.settings.listen, config.source), "settings.listen")
      : addressOf(listen, "--listen")),
    publicUrl,
    accounts,
    oidc: oidcOptions(config),
    live,
    metrics,
    consoleFolder: consoleFolder(),
    configFile: configFileOf(config, { env: process.env, references: true }),
    demo: null,
    dryRun: (policy) => dryRun(deps, policy, signal),
    version: version(),
    log: report.server,
  });
  // Other commands on this machine speak with who reads the systems.
  const path = role === "worker" ? null : deskPath(dataFolder(config));
  const desk = path === null ? null : await serveDesk(deskOf(deps, running), path);
  report.note(
    `truce runs. Console: ${publicUrl ?? server.url}. Webhooks: ${publicUrl ?? server.url}/webhooks/SYSTEM. Health: ${server.url}/healthz. Ctrl-C stops it.`,
  );
  if (askFirst === true)
    report.note(`Nothing is written until somebody has let it be, once: ${publicUrl ?? server.url}/plan`);
  // The link is a secret, which no log may hold.
  const welcome = report.isLogged ? null : await welcomeLink(accounts, publicUrl ?? server.url);
  if (welcome !== null) report.note(`Nobody can sign in yet. Make the first admin, once: ${welcome}`);
  if (path === null && role !== "worker")
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

/** A worker that nobody has to reach. */
async function work(running: Running, signal: AbortSignal, report: Report): Promise<void> {
  report.note("truce works, without an address of its own. Ctrl-C stops it.");
  const timer = setInterval(report.summary, summaryEveryMs);
  try {
    await Promise.race([aborted(signal), running.ended]);
  } finally {
    clearInterval(timer);
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
function addressOf(text: string, where: string): { readonly host: string; readonly port: number } {
  const { host, port } = /^(?<host>\[[^\]]+\]|[^:]+):(?<port>\d{1,5})$/u.exec(text.trim())?.groups ?? {};
  if (host === undefined || Number(port) > 65_535) {
    throw new CliError(`${where} is "${text}"; write an address with a port, like 127.0.0.1:4400.`);
  }
  return { host: host.replace(/^\[|\]$/gu, ""), port: Number(port) };
}
