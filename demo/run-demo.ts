import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fault } from "../sandbox/core/fault.ts";
import { createRandom } from "../sandbox/core/random.ts";
import { startLocalPostgres } from "../src/local-postgres/start.ts";
import type { Hold } from "../src/model/hold.ts";
import type { DeadLetter } from "../src/ports/store.ts";
import { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import { check, type Findings, plain } from "./check.ts";
import { demoConfig } from "./config.ts";
import { type Engine, startEngine } from "./engine.ts";
import type { EngineOrder, EngineWord } from "./engine-process.ts";
import { deliveryOdds, lastWriteWins } from "./last-write-wins.ts";
import { plainApis } from "./plain-apis.ts";
import { entityNames, shape } from "./shape.ts";
import { type Edit, movedAddress, type Story, tellStory } from "./story.ts";
import { type DemoWorld, openWorld } from "./world.ts";

export type DemoOptions = {
  readonly seed: number;
  /** How often Truce's process is killed with signal 9 while people edit, each time to be started again. */
  readonly kills: number;
  /** At the end Truce goes on with what is left to decide, until this resolves; `null`: the demo ends with its result. */
  readonly stay: (() => Promise<void>) | null;
};

type Counts = {
  readonly lostEdits: number;
  readonly blankedFields: number;
  readonly duplicates: number;
  readonly staleOverwrites: number;
  readonly echoWrites: number;
  readonly held: number;
};

export type DemoResult = {
  readonly seed: number;
  readonly records: number;
  readonly edits: number;
  /** Times that something was broken on purpose: calls failed, slowed, cut, refused; webhooks repeated, mixed up, dropped; kills. */
  readonly faults: number;
  readonly kills: number;
  readonly truce: Counts & {
    readonly diverged: number /** Holds that the rules don't account for. */;
    readonly heldWithoutReason: number;
  };
  readonly lastWriteWins: Counts & { readonly diverged: number };
  /** "the email and the rep": whether both edits survived or are held, and nothing was blanked. */
  readonly scenarioHolds: boolean;
  readonly secondRunWrites: number;
  /** Writes that a system refused for good, each waiting whole. */
  readonly deadLetters: number;
  /** Those that are not about a mail address which another contact of HubSpot has already: it lets no two have one. */
  readonly deadLettersWithoutReason: number;
  readonly seconds: number;
  readonly examples: Findings["examples"];
};

/** What the demo tells while it runs. */
export type DemoNews =
  | { readonly kind: "stage"; readonly text: string }
  | { readonly kind: "engine"; readonly word: EngineWord }
  | { readonly kind: "edit"; readonly edit: Edit; readonly done: number; readonly all: number }
  | { readonly kind: "fault"; readonly text: string }
  /** The console can be opened here, signed in. */
  | { readonly kind: "console"; readonly url: string }
  | { readonly kind: "result"; readonly result: DemoResult };

/** How much faster than in life the vendors' limits and lags run, so that a day fits into a minute. */
const speed = 20;
/** Where `truce run` has its console as well. */
const consolePort = 4400;
const dayMs = 12_000;
const lateWebhooksMs = 3_000;
const people = 2_000;
const companies = 300;
const editCount = 600;

/** Plays the whole demo: the story with Truce, then the very same story with a last-write-wins sync, each judged by the same independent check. */
export async function runDemo({ seed, kills, stay }: DemoOptions, tell: (news: DemoNews) => void): Promise<DemoResult> {
  const startedAt = Date.now();
  const stage = (text: string) => tell({ kind: "stage", text });
  const story = tellStory({ seed, people, companies, edits: editCount, dayMs });
  const folder = mkdtempSync(join(tmpdir(), "truce-demo-"));
  stage("starting PostgreSQL");
  const postgres = await startLocalPostgres();
  try {
    stage(
      `PostgreSQL is up (${postgres.origin}); filling three systems with ${story.people} people and ${story.companies} companies`,
    );
    const databaseUrl = await postgres.createDatabase("company");
    const truce = await playTruce(story, databaseUrl, folder, kills, stay !== null, tell);
    stage("the same story once more, with a last-write-wins sync");
    const naive = await playNaive(story, await postgres.createDatabase("company_lww"));
    const { examples, ...found } = naive;
    const result: DemoResult = {
      seed,
      records: story.copies.length,
      edits: story.edits.length,
      faults: truce.faults,
      kills,
      truce: {
        ...countsOf(truce.findings),
        held: truce.held,
        heldWithoutReason: truce.heldWithoutReason,
        diverged: truce.findings.diverged,
      },
      lastWriteWins: { ...countsOf(found as Findings), held: 0, diverged: naive.diverged },
      scenarioHolds: truce.scenarioHolds,
      secondRunWrites: truce.secondRunWrites,
      deadLetters: truce.deadLetters.length,
      deadLettersWithoutReason: truce.deadLetters.filter((letter) => !isTakenEmail(letter)).length,
      seconds: Math.round((Date.now() - startedAt) / 100) / 10,
      examples: { ...truce.findings.examples, deadLetters: truce.deadLetters.slice(0, 5) },
    };
    tell({ kind: "result", result });
    await stay?.();
    await truce.end();
    return result;
  } finally {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function countsOf({
  lostEdits,
  blankedFields,
  duplicates,
  staleOverwrites,
  echoWrites,
}: Findings): Omit<Counts, "held"> {
  return { lostEdits, blankedFields, duplicates, staleOverwrites, echoWrites };
}

type Played = {
  readonly findings: Findings;
  readonly held: number;
  readonly heldWithoutReason: number;
  readonly faults: number;
  readonly scenarioHolds: boolean;
  readonly secondRunWrites: number;
  readonly deadLetters: readonly string[];
  end(): Promise<void>;
};

async function playTruce(
  story: Story,
  databaseUrl: string,
  folder: string,
  kills: number,
  stays: boolean,
  tell: (news: DemoNews) => void,
): Promise<Played> {
  const stage = (text: string) => tell({ kind: "stage", text });
  const world = await openWorld({ story, databaseUrl, speed });
  const configFile = join(folder, "truce.yaml");
  writeFileSync(configFile, demoConfig());
  const order: EngineOrder = {
    storeFile: join(folder, "store.db"),
    configFile,
    moved: movedAddress(story.scenarioThing),
    isFirst: true,
    port: stays ? await freePort(consolePort).catch(() => freePort(0)) : await freePort(0),
    crm: { url: world.crm.url, token: world.crm.token, secret: world.crm.oauth.clientSecret },
    db: { url: databaseUrl },
    marketing: { url: world.marketing.url, token: world.marketing.token, base: world.marketing.baseId },
    speed,
  };
  subscribe(world, order.port);
  let isTold = false;
  const hear = (word: EngineWord) => {
    if (word.kind === "up" && !isTold) tell({ kind: "console", url: word.console });
    isTold ||= word.kind === "up";
    tell({ kind: "engine", word });
  };
  let engine = await startEngine(order, hear);
  stage("Truce reads all three systems, matches, and brings them together");
  await engine.quiet();
  stage(`people edit on all sides while things break`);
  let faults = 0;
  const restarts = killTimes(story.seed, kills);
  await playDay(world, story, tell, async (atMs) => {
    faults += breakThings(world, atMs, tell);
    if (restarts.length === 0 || atMs < (restarts[0] ?? 0)) return;
    restarts.shift();
    faults++;
    tell({ kind: "fault", text: "kill -9 of Truce" });
    await engine.kill();
    engine = await startEngine({ ...order, isFirst: false }, hear);
  });
  world.setFaults([], []);
  stage("everything is mended; Truce catches up");
  await settle(engine, world);
  await engine.stop();
  const writes = await world.writes();
  stage("a second run, which should find nothing to do");
  engine = await startEngine({ ...order, isFirst: false }, hear);
  await settle(engine, world);
  await engine.stop();
  const after = await world.writes();
  const secondRunWrites =
    after.filter((write) => write.by === "sync").length - writes.filter((write) => write.by === "sync").length;
  const remembered = await memoryOf(order.storeFile);
  const final = await world.records();
  const findings = check({ story, seeded: world.seeded, final, writes: after, kept: remembered.kept });
  const staying = stays ? await startEngine({ ...order, isFirst: false }, hear) : null;
  return {
    findings,
    async end() {
      await staying?.stop();
      await world.close();
    },
    held: remembered.holds.length,
    heldWithoutReason: remembered.holds.filter((hold) => !isAccountedFor(hold, story, world)).length,
    faults,
    scenarioHolds: scenarioHolds(story, world, final, remembered.kept),
    secondRunWrites,
    deadLetters: remembered.deadLetters.map(
      (letter) => `${letter.kind} to ${letter.ref?.system ?? ""}: ${letter.reason}`,
    ),
  };
}

async function playNaive(story: Story, databaseUrl: string): Promise<Findings> {
  const world = await openWorld({ story, databaseUrl, speed: 1_000 });
  const { apis, close } = plainApis(world);
  await lastWriteWins(apis, story.edits, world.idOf, world.apply, story.seed);
  const findings = check({
    story,
    seeded: world.seeded,
    final: await world.records(),
    writes: await world.writes(),
    kept: [],
  });
  await close();
  await world.close();
  return findings;
}

/** Rejects when the port is taken; 0 finds one. */
function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(wanted, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
    server.once("error", reject);
  });
}

/** HubSpot tells of every mapped property, of creations and deletions. */
function subscribe({ crm }: DemoWorld, port: number): void {
  const subscriptions = entityNames.flatMap((entity) => {
    const name = entity === "contact" ? "contact" : "company";
    const properties = Object.values(shape.crm[entity].fields).map((propertyName) => ({
      eventType: `${name}.propertyChange`,
      propertyName,
    }));
    return [{ eventType: `${name}.creation` }, { eventType: `${name}.deletion` }, ...properties];
  });
  crm.admin.subscribe(`http://127.0.0.1:${port}/webhooks/crm`, subscriptions);
}

/** People do what the story says, when it says so. */
async function playDay(
  world: DemoWorld,
  story: Story,
  tell: (news: DemoNews) => void,
  eachMoment: (atMs: number) => Promise<void>,
): Promise<void> {
  const startedAt = Date.now();
  let done = 0;
  for (const edit of story.edits) {
    for (;;) {
      const atMs = Date.now() - startedAt;
      await eachMoment(atMs);
      if (atMs >= edit.atMs) break;
      await new Promise((resolve) => setTimeout(resolve, Math.min(50, edit.atMs - atMs)));
    }
    await world.apply(edit);
    tell({ kind: "edit", edit, done: ++done, all: story.edits.length });
  }
}

/** What breaks when; the webhooks are bad all day. */
const troubles: readonly {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly crm: readonly Fault[];
  readonly marketing: readonly Fault[];
}[] = [
  { from: 0.08, to: 0.2, text: "HubSpot answers slowly", crm: [{ kind: "latency", ms: 400 }], marketing: [] },
  {
    from: 0.22,
    to: 0.3,
    text: "HubSpot refuses with 429, some with an absurd Retry-After",
    crm: [{ kind: "rate-limit", retryAfter: "missing", chance: 0.5 }],
    marketing: [],
  },
  { from: 0.34, to: 0.46, text: "HubSpot is down", crm: [{ kind: "outage" }], marketing: [] },
  {
    from: 0.5,
    to: 0.62,
    text: "HubSpot answers 502 after doing what was asked; Airtable cuts answers short",
    crm: [{ kind: "error-after", status: 502, chance: 0.3 }],
    marketing: [{ kind: "truncated", chance: 0.2 }],
  },
  { from: 0.66, to: 0.76, text: "Airtable is down", crm: [], marketing: [{ kind: "outage" }] },
  {
    from: 0.8,
    to: 0.92,
    text: "both lose connections after the write",
    crm: [{ kind: "reset-after", chance: 0.2 }],
    marketing: [{ kind: "reset-after", chance: 0.2 }],
  },
];

const badWebhooks: readonly Fault[] = [
  { kind: "webhook-duplicate", chance: deliveryOdds.twice },
  { kind: "webhook-partial", chance: deliveryOdds.half },
  { kind: "webhook-delay", ms: deliveryOdds.lateMs, chance: deliveryOdds.late },
  { kind: "webhook-reorder", chance: 0.3 },
  { kind: "webhook-drop", chance: deliveryOdds.lost },
];

let present = -1;

/** Switches to the trouble of the moment; returns 1 when that is a new one. */
function breakThings(world: DemoWorld, atMs: number, tell: (news: DemoNews) => void): number {
  const index = troubles.findIndex(({ from, to }) => atMs >= from * dayMs && atMs < to * dayMs);
  if (index === present) return 0;
  present = index;
  const trouble = troubles[index];
  world.setFaults([...badWebhooks, ...(trouble?.crm ?? [])], trouble?.marketing ?? []);
  if (trouble === undefined) return 0;
  tell({ kind: "fault", text: trouble.text });
  return 1;
}

function isTakenEmail(letter: string): boolean {
  return /^write to crm: .*Contact already exists/u.test(letter);
}

function killTimes(seed: number, kills: number): number[] {
  const random = createRandom(seed + 99);
  return Array.from({ length: kills }, () => random.below(dayMs)).sort((a, b) => a - b);
}

/** Until nothing moves any more, webhooks under way included, and a sweep finds no difference. */
async function settle(engine: Engine, world: DemoWorld): Promise<void> {
  await engine.quiet();
  // A delivery that failed while Truce was down is tried again within hours, as in life; what it would tell is known by then.
  await Promise.race([
    world.crm.admin.webhooksSettled(),
    new Promise((resolve) => setTimeout(resolve, lateWebhooksMs)),
  ]);
  world.crm.admin.indexNow();
  await engine.quiet();
  for (let round = 0; round < 3 && (await engine.sweep()) > 0; round++);
  await engine.quiet();
}

/** What Truce keeps besides the systems' values: open holds, and both sides of every decision. */
async function memoryOf(
  file: string,
): Promise<{ readonly kept: string[]; readonly holds: readonly Hold[]; readonly deadLetters: readonly DeadLetter[] }> {
  const store = await openSqliteStore(file);
  const holds = await store.holds({ status: "open", limit: 100_000 });
  const deadLetters = await store.deadLetters({ status: "open", limit: 1_000 });
  const kept = holds.flatMap((hold) => hold.candidates.flatMap((candidate) => Object.values(candidate.values)));
  for (let after = 0; ; ) {
    const lines = await store.journal({ after, limit: 5_000 });
    const last = lines.at(-1);
    if (last === undefined) break;
    after = last.sequence;
    // Only lines that keep a side of a decision; a plain history of values would excuse anything.
    for (const line of lines) if (line.other !== null) kept.push(line.other, line.to, line.from);
  }
  await store.close();
  return { kept: kept.filter((value): value is string => typeof value === "string"), holds, deadLetters };
}

/** The rules leave open: people who are twice in a system, and notes on which two wrote at once. */
function isAccountedFor(hold: Hold, story: Story, world: DemoWorld): boolean {
  if (hold.kind === "duplicate" && hold.ref !== null) {
    const { system, id } = hold.ref;
    const thing = world.seeded.find((record) => record.system === system && record.id === id)?.thing;
    return story.copies.some(
      (copy) => copy.twin && copy.entity === hold.entity && copy.thing === thing && copy.system === system,
    );
  }
  if (hold.kind !== "conflict" || hold.fields.join() !== "notes") return false;
  return hold.candidates.every(
    ({ values }) =>
      story.edits.some((edit) => edit.values["notes"] === values["notes"]) || values["notes"] === hold.base["notes"],
  );
}

function scenarioHolds(
  story: Story,
  world: DemoWorld,
  final: Awaited<ReturnType<DemoWorld["records"]>>,
  kept: readonly string[],
): boolean {
  const edits = story.edits.filter((edit) => edit.entity === "contact" && edit.thing === story.scenarioThing);
  const ids = new Set(
    world.seeded
      .filter((record) => record.entity === "contact" && record.thing === story.scenarioThing)
      .map((record) => `${record.system}/${record.id}`),
  );
  const records = final.filter((record) => record.entity === "contact" && ids.has(`${record.system}/${record.id}`));
  return edits.every((edit) =>
    Object.entries(edit.values).every(
      ([field, value]) =>
        records.every((record) => plain(field, record.values[field]) === plain(field, value)) ||
        kept.includes(value ?? ""),
    ),
  );
}
