import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { machineClock, machineRandom } from "../clock/machine.ts";
import { findConfigs } from "../config/find-config.ts";
import { type LoadedConfig, loadConfig } from "../config/load-config.ts";
import { resolveReference } from "../config/reference.ts";
import { governed } from "../control/govern.ts";
import type { Deps, EngineEvent } from "../engine/deps.ts";
import type { Store } from "../ports/store.ts";
import { connectSystem } from "./connect-system.ts";
import { CliError, exitProblems } from "./exit.ts";
import { openStore, type StorePlace } from "./open-store.ts";
import { counted, remark } from "./output.ts";
import { problemLines } from "./problem-lines.ts";

/** Options that every command takes. */
export type CommonOptions = { readonly config?: string; readonly json?: boolean };

/** Loads the config, or fails with all its problems. `references: false`: nothing will be connected to, so secrets may be missing. */
export async function readConfig({ config }: CommonOptions, references = true): Promise<LoadedConfig> {
  const { config: loaded, problems } = await loadConfig(configFile(config), { env: process.env, references });
  const errors = problems.filter((one) => one.severity === "error");
  if (loaded !== null && errors.length === 0) return loaded;
  for (const line of problemLines(errors)) remark(line);
  throw new CliError(`The config has ${counted(errors.length, "error")}; nothing was started.`, exitProblems);
}

export function configFile(named: string | undefined): string {
  if (named !== undefined) return named;
  const found = findConfigs(".");
  if (found.length === 1 && found[0] !== undefined) return found[0];
  if (found.length > 1)
    throw new CliError(`There are several configs here: ${found.join(", ")}. Name one with --config.`);
  throw new CliError(
    "There is no truce.yaml or truce.config.ts here. Make one with `truce init`, or name one with --config.",
  );
}

/** Everything a command needs to act: config, store and connected systems. */
export type Session = { readonly config: LoadedConfig; readonly deps: Deps; close(): Promise<void> };

/** Opens store and systems. `storeOf`: how to come by the store, where it is not just the config's. */
export async function openSession(
  options: CommonOptions,
  tell: (event: EngineEvent) => void,
  storeOf: (config: LoadedConfig) => Promise<Store> = openConfiguredStore,
): Promise<Session> {
  const config = await readConfig(options);
  const store = await storeOf(config);
  const connectors = await Promise.all(
    Object.keys(config.systems).map((system) => connectSystem(config, system, machineClock)),
  );
  const governors = connectors.map((one) => governed(one, machineClock, tell));
  const deps = { ...offlineDeps(config, store), connectors: new Map(governors.map((one) => [one.system, one])), tell };
  return {
    config,
    deps,
    async close() {
      await Promise.all(connectors.map((connector) => connector.close()));
      await store.close();
    },
  };
}

/** What is enough for work on the store alone. */
export function offlineDeps({ policy }: LoadedConfig, store: Store): Deps {
  return {
    store,
    policy,
    connectors: new Map(),
    clock: machineClock,
    random: machineRandom,
    startedAt: machineClock.now(),
    tell: () => undefined,
  };
}

/** The folder with Truce's own files; made if it is not there. */
export function dataFolder({ folder, settings, source }: LoadedConfig): string {
  const path = resolve(folder, resolveReference(settings.dataFolder, source));
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return path;
}

/** Where the config and the environment put the store. */
export function storePlace(config: LoadedConfig): StorePlace {
  const { settings, source } = config;
  const named =
    settings.store === null ? (source.env["TRUCE_DATABASE_URL"] ?? "") : resolveReference(settings.store, source);
  return named === "" || named === "sqlite" ? { file: join(dataFolder(config), "store.db") } : { url: named };
}

/** The configured store, with its tables up to date. */
export async function openConfiguredStore(config: LoadedConfig): Promise<Store> {
  const store = await openStore(storePlace(config));
  await store.migrate();
  return store;
}
