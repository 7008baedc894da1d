import { existsSync } from "node:fs";
import { join } from "node:path";

/** Names of a config file, as they are looked for. */
const configNames = [
  "truce.config.ts",
  "truce.config.mts",
  "truce.config.js",
  "truce.config.mjs",
  "truce.yaml",
  "truce.yml",
] as const;

/** The configs in a folder: one, if all is well. */
export function findConfigs(folder: string): string[] {
  return configNames.map((name) => join(folder, name)).filter((file) => existsSync(file));
}
