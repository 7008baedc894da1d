import { performance } from "node:perf_hooks";
import { blockingKeys } from "../src/core/match/scored/blocking.ts";
import { blocksOf, eachCandidate } from "../src/core/match/scored/candidates.ts";
import { deduplicate, defaultSettings } from "../src/core/match/scored/deduplicate.ts";
import { randomFrom } from "../src/core/match/scored/estimate.ts";
import { type MatchRecord, matchRecordOf, type RawRecord } from "../src/core/match/scored/record.ts";
import { logOddsOf } from "../src/core/match/scored/score.ts";
import { dedupeFile } from "../src/dedupe/dedupe-file.ts";

/**
 * How fast matching is, on one thread: records normalised, keyed and compared a second, and a whole run from records to clusters. Contacts are
 * made from a seed: 30 % come again with an error. Times are the thread's own. With a file, `dedupe` of that file is timed instead. One JSON line.
 *
 *   node bench/match.ts [file.csv]
 */
const people = 50_000;
const comparisonsWanted = 2_000_000;

const [file] = process.argv.slice(2);
console.log(JSON.stringify(file === undefined ? synthetic() : await ofFile(file)));

function synthetic() {
  const raws = contacts(people);
  const normalise = timed(() => raws.map((raw, i) => matchRecordOf(String(i), raw)));
  const records = normalise.value;
  const keys = timed(() => records.reduce((sum, record) => sum + blockingKeys(record).length, 0));
  const run = timed(() => deduplicate(records, defaultSettings, () => {}));
  const comparing = timed(() => compareCandidates(records, run.value.model));
  return {
    bench: "match",
    records: records.length,
    normalisedPerSecond: rate(records.length, normalise.ms),
    keyedPerSecond: rate(records.length, keys.ms),
    keysPerRecord: Number((keys.value / records.length).toFixed(1)),
    comparisons: comparing.value,
    comparisonsPerSecond: rate(comparing.value, comparing.ms),
    dedupeSeconds: seconds(run.ms),
    clusters: new Set(run.value.clusters).size,
    memoryMb: memoryMb(),
  };
}

/** Scores candidate pairs again and again, those that a run scores, until enough are timed. */
function compareCandidates(records: readonly MatchRecord[], model: ReturnType<typeof deduplicate>["model"]): number {
  const blocks = blocksOf(records, defaultSettings.blockSizeMax);
  let done = 0;
  while (done < comparisonsWanted) {
    const before = done;
    eachCandidate(blocks, 0, records.length, new Int32Array(records.length).fill(-1), (a, b) => {
      logOddsOf(records[a] as MatchRecord, records[b] as MatchRecord, model);
      done++;
    });
    if (done === before) break;
  }
  return done;
}

async function ofFile(path: string) {
  const started = performance.now();
  const summary = await dedupeFile(
    { file: path, kind: null, idColumn: null, map: {}, oneToOne: "auto", out: null, pairs: null, html: null },
    () => {},
  );
  const ms = performance.now() - started;
  return {
    bench: "match",
    file: path.split("/").slice(-2).join("/"),
    records: summary.records,
    compared: summary.compared,
    clusters: summary.clusters,
    dedupeSeconds: seconds(ms),
    memoryMb: memoryMb(),
  };
}

function contacts(count: number): RawRecord[] {
  const random = randomFrom(1);
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
  const syllables = "ba ko ri ten lu mas vel dor ni zu pra shi gol fen har ost kel mi".split(" ");
  const name = (parts: number) => Array.from({ length: parts }, () => pick(syllables)).join("");
  const [givens, families, cities] = [900, 9000, 300].map((size, i) =>
    Array.from({ length: size }, () => name(2 + (i % 2))),
  ) as [string[], string[], string[]];
  const made: RawRecord[] = [];
  while (made.length < count) {
    const given = pick(givens);
    const family = pick(families);
    const digits = () => String(Math.floor(random() * 1e7)).padStart(7, "0");
    const raw: RawRecord = {
      given: [given],
      family: [family],
      email: [random() < 0.7 ? `${given}.${family}${digits().slice(5)}@${pick(families)}.example` : ""],
      phone: [random() < 0.6 ? `+1 206 ${digits()}` : ""],
      street: [`${Math.floor(random() * 900)} ${pick(families)} Street`],
      city: [pick(cities)],
      postcode: [digits().slice(2)],
      "birth-date": [
        random() < 0.5
          ? `19${10 + Math.floor(random() * 89)}-0${1 + Math.floor(random() * 9)}-${10 + Math.floor(random() * 18)}`
          : "",
      ],
    };
    made.push(raw);
    if (random() < 0.3) made.push({ ...raw, given: [given.slice(0, -1)], phone: [`+1 206 ${digits()}`] });
  }
  return made.slice(0, count);
}

/** Time of this thread on a processor, in ms: what else runs on the machine is not counted. */
function timed<T>(work: () => T): { readonly value: T; readonly ms: number } {
  const started = process.threadCpuUsage();
  const value = work();
  const { user, system } = process.threadCpuUsage(started);
  return { value, ms: (user + system) / 1000 };
}

function rate(count: number, ms: number): number {
  return Math.round((count * 1000) / ms);
}

function seconds(ms: number): number {
  return Number((ms / 1000).toFixed(1));
}

function memoryMb(): number {
  return Math.round(process.memoryUsage().rss / 2 ** 20);
}
