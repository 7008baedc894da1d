import { parseArgs } from "node:util";
import { burst } from "./burst.ts";
import { diskFull } from "./disk-full.ts";
import { type HarmReport, isSkipped, type Skipped, summed } from "./harms.ts";
import { killRound } from "./kills.ts";
import { clockJump, halfOpen, postgresDown } from "./outages.ts";
import { pausedWorker } from "./paused.ts";

/**
 * `npm run campaign`: Truce's binary is harmed, as a process among processes, while people edit; then the systems are asked what became of the
 * edits. Exit code 1 when a promise was broken.
 */
const { values } = parseArgs({
  options: {
    /** How many kill -9. */
    kills: { type: "string", default: "60" },
    /** Webhook events of the burst. */
    burst: { type: "string", default: "20000" },
    /** Only these kinds of harm, by comma. */
    only: { type: "string" },
    /** After so many seconds nothing more is begun. */
    seconds: { type: "string", default: "3600" },
    seed: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

type Job = { readonly kind: string; readonly run: (seed: number) => Promise<HarmReport | Skipped> };

const killsPerRound = 50;
/** Companies that live at the same time. */
const lanes = 2;
const kinds = values.only?.split(",");
const seed = values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : Number(values.seed);
const until = Date.now() + Number(values.seconds) * 1_000;
const jobs = [...killJobs(Number(values.kills)), ...otherJobs(Number(values.burst))].filter(
  ({ kind }) => kinds === undefined || kinds.includes(kind),
);
if (jobs.length === 0)
  throw new Error(`--only takes ${[...new Set(otherJobs(0).map(({ kind }) => kind))].join(", ")}, kills.`);
process.stderr.write(`campaign, seed ${seed}\n`);
const startedAt = Date.now();
const reports: HarmReport[] = [];
const skipped: Skipped[] = [];
const failures: string[] = [];
let next = 0;
await Promise.all(Array.from({ length: lanes }, work));
const sum = summed(reports);
const seconds = Math.round((Date.now() - startedAt) / 1_000);
if (values.json) process.stdout.write(`${JSON.stringify({ seed, ...sum, failures, skipped, seconds })}\n`);
const isBroken = failures.length > 0 || sum.lost + sum.duplicates + sum.stale + sum.blanked + sum.secondRunWrites > 0;
process.exitCode = isBroken ? 1 : 0;

function killJobs(kills: number): Job[] {
  return Array.from({ length: Math.ceil(kills / killsPerRound) }, (_, round) => ({
    kind: "kills",
    run: (own: number) =>
      killRound(
        own,
        round % 2 === 0 ? "postgres" : "sqlite",
        Math.min(killsPerRound, kills - round * killsPerRound),
        until,
      ),
  }));
}

function otherJobs(events: number): Job[] {
  return [
    { kind: "postgres", run: (own) => postgresDown(own, "postgres", 4) },
    { kind: "postgres", run: (own) => postgresDown(own, "sqlite", 2) },
    { kind: "disk", run: (own) => diskFull(own, 3) },
    { kind: "paused", run: (own) => pausedWorker(own, 3) },
    { kind: "half-open", run: (own) => halfOpen(own, "postgres") },
    { kind: "half-open", run: (own) => halfOpen(own, "sqlite") },
    { kind: "clock", run: (own) => clockJump(own, "postgres", 2) },
    { kind: "clock", run: (own) => clockJump(own, "sqlite", 2) },
    { kind: "burst", run: (own) => burst(own, "postgres", events) },
    { kind: "burst", run: (own) => burst(own, "sqlite", events) },
  ];
}

/** Takes job after job until there is none. A job that fails is told of, and fails the campaign. */
async function work(): Promise<void> {
  while (next < jobs.length && Date.now() < until) {
    const index = next++;
    const job = jobs[index]!;
    try {
      const report = await job.run(seed + index);
      if (isSkipped(report)) skipped.push(report);
      else reports.push(report);
      process.stderr.write(`${lineOf(report, seed + index)}\n`);
    } catch (error) {
      failures.push(`${job.kind}, seed ${seed + index}: ${error instanceof Error ? error.message : String(error)}`);
      process.stderr.write(`FAILED ${failures.at(-1)}\n`);
    }
  }
}

function lineOf(report: HarmReport | Skipped, own: number): string {
  if (isSkipped(report)) return `${report.harm}: skipped, ${report.skipped}`;
  const { harm, store, times, resumeMs, verdict, stages, more } = report;
  const { examples, ...counts } = verdict;
  const found = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  const details = [stages, more, examples].filter((one) => one !== undefined && Object.keys(one).length > 0);
  return [
    `${harm} x${times} (store ${store}, seed ${own}): ${found.join(", ")}; resumed in at most ${Math.max(0, ...resumeMs)} ms`,
    ...details.map((one) => `    ${JSON.stringify(one)}`),
  ].join("\n");
}
