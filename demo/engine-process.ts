import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { configFileOf } from "../src/cli/config-file.ts";
import { consoleFolder } from "../src/cli/console-folder.ts";
import { dryRun } from "../src/cli/plan.ts";
import { version } from "../src/cli/version.ts";
import { linkOf } from "../src/cli/welcome.ts";
import { machineClock, machineRandom } from "../src/clock/machine.ts";
import { type Deps, type EngineEvent, mappedObjects } from "../src/engine/deps.ts";
import { run } from "../src/engine/run.ts";
import type { Connector, MappedObject } from "../src/ports/connector.ts";
import type { StoreCounts } from "../src/ports/store.ts";
import { openAccounts } from "../src/server/access/accounts.ts";
import { createLive } from "../src/server/live.ts";
import { startServer } from "../src/server/server.ts";
import { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import { demoPolicy } from "./policy.ts";
import type { Connection } from "./systems/system.ts";

/** What the demo tells its engine process at its start. */
export type EngineOrder = {
  readonly storeFile: string;
  /** Its rules and mapping as a file, for people to look at and to try changes of. */
  readonly configFile: string;
  /** The mail address that the story's first contact moved to, for the console's tour. */
  readonly moved: string;
  /** The systems are checked and prepared first. */
  readonly isFirst: boolean;
  readonly port: number;
  readonly connections: Readonly<Record<string, Connection>>;
};

/** What the engine process says, a JSON line each. */
export type EngineWord =
  | { readonly kind: "up"; readonly url: string /** Opens the console, signed in. */; readonly console: string }
  | { readonly kind: "quiet" }
  | { readonly kind: "sweeps-done"; readonly drifted: number }
  | { readonly kind: "status"; readonly counts: StoreCounts; readonly nextDueInMs: number | null }
  | EngineEvent;

const statusEveryMs = 500;

/**
 * Truce itself, as the demo runs it: a process of its own, so that it can be killed like any other. Orders come as lines on standard input,
 * words go out as JSON lines on standard output.
 */
async function main(order: EngineOrder): Promise<void> {
  const say = (word: EngineWord) => void process.stdout.write(`${JSON.stringify(word)}\n`);
  const policy = demoPolicy(readFileSync(order.configFile, "utf8"));
  const clock = machineClock;
  const live = createLive(clock);
  const store = live.heard(await openSqliteStore(order.storeFile));
  await store.migrate();
  const connectors = new Map<string, Connector>();
  for (const [name, connection] of Object.entries(order.connections)) {
    const webhookUrl = `http://127.0.0.1:${order.port}/webhooks/${name}`;
    connectors.set(name, await connect(name, connection, mappedObjects(policy, name), webhookUrl));
  }
  // As `truce check --prepare` does, once; a restart must come up whatever state the systems are in.
  for (const [system, connector] of order.isFirst ? connectors : []) {
    const problems = await connector.check(mappedObjects(policy, system), { prepare: true });
    for (const problem of problems.filter((one) => one.severity === "error")) {
      process.stderr.write(`${system} ${problem.object} ${problem.cell ?? ""}: ${problem.message}\n`);
    }
  }
  const tell = (event: EngineEvent) => {
    live.tell(event);
    say(event);
  };
  const deps: Deps = { store, connectors, policy, clock, random: machineRandom, startedAt: clock.now(), tell };
  const running = run(deps, { workBatchMax: 500, sweepEveryMs: null, schemaEveryMs: null });
  const accounts = openAccounts(deps);
  const server = await startServer(deps, running, {
    host: "127.0.0.1",
    port: order.port,
    publicUrl: null,
    accounts,
    oidc: null,
    live,
    consoleFolder: consoleFolder(),
    metrics: null,
    configFile: configFileOf({ name: "truce.yaml", file: order.configFile }, { env: {}, references: false }),
    demo: { moved: order.moved },
    dryRun: (tried) => dryRun(deps, tried, new AbortController().signal),
    version: version(),
    log: {
      answered: () => undefined,
      bug: (error) => void process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`),
    },
  });
  const pass = await accounts.invite({ name: "You", role: "admin", isPass: true });
  say({ kind: "up", url: server.url, console: linkOf(server.url, pass) });
  running.ended.catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  });
  const timer = setInterval(async () => {
    say({ kind: "status", counts: await store.counts(clock.now()), nextDueInMs: await dueInMs() });
  }, statusEveryMs);
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "quiet") void running.quiet().then(() => say({ kind: "quiet" }));
    if (line === "sweep") void sweepAll().then((drifted) => say({ kind: "sweeps-done", drifted }));
    if (line === "stop") break;
  }
  clearInterval(timer);
  await running.stop();
  await server.close();
  for (const connector of connectors.values()) await connector.close();
  await store.close();
  // An open pipe would keep the process alive.
  process.stdin.destroy();

  async function dueInMs(): Promise<number | null> {
    const next = await store.nextDueAt([...connectors.keys()]);
    return next === null ? null : next - clock.now();
  }

  async function sweepAll(): Promise<number> {
    let drifted = 0;
    for (const system of connectors.keys()) {
      for (const { object } of mappedObjects(policy, system)) drifted += (await running.sweep(system, object)).drifted;
    }
    await running.quiet();
    return drifted;
  }
}

/** A vendor's code is loaded only where it is used. */
async function connect(
  system: string,
  { kind, options }: Connection,
  objects: readonly MappedObject[],
  notificationUrl: string,
): Promise<Connector> {
  const own = { system, clock: machineClock };
  switch (kind) {
    case "hubspot":
      return (await import("../src/connectors/hubspot/connector.ts")).createHubSpotConnector({ ...own, ...options });
    case "salesforce":
      return (await import("../src/connectors/salesforce/connector.ts")).createSalesforceConnector({
        ...own,
        ...options,
      });
    case "activecampaign":
      return (await import("../src/connectors/activecampaign/connector.ts")).createActiveCampaignConnector({
        ...own,
        ...options,
        notificationUrl,
      });
    case "airtable":
      return (await import("../src/connectors/airtable/connector.ts")).createAirtableConnector({ ...own, ...options });
    case "rest":
      return (await import("../src/connectors/rest/connector.ts")).createRestConnector({ ...own, ...options }, objects);
    case "postgres":
      return (await import("../src/connectors/postgres/connector.ts")).createPostgresConnector({
        ...own,
        ...options,
        objects,
      });
    case "mysql":
      return (await import("../src/connectors/mysql/connector.ts")).createMysqlConnector({
        ...own,
        ...options,
        objects,
      });
  }
}

await main(JSON.parse(process.argv[2] ?? "{}") as EngineOrder);
