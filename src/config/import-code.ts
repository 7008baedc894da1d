import { registerHooks } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { placeInCode } from "./code-source.ts";
import { type Place, placeIn, type Source } from "./source.ts";

/** This package's own entry, in the form that this file is in: `import { defineConfig } from "truce"` works without an installed copy. */
const packageEntry = new URL(import.meta.url.endsWith(".ts") ? "../index.ts" : "../index.js", import.meta.url).href;

/** Imports a truce.config.ts, whose default export is the config. */
export async function importCode(file: string, text: string): Promise<Source> {
  const unread = (place: Place, message: string, remedy: string | null): Source => {
    return { data: undefined, errors: [{ place, message, remedy }], placeOf: () => place };
  };
  const { module, error } = await importFile(pathToFileURL(file).href);
  if (error !== undefined) return unread(placeOfError(error, file, text), messageOf(error), remedyFor(error));
  if (module === undefined || !("default" in module)) {
    return unread({ line: 1, column: 1 }, "the file exports no config", "Write: export default defineConfig({ ... }).");
  }
  return { data: module["default"], errors: [], placeOf: (finding) => placeInCode(text, finding) };
}

type Imported = { readonly module?: Readonly<Record<string, unknown>>; readonly error?: unknown };

async function importFile(url: string): Promise<Imported> {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      if (specifier === "truce") return { url: packageEntry, shortCircuit: true };
      const resolved = next(specifier, context);
      // Whatever the folder's package.json says or leaves open, a config is a module.
      return resolved.url === url
        ? { ...resolved, format: url.endsWith("ts") ? "module-typescript" : "module" }
        : resolved;
    },
  });
  const emit = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    // Some Node versions mark type stripping as experimental, which tells a user nothing.
    if (!String(warning).includes("Type Stripping"))
      (emit as (...args: unknown[]) => void).call(process, warning, ...rest);
  }) as typeof process.emitWarning;
  try {
    return { module: (await import(url)) as Record<string, unknown> };
  } catch (error) {
    return { error };
  } finally {
    process.emitWarning = emit;
    hooks.deregister();
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return `the file throws ${String(error)}`;
  const message = error.message.split("\n")[0]?.trim() ?? "";
  return error instanceof SyntaxError
    ? `the file can't be read as TypeScript: ${message}`
    : `the file can't be run: ${message}`;
}

function remedyFor(error: unknown): string | null {
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (code === "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX")
    return "Enums, namespaces and parameter properties can't be used in a config.";
  return code === "ERR_MODULE_NOT_FOUND" ? "Install what it imports, beside the config." : null;
}

/** A syntax error's stack begins with the place; a thrown error's lists it. */
function placeOfError(error: unknown, file: string, text: string): Place {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  const [first = "", ...rest] = stack.split("\n");
  const head = /^(?<where>.+):(?<line>\d+)$/u.exec(first)?.groups;
  if (head !== undefined && isFile(head["where"] ?? "", file)) {
    const marks = rest.find((row) => /^\s*\^+\s*$/u.test(row)) ?? "";
    return { line: Number(head["line"]), column: Math.max(1, marks.indexOf("^") + 1) };
  }
  for (const [, where = "", line, column] of stack.matchAll(/(?:\(|at )(file:[^)\s]+):(\d+):(\d+)/gu)) {
    if (isFile(where, file)) return { line: Number(line), column: Number(column) };
  }
  const missing = /Cannot find (?:package|module) '(?<name>[^']+)'/u.exec(stack)?.groups?.["name"];
  return placeIn(text, missing === undefined ? 0 : Math.max(0, text.indexOf(missing)));
}

function isFile(where: string, file: string): boolean {
  return (where.startsWith("file:") ? fileURLToPath(where) : where) === file;
}
