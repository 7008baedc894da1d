import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { configJsonSchema } from "../../config/json-schema.ts";
import { type SystemChoice, secretHints, variablesOf } from "./system-choice.ts";

/** Writes the config and what belongs beside it. Returns the names of the files that were written or added to. */
export function writeFiles(folder: string, name: string, text: string, systems: readonly SystemChoice[]): string[] {
  writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, "truce.schema.json"), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  writeFileSync(join(folder, ".env.example"), envExample(systems));
  return [name, "truce.schema.json", ".env.example", ...ignore(folder)];
}

function envExample(systems: readonly SystemChoice[]): string {
  const lines = systems.flatMap(({ system, connector, variable }) => [
    `# ${system}: ${secretHints[connector]}`,
    ...variablesOf({ connector, variable }).map((name) => `${name}=`),
  ]);
  return `# Copy this to .env and fill it in. What is set in the environment itself goes first.\n${lines.join("\n")}\n`;
}

/** Secrets and Truce's own state are not for a repository. */
function ignore(folder: string): string[] {
  const file = join(folder, ".gitignore");
  if (!existsSync(join(folder, ".git")) && !existsSync(file)) return [];
  const present = existsSync(file) ? readFileSync(file, "utf8") : "";
  const missing = [".env", ".truce/"].filter((line) => !present.split(/\r?\n/u).includes(line));
  if (missing.length === 0) return [];
  appendFileSync(file, `${present === "" || present.endsWith("\n") ? "" : "\n"}${missing.join("\n")}\n`);
  return [".gitignore"];
}

/** Keeps a secret in .env, which only its owner may read. */
export function keepSecret(folder: string, variable: string, secret: string): void {
  const file = join(folder, ".env");
  const present = existsSync(file) ? readFileSync(file, "utf8") : "";
  const line = `${variable}=${/["'\s#$\\`]/u.test(secret) ? `'${secret}'` : secret}\n`;
  writeFileSync(file, `${present}${present === "" || present.endsWith("\n") ? "" : "\n"}${line}`, { mode: 0o600 });
}
