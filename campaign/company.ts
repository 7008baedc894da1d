import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { castOf, threeSystems } from "../demo/cast.ts";
import { type Edit, type Story, tellStory } from "../demo/story.ts";
import { type LocalPostgres, startLocalPostgres } from "../src/local-postgres/start.ts";
import { companyConfig } from "./config.ts";
import { type Hearing, openPassage, type Passage } from "./passage.ts";
import { createTrap, type Trap, watchDatabase, watchStore } from "./stages.ts";
import { runTruce, startTruce, type Truce, type TruceOptions } from "./truce.ts";
import { startWorld, type World, type WorldOffer } from "./world.ts";

export type StoreKind = "sqlite" | "postgres";

export type CompanyOptions = {
  readonly seed: number;
  readonly store: StoreKind;
  /** Where Truce's own files lie; by default a temporary folder. */
  readonly dataFolder?: string;
};

/** A small company with three systems and Truce between them, each a process of its own, with a passage on every way between them. */
export type Company = {
  readonly options: CompanyOptions;
  readonly story: Story;
  readonly world: World;
  readonly about: ReturnType<WorldOffer["about"]>;
  readonly trap: Trap;
  readonly passages: Readonly<Record<"crm" | "marketing" | "db" | "store" | "webhooks", Passage>>;
  /** Edits that people have made so far. */
  readonly played: readonly Edit[];
  /** How to start a Truce of this company; several share its store, each with a number. */
  truce(worker?: number): TruceOptions;
  start(options?: { readonly worker?: number; readonly nodeOptions?: readonly string[] }): Truce;
  run(...args: readonly string[]): ReturnType<typeof runTruce>;
  /** The next so many edits of the story, in a row. */
  play(count: number): Promise<void>;
  /** An edit of a record that nothing else happens to; resolves with the ms until another system has it, `null` after `timeoutMs`. */
  probe(timeoutMs: number): Promise<number | null>;
  killPostgres(): Promise<void>;
  startPostgres(): Promise<void>;
  readonly storePlace: { readonly file: string } | { readonly url: string };
  close(): Promise<void>;
};

const speed = 20;
const people = 40;
const companies = 6;
const editsMax = 20_000;
const databases = ["company", "store"];

