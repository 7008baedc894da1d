import { readFileSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";

/** Another user than this process's, to run the server as. */
export type ServerUser = { readonly name: string; readonly uid: number; readonly gid: number };

/** PostgreSQL refuses to run as root: then `postgres` or `nobody`. Null: as whoever we are. Throws in words when there is neither. */
export function serverUser(): ServerUser | null {
  if (process.getuid?.() !== 0) return null;
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const row = users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody");
  if (row === undefined)
    throw new Error("PostgreSQL does not run as root, and this machine has no user postgres or nobody to run it as.");
  return { name: row[0]!, uid: Number(row[2]), gid: Number(row[3]) };
}

/** Whether that user may enter the folder and each one above it. */
export function canEnter(user: ServerUser | null, folder: string): boolean {
  if (user === null) return true;
  for (let at = folder; ; at = dirname(at)) {
    const { mode, uid, gid } = statSync(at);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (dirname(at) === at) return true;
  }
}

/** The folder for temporary files; where that is closed to the server's user (root's own TMPDIR), /tmp. */
export function temporaryParent(user: ServerUser | null): string {
  return canEnter(user, tmpdir()) ? tmpdir() : "/tmp";
}
