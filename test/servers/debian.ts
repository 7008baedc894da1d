import { findProgram } from "../../src/local-mariadb/find-program.ts";

/** Programs that some tests need, and the Debian package that has each. */
export const debianPackages = {
  chromium: "chromium",
  mariadbd: "mariadb-server-core",
  "nats-server": "nats-server",
} as const;

export type DebianProgram = keyof typeof debianPackages;

/** Where it is, or one line that says why its tests are skipped and how to have them run. */
export type FoundProgram =
  | { readonly path: string; readonly skipReason: null }
  | { readonly path: null; readonly skipReason: string };

/**
 * Looks for a program of `debianPackages`. `npm test`, run as root on Debian or Ubuntu, installs every one that a test file asks for by this
 * function.
 */
export function debianProgram(program: DebianProgram): FoundProgram {
  const path = findProgram(program);
  if (path !== null) return { path, skipReason: null };
  return { path: null, skipReason: `${program} is not installed: apt-get install ${debianPackages[program]}` };
}
