import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseEnv } from "node:util";
import { checkConfig } from "./check-config.ts";
import { type Compiled, compileConfig } from "./compile-config.ts";
import { importCode } from "./import-code.ts";
import type { ConfigProblem, Finding } from "./problem.ts";
import type { ReferenceSource } from "./reference.ts";
import type { Source } from "./source.ts";
import { readYaml } from "./yaml-source.ts";

export type LoadOptions = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** False leaves out whether references have values: for work that connects to nothing. */
  readonly references: boolean;
};

export type LoadedConfig = Compiled & {
  /** The file as it was named. */
  readonly name: string;
  /** Absolute. */
  readonly file: string;
  readonly folder: string;
  /** The environment, with what the .env file beside the config adds; file references are relative to the config. */
  readonly source: ReferenceSource;
  readonly placeOf: Source["placeOf"];
};

export type LoadResult = {
  /** `null` when a problem is an error. */
  readonly config: LoadedConfig | null;
  readonly problems: readonly ConfigProblem[];
};

/** Reads, checks and compiles a config file; tells all problems at once. Rejects only when the file can't be read. */
export async function loadConfig(path: string, options: LoadOptions): Promise<LoadResult> {
  const file = resolve(path);
  const text = readText(file);
  return isCode(file) ? compiled(path, await importCode(file, text), options) : loadYaml(path, text, options);
}

/** The same of a text that the YAML file at `path` may come to hold. */
export function loadYaml(path: string, text: string, options: LoadOptions): LoadResult {
  return compiled(path, readYaml(text), options);
}

/** Whether the config is a program: then nothing but that program can say what it would be. */
export function isCode(file: string): boolean {
  return /\.m?[jt]s$/u.test(file);
}

function compiled(path: string, read: Source, options: LoadOptions): LoadResult {
  const file = resolve(path);
  const folder = dirname(file);
  const source = referencesOf(folder, options.env);
  const checked = read.data === undefined ? null : checkConfig(read.data, options.references ? source : null);
  const problems = [...syntaxProblems(path, read), ...(checked?.findings ?? []).map((one) => located(path, read, one))];
  const isFaulty = read.errors.length > 0 || checked === null || checked.config === null;
  const about = { name: path, file, folder, source, placeOf: read.placeOf };
  const config = isFaulty || checked.config === null ? null : { ...compileConfig(checked.config), ...about };
  return { config, problems: inOrder(problems) };
}

/** A config file's text. Throws, for people, when it can't be read. */
export function readText(file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/^\u{FEFF}/u, "");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "There is no file" : "Can't read the file";
    throw new Error(`${reason} ${relative(process.cwd(), file) || file}.`, { cause: error });
  }
}

/** What is set in the environment goes before the .env file. */
export function referencesOf(folder: string, env: Readonly<Record<string, string | undefined>>): ReferenceSource {
  const readFile = (path: string): string | null => {
    try {
      return readFileSync(resolve(folder, path), "utf8");
    } catch {
      return null;
    }
  };
  return { env: { ...parseEnv(readFile(join(folder, ".env")) ?? ""), ...env }, readFile };
}

function syntaxProblems(file: string, { errors }: Source): ConfigProblem[] {
  return errors.map(({ place, message, remedy }) => ({ severity: "error", file, ...place, path: [], message, remedy }));
}

function located(file: string, read: Source, finding: Finding): ConfigProblem {
  const { severity, path, message, remedy } = finding;
  return { severity, file, ...read.placeOf(finding), path, message, remedy };
}

function inOrder(problems: readonly ConfigProblem[]): ConfigProblem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
