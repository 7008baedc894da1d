import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "../sandbox/core/random.ts";
import { findProgram } from "../src/local-mariadb/find-program.ts";
import { startLocalMariaDb } from "../src/local-mariadb/start.ts";
import { startLocalPostgres } from "../src/local-postgres/start.ts";
import { allSystems, castOf, threeSystems } from "./cast.ts";
import { check, type Findings, nothingKept, plain } from "./check.ts";
import { demoConfig } from "./config.ts";
import { type Engine, startEngine } from "./engine.ts";
import type { EngineOrder, EngineWord } from "./engine-process.ts";
import { lastWriteWins } from "./last-write-wins.ts";
import { isAccountedFor, memoryOf } from "./memory.ts";
import { type Edit, movedAddress, type Story, type StoryOptions, tellStory } from "./story.ts";
import { createTroubles, mendAll } from "./troubles.ts";
import { type Databases, type DemoWorld, openWorld } from "./world.ts";

export type DemoOptions = {
  readonly seed: number;
  /** three: HubSpot, PostgreSQL and Airtable. all: with Salesforce, ActiveCampaign, MariaDB and a REST tool, deals, and relations. */
  readonly systems: "three" | "all";
  /** How much there is of everything. Default: what `systems` is best shown with. */
  readonly size?: DemoSize;
  /** How often Truce's process is killed with signal 9 while people edit, each time to be started again. */
  readonly kills: number;
  /** At the end Truce goes on with what is left to decide, until this resolves; `null`: the demo ends with its result. */
  readonly stay: (() => Promise<void>) | null;
};

export type DemoSize = Omit<StoryOptions, "seed">;

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
  /** What took part, as people call it. */
  readonly systems: readonly string[];
  /** Why MariaDB did not; `null`: it did, or was not asked for. */
  readonly leftOut: string | null;
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
  readonly seconds: number;
  readonly examples: Findings["examples"];
};

/** What the demo tells while it runs. */
export type DemoNews =
  /** Which systems take part, by what the story calls them and what people do. */
  | { readonly kind: "cast"; readonly labels: Readonly<Record<string, string>> }
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
const lateWebhooksMs = 3_000;
const sizes: Readonly<Record<DemoOptions["systems"], DemoSize>> = {
  three: { people: 2_000, companies: 300, deals: 0, edits: 600, dayMs: 12_000 },
  all: { people: 300, companies: 60, deals: 90, edits: 300, dayMs: 20_000 },
};

