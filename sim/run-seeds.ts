import { hashText } from "./chance.ts";
import { drawOrderScenario } from "./draw-scenario.ts";
import { expectedMarks } from "./expected-marks.ts";
import { checkOrder } from "./order.ts";
import { playSeed } from "./play.ts";

/** From so many seeds on, a mark that was not reached fails the run. */
export const standardSeeds = 3_000;
/** Telling the same events in other orders is done for one seed in so many. */
const orderEvery = 4;
const failuresShown = 10;

type Failing = { readonly seed: number; readonly messages: readonly string[] };

/** Plays seeds one after another and sums up. Returns the exit code: 1 when a promise was broken or a mark missed. */
export async function runSeeds(options: { readonly seeds: number; readonly from: number; readonly json: boolean }) {
  const { seeds, from, json } = options;
  if (!json) process.stdout.write(`${seeds} seeds from ${from}\n`);
  // Most of what is thrown here is meant to be; `--seed` shows from where.
  Error.stackTraceLimit = 0;
  const began = performance.now();
  const cpu = process.cpuUsage();
  const failing: Failing[] = [];
  const marks = new Set<string>();
  let steps = 0;
  let trace = 0;
  for (let seed = from; seed < from + seeds; seed++) {
    const { messages, reached, taken, hash } = await oneSeed(seed);
    steps += taken;
    trace = hashText(hash, trace);
    for (const mark of reached) marks.add(mark);
    // A seed never yields to the event loop by itself; output, signals and what is to be freed wait for this.
    await new Promise((resolve) => setImmediate(resolve));
    if (messages.length === 0) continue;
    failing.push({ seed, messages });
    if (!json && failing.length <= failuresShown) process.stdout.write(`seed ${seed}:\n  ${messages.join("\n  ")}\n`);
  }
  const missed = expectedMarks.filter((mark) => !marks.has(mark));
  const minutes = (performance.now() - began) / 60_000;
  const summary = {
    seeds,
    from,
    steps,
    trace: trace.toString(16),
    steps_a_seed: Math.round(steps / Math.max(1, seeds)),
    failures: failing.length,
    failing: failing.slice(0, failuresShown),
    marks: expectedMarks.length - missed.length,
    marks_missed: missed,
    seeds_per_min: Math.round(seeds / minutes),
    // On a machine that does other things as well, the time on the clock says little.
    cpu_ms_a_seed: Math.round(process.cpuUsage(cpu).user / 10 / Math.max(1, seeds)) / 100,
  };
  process.stdout.write(json ? `${JSON.stringify(summary)}\n` : `${inWords(summary)}\n`);
  return failing.length > 0 || (seeds >= standardSeeds && missed.length > 0) ? 1 : 0;
}

/** What throws out of a run is a failure of it like any other. */
async function oneSeed(seed: number) {
  try {
    const report = await playSeed(seed);
    const order = seed % orderEvery === 0 ? await checkOrder(drawOrderScenario(seed)) : [];
    return {
      messages: [...report.failures, ...order],
      reached: report.marks,
      taken: report.steps,
      hash: report.traceHash,
    };
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { messages: [message], reached: new Set<string>(), taken: 0, hash: message };
  }
}

function inWords(summary: {
  readonly seeds: number;
  readonly steps_a_seed: number;
  readonly failures: number;
  readonly marks: number;
  readonly marks_missed: readonly string[];
  readonly seeds_per_min: number;
  readonly cpu_ms_a_seed: number;
}): string {
  const { seeds, failures, marks_missed } = summary;
  const missed = marks_missed.length === 0 ? "" : `\nnot reached: ${marks_missed.join(", ")}`;
  const verdict = failures === 0 ? "every promise held" : `${failures} failed; see one with --seed N`;
  const short = seeds < standardSeeds ? ` (all are due from ${standardSeeds} seeds on)` : "";
  return `${seeds} seeds, ${summary.steps_a_seed} steps each, ${summary.seeds_per_min} a minute (${summary.cpu_ms_a_seed} ms of CPU each): ${verdict}\n${summary.marks} of ${expectedMarks.length} marks reached${short}${seeds < standardSeeds ? "" : missed}`;
}
