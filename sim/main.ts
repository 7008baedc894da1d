import { parseArgs } from "node:util";
import { playSeed } from "./play.ts";

/**
 * `npm run sim`: plays seeds and prints what broke. `--seed N` replays one with its log, `--seeds N` plays so many, `--from N` says where to begin
 * (by default a fresh random place, printed), `--json` prints one line with the figures. Exit code 1 when a promise was broken.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string" },
      seeds: { type: "string", default: "500" },
      from: { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  return values.seed === undefined ? playMany(values) : replay(Number(values.seed));
}

async function replay(seed: number): Promise<number> {
  const report = await playSeed(seed, { keepsLog: true });
  process.stdout.write(`${report.log.join("\n")}\n\nseed ${seed}: ${report.steps} steps, trace ${report.traceHash}\n`);
  for (const failure of report.failures) process.stdout.write(`${failure}\n`);
  return report.failures.length === 0 ? 0 : 1;
}

async function playMany(options: {
  readonly seeds: string;
  readonly from?: string | undefined;
  readonly json: boolean;
}): Promise<number> {
  const count = Number(options.seeds);
  const from = options.from === undefined ? Math.floor(Math.random() * 1_000_000_000) : Number(options.from);
  const startedAt = performance.now();
  const marks = new Set<string>();
  let steps = 0;
  let failures = 0;
  process.stderr.write(`playing ${count} seeds from ${from}\n`);
  for (let seed = from; seed < from + count; seed++) {
    const report = await playSeed(seed);
    steps += report.steps;
    for (const mark of report.marks) marks.add(mark);
    if (report.failures.length === 0) continue;
    failures++;
    process.stderr.write(`seed ${seed}: ${report.failures.join("; ")}\n`);
  }
  const minutes = (performance.now() - startedAt) / 60_000;
  const figures = {
    seeds: count,
    from,
    steps,
    steps_per_seed: Math.round(steps / count),
    failures,
    marks_reached: marks.size,
    seeds_per_min: Math.round(count / minutes),
  };
  if (options.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else
    process.stdout.write(
      `${count} seeds, ${steps} steps, ${failures} with failures, ${figures.seeds_per_min} seeds a minute, ${marks.size} marks reached\n`,
    );
  return failures === 0 ? 0 : 1;
}

process.exitCode = await main();
