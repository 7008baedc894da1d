import type { TruceConfig } from "./config-schema.ts";

/** The config, typed: `export default defineConfig({ ... })` in truce.config.ts. */
export function defineConfig(config: TruceConfig): TruceConfig {
  return config;
}

/** Stands for an environment variable, which is read when a connection is made: `token: env("HUBSPOT_TOKEN")`. */
export function env(name: string): string {
  return `\${${name}}`;
}

/** Stands for the contents of a file, less white space at its end: `token: secretFile("/run/secrets/hubspot")`. */
export function secretFile(path: string): string {
  return `\${file:${path}}`;
}
