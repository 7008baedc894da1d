import { writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import type { Notice } from "../src/model/alert.ts";
import { openCompany, people } from "./faults/company.ts";
import { type Trial, trials } from "./faults/trials.ts";

/**
 * An hour of faults on emulated vendors, on a clock that runs fast, with the real engine and its alerts. Prints one JSON line; with --write makes
 * docs/operations/faults.md of it.
 *
 *   node bench/faults.ts [--write] [--only TEXT]
 */
const speed = 10;
const second = 1_000;
const minute = 60 * second;
const lookMs = 15 * second;
const turnMs = 10 * second;
const editMs = 2 * second;
/** Before each trial: what other work the machine does meanwhile is then in quiet and trouble alike. */
const idleMs = minute;
/** A trial lasts so long, and longer when its alert has not opened or resolved by then. */
const trialMs = 2 * minute;
const patienceMs = 6 * minute;

type Told = { readonly why: Notice["why"]; readonly key: string; readonly at: number; readonly title: string };
type Result = {
  readonly name: string;
  readonly expected: string | null;
  /** Alerts that opened in it, each with how often, and after how long. */
  readonly opened: Readonly<
    Record<string, { readonly times: number; readonly afterS: number; readonly title: string }>
  >;
  readonly allResolved: boolean;
  readonly p99S: Readonly<Record<string, number>>;
};
/** From its beginning to its end, of the clock that runs fast. */
type Span = { readonly from: number; readonly until: number };

const only = process.argv.includes("--only") ? (process.argv[process.argv.indexOf("--only") + 1] ?? "") : "";
const company = await openCompany(speed);
const told: Told[] = [];
const edits = new Map<string, string>();
const stop = new AbortController();
const loops = [every(lookMs, look), every(editMs, edit)];
const startedAt = company.clock.now();
// The first edits find a cold machine.
await company.clock.sleep(2 * minute);
const quiet: Span[] = [];
const troubled: Span[] = [];
const results: Result[] = [];
for (const trial of trials) if (trial.name.includes(only)) results.push(await play(trial));
stop.abort();
await Promise.all(loops);
await Promise.race([company.running.quiet(), company.running.ended]);
const [idle, trouble] = [p99In(quiet), p99In(troubled)];
const minutes = Math.round((company.clock.now() - startedAt) / minute);
const lost = await lostEdits();
const differing = await differingFields();
await company.close();
const figures = {
  bench: "faults",
  minutes,
  edits: edits.size,
  lost: lost.length,
  differing: differing.length,
  idle,
  trouble,
  results,
};
console.log(JSON.stringify({ ...figures, examples: { lost: lost.slice(0, 3), differing: differing.slice(0, 3) } }));
if (process.argv.includes("--write")) writeFileSync("docs/operations/faults.md", page());

async function every(ms: number, step: () => unknown): Promise<void> {
  while (!stop.signal.aborted) {
    await step();
    await company.clock.sleep(ms, stop.signal);
  }
}

async function look(): Promise<void> {
  for (const { why, alert } of await company.look())
    told.push({ why, key: alert.key, at: company.clock.now(), title: alert.title });
}

/** Somebody edits one of the first ninety people, in marketing or on the desk: each value is unique. */
function edit(): void {
  const n = 10 + (edits.size % 80);
  const system = edits.size % 2 === 0 ? "marketing" : "desk";
  const email = company.emails[n]!;
  const { admin } = company[system];
  const id = admin.records("People").find(({ fields }) => fields["Email"] === email)?.id;
  if (id === undefined) return;
  const value = `+49 30 ${100_000 + edits.size}`;
  edits.set(value, email);
  admin.edit("Rita", "People", id, { Phone: value });
}

async function play(trial: Trial): Promise<Result> {
  const { clock } = company;
  quiet.push({ from: clock.now(), until: clock.now() + idleMs });
  await clock.sleep(idleMs);
  const from = clock.now();
  const mark = told.length;
  const since = () => told.slice(mark);
  await trial.begin(company);
  for (let turn = 0; ; turn++) {
    trial.during?.(company, turn);
    await clock.sleep(turnMs);
    const lastedMs = clock.now() - from;
    const isOpen = trial.alert === null || since().some(({ key, why }) => key === trial.alert && why === "opened");
    if ((lastedMs >= trialMs && isOpen) || lastedMs >= patienceMs) break;
  }
  await trial.end(company);
  const mended = clock.now();
  troubled.push({ from, until: mended });
  const p99S = p99In([{ from, until: mended }]);
  const openKeys = () =>
    new Set(
      since()
        .filter(({ why }) => why === "opened")
        .map(({ key }) => key),
    );
  const isResolved = (key: string) => since().some((one) => one.key === key && one.why === "resolved");
  do await clock.sleep(turnMs);
  while (clock.now() - mended < patienceMs && ![...openKeys()].every(isResolved));
  const opened = Object.fromEntries(
    [...openKeys()].map((key) => {
      const all = since().filter((one) => one.key === key && one.why === "opened");
      const [first] = all;
      return [
        key,
        { times: all.length, afterS: Math.round(((first?.at ?? from) - from) / second), title: first?.title ?? "" },
      ];
    }),
  );
  process.stderr.write(`${trial.name}: ${JSON.stringify(opened)}\n`);
  return { name: trial.name, expected: trial.alert, opened, allResolved: [...openKeys()].every(isResolved), p99S };
}

/** Of the two systems that nothing is done to. */
function p99In(spans: readonly Span[]): Record<string, number> {
  return Object.fromEntries(
    ["marketing", "desk"].map((system) => {
      const isIn = (at: number) => spans.some(({ from, until }) => from <= at && at < until);
      const all = company.latencies.filter((one) => one.system === system && isIn(one.at)).map(({ ms }) => ms);
      const sorted = all.sort((a, b) => a - b);
      return [system, Math.round((sorted[Math.floor(sorted.length * 0.99)] ?? 0) / 100) / 10];
    }),
  );
}

/** Edits that are neither in the journal nor anywhere else. */
async function lostEdits(): Promise<string[]> {
  const known = new Set<string>();
  for (let after = 0; ; ) {
    const lines = await company.deps.store.journal({ after, limit: 5_000 });
    for (const { to, other } of lines) for (const value of [to, other]) if (typeof value === "string") known.add(value);
    const last = lines.at(-1);
    if (last === undefined) break;
    after = last.sequence;
  }
  return [...edits.keys()].filter((value) => !known.has(value));
}

/** Phones of the people who are in all three systems, where they are not equal. */
async function differingFields(): Promise<string[]> {
  const phones = (rows: readonly (readonly [string, unknown])[]) => new Map(rows);
  const crm = phones(
    company.crm.admin
      .records("contacts")
      .filter(({ archived }) => !archived)
      .map(({ properties }) => [properties["email"] ?? "", properties["phone"]]),
  );
  const [marketing, desk] = (["marketing", "desk"] as const).map((system) =>
    phones(company[system].admin.records("People").map(({ fields }) => [String(fields["Email"]), fields["Phone"]])),
  );
  return company.emails.filter((email) => {
    if (![crm, marketing, desk].every((system) => system?.has(email))) return false;
    return new Set([crm.get(email), marketing?.get(email), desk?.get(email)]).size > 1;
  });
}

function page(): string {
  const times = (ratio: number) => `${ratio.toFixed(1)}x`;
  const worst = (system: string) => Math.max(...results.map(({ p99S }) => p99S[system] ?? 0)) / (idle[system] ?? 1);
  const ratio = (system: string) => (trouble[system] ?? 0) / (idle[system] ?? 1);
  const rows = results.map(({ name, opened, allResolved, p99S }) => {
    const alerts = Object.entries(opened).map(
      ([key, { times: count, afterS, title }]) =>
        `\`${key}\` after ${afterS} s${count === 1 ? "" : `, ${count} times`}: ${title}`,
    );
    const p99 = `${p99S["marketing"]} s / ${p99S["desk"]} s`;
    return `| ${name} | ${alerts.join("; ") || "none"} | ${allResolved ? "yes" : "no"} | ${p99} |`;
  });
  return `# An hour of faults

**What does Truce tell, and what does it lose, when things go wrong?** Made by \`node bench/faults.ts --write\`: the real engine
with an emulated HubSpot (\`crm\`) that everything is done to, and two emulated Airtables (\`marketing\`, \`desk\`) on which somebody
edits one of ${people} people every two seconds meanwhile. The clock runs ${speed} times faster than life; thresholds for this run:
\`down: 1m\`, \`behind: 2m\`.

In ${minutes} minutes with ${edits.size} edits: **${lost.length} edits lost, ${differing.length} phones that differ between systems at the end.**
99 of 100 edits took up to ${idle["marketing"]} s / ${idle["desk"]} s to reach marketing and the desk in the quiet minutes before each trial, and up to
${trouble["marketing"]} s / ${trouble["desk"]} s while something was broken: ${times(ratio("marketing"))} / ${times(ratio("desk"))} of that, and in the worst trial ${times(worst("marketing"))} / ${times(worst("desk"))}. They are asked for changes every five seconds.
The machine had ${cpus().length} cores and a load of ${Math.round(loadavg()[0] ?? 0)}: what other work it did is in these times too, in quiet as in trouble:
a second for which it did not get to this counts as ten on this clock.

| What goes wrong | Alerts that opened | All resolved by themselves after the mend | 99 of 100 edits reach marketing / desk in |
|---|---|---|---|
${rows.join("\n")}

A trial that needs a person ends with a person's word: dead letters are discarded, the stopped deletions are asked about one by
one, the fight is decided.
`;
}
