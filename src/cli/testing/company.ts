import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { castOf, threeSystems } from "../../../demo/cast.ts";
import { tellStory } from "../../../demo/story.ts";
import { type DemoWorld, openWorld } from "../../../demo/world.ts";
import { startLocalPostgres } from "../../local-postgres/start.ts";

export type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };
export type Started = {
  /** Resolves to standard error once it holds this text. */
  says(text: string): Promise<string>;
  /** Resolves to standard output once it holds this text. */
  prints(text: string): Promise<string>;
  stop(signal?: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
};

/** A small company's three systems with the demo's messy records, and a folder with a truce.yaml for them. */
export type Company = {
  readonly world: DemoWorld;
  readonly crm: Account;
  readonly marketing: Account & { readonly baseId: string };
  readonly folder: string;
  /** What the config refers to. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs the command line in the folder. */
  truce(...args: readonly string[]): Promise<Ended>;
  /** The same with more in the environment. */
  truceWith(more: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<Ended>;
  start(...args: readonly string[]): Started;
  /** A database beside the company's own. */
  createDatabase(name: string): Promise<string>;
  close(): Promise<void>;
};

type Account = { readonly url: string; readonly token: string };

const main = fileURLToPath(new URL("../../main.ts", import.meta.url));

export async function openCompany(people: number): Promise<Company> {
  const postgres = await startLocalPostgres();
  const databaseUrl = await postgres.createDatabase("company");
  const story = tellStory({ seed: 7, people, companies: 3, deals: 0, edits: 1, dayMs: 1_000 }, castOf(threeSystems));
  const world = await openWorld({ story, databases: { postgres: databaseUrl, mariaDb: null }, speed: 20 });
  const { crm, marketing } = accountsOf(world);
  const folder = mkdtempSync(join(tmpdir(), "truce-cli-"));
  writeFileSync(join(folder, "truce.yaml"), configFor(crm, marketing));
  const env = {
    HUBSPOT_TOKEN: crm.token,
    AIRTABLE_TOKEN: marketing.token,
    DATABASE_URL: databaseUrl,
  };
  const started = new Set<Started>();
  const startWith = (more: Readonly<Record<string, string>>, args: readonly string[]) => {
    const one = startCli(folder, { ...env, ...more }, args);
    started.add(one);
    void one.ended.then(() => started.delete(one));
    return one;
  };
  return {
    world,
    crm,
    marketing,
    folder,
    env,
    start: (...args) => startWith({}, args),
    truce: (...args) => startWith({}, args).ended,
    truceWith: (more, ...args) => startWith(more, args).ended,
    createDatabase: postgres.createDatabase,
    async close() {
      for (const one of started) one.stop("SIGKILL");
      await Promise.all([...started].map(({ ended }) => ended));
      await world.close();
      await postgres.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

function startCli(cwd: string, env: Readonly<Record<string, string>>, args: readonly string[]): Started {
  const { TRUCE_DATABASE_URL: _, FORCE_COLOR: __, ...inherited } = process.env;
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { ...inherited, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stdout = listen(child.stdout);
  const stderr = listen(child.stderr);
  const ended = new Promise<Ended>((resolve) => {
    child.once("close", (code) => resolve({ code: code ?? 128, stdout: stdout.heard(), stderr: stderr.heard() }));
  });
  const orEnd = async (heard: Promise<string>, text: string) => {
    const early = ended.then((end) => {
      throw new Error(`It ended without "${text}": ${JSON.stringify(end)}`);
    });
    return Promise.race([heard, early]);
  };
  return {
    ended,
    stop: (signal = "SIGTERM") => void child.kill(signal),
    says: (text) => orEnd(stderr.until(text), text),
    prints: (text) => orEnd(stdout.until(text), text),
  };
}

function listen(stream: NodeJS.ReadableStream) {
  let heard = "";
  const waiting = new Map<string, (heard: string) => void>();
  const tell = () => {
    for (const [text, resolve] of waiting) if (heard.includes(text)) resolve(heard);
  };
  stream.on("data", (part: Buffer) => {
    heard += part.toString();
    tell();
  });
  return {
    heard: () => heard,
    until: (text: string) =>
      new Promise<string>((resolve) => {
        waiting.set(text, resolve);
        tell();
      }),
  };
}

function accountsOf(world: DemoWorld): Pick<Company, "crm" | "marketing"> {
  const [crm, marketing] = [world.system("crm").connection, world.system("marketing").connection];
  if (crm.kind !== "hubspot" || marketing.kind !== "airtable") throw new Error("The demo's systems are others now.");
  const { auth, baseUrl = "" } = crm.options;
  const { endpointUrl = "", token, baseId } = marketing.options;
  return {
    crm: { url: baseUrl, token: "token" in auth ? auth.token : "" },
    marketing: { url: endpointUrl, token, baseId },
  };
}

function configFor(crm: Account, marketing: Company["marketing"]): string {
  return `\
systems:
  crm: { connector: hubspot, token: \${HUBSPOT_TOKEN}, url: ${crm.url}, pollEvery: 500ms }
  db: { connector: postgres, url: \${DATABASE_URL} }
  marketing: { connector: airtable, token: \${AIRTABLE_TOKEN}, base: ${marketing.baseId}, url: ${marketing.url}, pollEvery: 1s }
entities:
  contact:
    fields:
      email: { type: email, rule: newest }
      firstName: { type: name, rule: { prefer: [crm, db, marketing] } }
      lastName: { type: name, rule: { prefer: [crm, db, marketing] } }
      phone: { type: phone, country: DE, rule: { prefer: [crm, db, marketing] } }
      jobTitle: text
      city: { type: text, rule: { prefer: [crm, db, marketing] } }
      stage: { type: choice, options: [lead, opportunity, customer], rule: forward-only }
    identity: [email, [phone, lastName]]
    systems:
      crm:
        object: contacts
        create: true
        fields: { email: email, firstName: firstname, lastName: lastname, phone: phone, jobTitle: jobtitle, city: city, stage: lifecyclestage }
      db:
        object: public.people
        create: true
        fields: { email: email, firstName: first_name, lastName: last_name, phone: phone, jobTitle: job_title, city: city, stage: stage }
      marketing:
        object: People
        create: true
        fields: { email: Email, firstName: First Name, lastName: Last Name, phone: Phone, jobTitle: Job Title, city: City, stage: Stage }
settings:
  listen: 127.0.0.1:0
`;
}