/** Starts the systems and the passages, and brings them together once. What was started before a failure ends with it. */
export async function openCompany(options: CompanyOptions): Promise<Company> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    return await open(options, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  options: CompanyOptions,
  closers: (() => Promise<unknown>)[],
  close: () => Promise<void>,
): Promise<Company> {
  const folder = mkdtempSync(join(tmpdir(), "truce-campaign-"));
  // PostgreSQL runs as another user, where this is root, who may enter no folder of root's.
  const dataDir = mkdtempSync(join(tmpdir(), "truce-campaign-postgres-"));
  closers.push(async () => {
    for (const own of [folder, dataDir]) rmSync(own, { recursive: true, force: true });
  });
  const storyOptions = { seed: options.seed, people, companies, deals: 0, edits: editsMax, dayMs: editsMax };
  const story = tellStory(storyOptions, castOf(threeSystems));
  let postgres: LocalPostgres = await startLocalPostgres({ databases, dataDir });
  closers.push(() => postgres.stop({ mode: "immediate" }));
  const port = postgres.port;
  const [companyUrl, storeUrl] = databases.map((name) => postgres.url(name)) as [string, string];
  const world = await startWorld({ story: storyOptions, databaseUrl: companyUrl, speed });
  closers.push(world.close);
  const about = await world.about();
  const trap = createTrap();
  const listenPorts = [await freePort(), await freePort()];
  const api = apiHearing(trap);
  const passages = {
    crm: await openPassage(() => about.crm.port, api),
    marketing: await openPassage(() => about.marketing.port, api),
    db: await openPassage(() => port),
    store: await openPassage(() => port),
    webhooks: await openPassage(() => listenPorts[0]!, webhookHearing(trap)),
  };
  closers.push(() => Promise.all(Object.values(passages).map((one) => one.close())));
  await world.listen(`http://127.0.0.1:${passages.webhooks.port}/webhooks/crm`);
  const dataFolder = options.dataFolder ?? join(folder, "data");
  writeFileSync(join(folder, "truce.yaml"), companyConfig(about.config));
  const truceOptions = (worker = 0): TruceOptions => ({
    folder,
    env: {
      CRM_URL: `http://127.0.0.1:${passages.crm.port}`,
      CRM_TOKEN: about.crm.token,
      CRM_SECRET: about.crm.secret,
      DB_URL: withPort(companyUrl, passages.db.port),
      MARKETING_URL: `http://127.0.0.1:${passages.marketing.port}`,
      MARKETING_TOKEN: about.marketing.token,
      MARKETING_BASE: about.marketing.base,
      DATA_FOLDER: worker === 0 ? dataFolder : `${dataFolder}-${worker}`,
      LISTEN: `127.0.0.1:${listenPorts[worker]}`,
      PUBLIC_URL: `http://127.0.0.1:${passages.webhooks.port}`,
      NODE_COMPILE_CACHE: join(tmpdir(), "truce-campaign-code"),
      ...(options.store === "postgres" ? { TRUCE_DATABASE_URL: withPort(storeUrl, passages.store.port) } : {}),
    },
  });
  mkdirSync(dataFolder, { recursive: true });
  const run = (...args: readonly string[]) => runTruce(args, truceOptions());
  const first = await run("run", "--once", "--timeout", "2m");
  if (first.code !== 0) throw new Error(`The first run ended with ${first.code}: ${first.stderr}`);
  const watchers: { close(): Promise<void> }[] = [];
  const unwatch = () => Promise.all(watchers.splice(0).map((one) => one.close().catch(() => undefined)));
  closers.push(unwatch);
  const watch = async () => {
    watchers.push(await watchDatabase(companyUrl, trap));
    if (options.store === "postgres") watchers.push(await watchStore(storeUrl, trap));
  };
  await watch();
  const { edits, probeOf } = partedStory(story);
  const from = options.seed % 2 === 0 ? "crm" : "db";
  const startedAt = Date.now();
  const played: Edit[] = [];
  const apply = async (edit: Edit) => {
    const made = { ...edit, atMs: Date.now() - startedAt };
    played.push(made);
    // While its database is down, a person tries again.
    for (let tries = 1; ; tries++) {
      try {
        return await world.apply(made);
      } catch (error) {
        if (tries === 100) throw error;
        await sleep(100);
      }
    }
  };
  let probes = 0;
  return {
    options,
    story,
    world,
    about,
    trap,
    passages,
    played,
    truce: truceOptions,
    start: ({ worker, nodeOptions = [] } = {}) => startTruce({ ...truceOptions(worker), nodeOptions }),
    run,
    async play(count) {
      for (const edit of edits.splice(0, count)) await apply(edit);
    },
    async probe(timeoutMs) {
      const edit = probeOf(from, ++probes);
      const at = Date.now();
      await apply(edit);
      const seen = await world.seen(from === "crm" ? "db" : "crm", "city", edit.values["city"]!, timeoutMs);
      return seen ? Date.now() - at : null;
    },
    async killPostgres() {
      await unwatch();
      await postgres.kill();
    },
    async startPostgres() {
      postgres = await startLocalPostgres({ databases, dataDir, port });
      await watch();
    },
    storePlace: options.store === "postgres" ? { url: storeUrl } : { file: join(dataFolder, "store.db") },
    close,
  };
}

/** The story's edits without those of one person, whom both CRM and database know, and who is left to probes. */
function partedStory({ copies, edits }: Story) {
  const contacts = Map.groupBy(
    copies.filter((copy) => copy.entity === "contact"),
    (copy) => copy.thing,
  );
  const [thing] = [...contacts].find(
    ([, own]) =>
      !own.some((copy) => copy.twin) && ["crm", "db"].every((system) => own.some((copy) => copy.system === system)),
  )!;
  const probeOf = (system: "crm" | "db", n: number): Edit => ({
    atMs: 0,
    entity: "contact",
    thing,
    system,
    user: "Probe",
    values: { city: `Probe ${n}` },
  });
  return { edits: edits.filter((edit) => edit.entity !== "contact" || edit.thing !== thing), probeOf };
}

function apiHearing(trap: Trap): Hearing {
  return {
    request: (head) => !(isWrite(head) && trap.reached("sent, not arrived")),
    sent: (head) => void (isWrite(head) && trap.reached("sent")),
    answered: (head) => !(isWrite(head) && trap.reached("answered")),
  };
}

function webhookHearing(trap: Trap): Hearing {
  return { sent: () => void trap.reached("received"), told: () => void trap.reached("stored") };
}

function isWrite(head: string): boolean {
  return /^(POST|PUT|PATCH|DELETE) /u.test(head) && !/^\S+ \S*(\/search|\/batch\/read|\/listRecords)/u.test(head);
}

function withPort(url: string, port: number): string {
  const moved = new URL(url);
  moved.port = String(port);
  return moved.href;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
    server.once("error", reject);
  });
}