/** Plays the whole demo: the story with Truce, then the very same story with a last-write-wins sync, each judged by the same independent check. */
export async function runDemo(options: DemoOptions, tell: (news: DemoNews) => void): Promise<DemoResult> {
  const { seed, systems, kills, stay } = options;
  const startedAt = Date.now();
  const stage = (text: string) => tell({ kind: "stage", text });
  const mariaDbProgram = systems === "all" ? findProgram("mariadbd") : null;
  const names = systems === "all" ? allSystems(mariaDbProgram !== null) : threeSystems;
  const leftOut =
    systems === "all" && mariaDbProgram === null
      ? "MariaDB is left out: mariadbd is not installed (Debian: apt-get install mariadb-server-core)"
      : null;
  const size = options.size ?? sizes[systems];
  const story = tellStory({ seed, ...size }, castOf(names));
  const folder = mkdtempSync(join(tmpdir(), "truce-demo-"));
  stage(`starting PostgreSQL${mariaDbProgram === null ? "" : " and MariaDB"}`);
  if (leftOut !== null) stage(leftOut);
  const postgres = await startLocalPostgres();
  let mariaDb: Awaited<ReturnType<typeof startLocalMariaDb>> | null = null;
  try {
    mariaDb = mariaDbProgram === null ? null : await startLocalMariaDb(mariaDbProgram);
    const databases = async (name: string): Promise<Databases> => ({
      postgres: await postgres.createDatabase(name),
      mariaDb: mariaDb === null ? null : await mariaDb.createDatabase(name),
    });
    stage(`PostgreSQL is up (${postgres.origin}); filling ${names.length} systems with ${contentsOf(story)}`);
    const truce = await playTruce(story, size.dayMs, await databases("company"), folder, kills, stay !== null, tell);
    stage("the same story once more, with a last-write-wins sync");
    const naive = await playNaive(story, await databases("company_lww"));
    const { examples, ...found } = naive;
    const result: DemoResult = {
      seed,
      systems: truce.labels,
      leftOut,
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
      seconds: Math.round((Date.now() - startedAt) / 100) / 10,
      examples: { ...truce.findings.examples, deadLetters: truce.deadLetters.slice(0, 5) },
    };
    tell({ kind: "result", result });
    await stay?.();
    await truce.end();
    return result;
  } finally {
    await Promise.all([postgres.stop(), mariaDb?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

function contentsOf({ people, companies, deals }: Story): string {
  if (deals === 0) return `${people} people and ${companies} companies`;
  return `${people} people, ${companies} companies and ${deals} deals (fewer than with three systems: more have to agree)`;
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
  readonly labels: readonly string[];
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
  dayMs: number,
  databases: Databases,
  folder: string,
  kills: number,
  stays: boolean,
  tell: (news: DemoNews) => void,
): Promise<Played> {
  const stage = (text: string) => tell({ kind: "stage", text });
  const world = await openWorld({ story, databases, speed });
  tell({ kind: "cast", labels: Object.fromEntries(world.systems.map(({ name, label }) => [name, label])) });
  const configFile = join(folder, "truce.yaml");
  writeFileSync(configFile, demoConfig(world.systems, story.entities));
  const order: EngineOrder = {
    storeFile: join(folder, "store.db"),
    configFile,
    moved: movedAddress(story.scenarioThing),
    isFirst: true,
    port: stays ? await freePort(consolePort).catch(() => freePort(0)) : await freePort(0),
    connections: Object.fromEntries(world.systems.map(({ name, connection }) => [name, connection])),
  };
  for (const { name, listen } of world.systems) listen(`http://127.0.0.1:${order.port}/webhooks/${name}`);
  let isTold = false;
  const hear = (word: EngineWord) => {
    if (word.kind === "up" && !isTold) tell({ kind: "console", url: word.console });
    isTold ||= word.kind === "up";
    tell({ kind: "engine", word });
  };
  let engine = await startEngine(order, hear);
  stage(`Truce reads all ${world.systems.length} systems, matches, and brings them together`);
  await engine.quiet();
  stage(`people edit on all sides while things break`);
  let faults = 0;
  const restarts = killTimes(story.seed, kills, dayMs);
  const troubleAt = createTroubles(world);
  await playDay(world, story, tell, async (atMs) => {
    const trouble = await troubleAt(atMs / dayMs);
    if (trouble !== null) {
      faults++;
      tell({ kind: "fault", text: trouble });
    }
    if (restarts.length === 0 || atMs < (restarts[0] ?? 0)) return;
    restarts.shift();
    faults++;
    tell({ kind: "fault", text: "kill -9 of Truce" });
    await engine.kill();
    engine = await startEngine({ ...order, isFirst: false }, hear);
  });
  mendAll(world);
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
  const remembered = await memoryOf(order.storeFile, world);
  const final = await world.records();
  const findings = check({ story, seeded: world.seeded, final, writes: after, kept: remembered.kept });
  const staying = stays ? await startEngine({ ...order, isFirst: false }, hear) : null;
  return {
    labels: world.systems.map(({ label }) => label),
    findings,
    async end() {
      await staying?.stop();
      await world.close();
    },
    held: remembered.holds.length,
    heldWithoutReason: remembered.holds.filter((hold) => !isAccountedFor(hold, story, world)).length,
    faults,
    scenarioHolds: scenarioHolds(story, world, final, remembered.kept.values),
    secondRunWrites,
    deadLetters: remembered.deadLetters.map(
      (letter) => `${letter.kind} to ${letter.ref?.system ?? ""}: ${letter.reason}`,
    ),
  };
}

async function playNaive(story: Story, databases: Databases): Promise<Findings> {
  const world = await openWorld({ story, databases, speed: 1_000 });
  const apis = new Map(world.systems.map(({ name, plain: plainApi }) => [name, plainApi(world.ageOf(name))]));
  await lastWriteWins(apis, story, world);
  const findings = check({
    story,
    seeded: world.seeded,
    final: await world.records(),
    writes: await world.writes(),
    kept: nothingKept,
  });
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

function killTimes(seed: number, kills: number, dayMs: number): number[] {
  const random = createRandom(seed + 99);
  return Array.from({ length: kills }, () => random.below(dayMs)).sort((a, b) => a - b);
}

/** Until nothing moves any more, webhooks under way included, and a sweep finds no difference. */
async function settle(engine: Engine, world: DemoWorld): Promise<void> {
  await engine.quiet();
  // A delivery that failed while Truce was down is tried again within hours, as in life; what it would tell is known by then.
  await Promise.race([
    Promise.all(world.systems.map((system) => system.settled())),
    new Promise((resolve) => setTimeout(resolve, lateWebhooksMs)),
  ]);
  for (const system of world.systems) system.showAll();
  await engine.quiet();
  for (let round = 0; round < 3 && (await engine.sweep()) > 0; round++);
  await engine.quiet();
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
