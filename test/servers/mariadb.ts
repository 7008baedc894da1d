import { inject } from "vitest";
import { debianProgram } from "./debian.ts";

const found = debianProgram("mariadbd");

/** Why the tests of a file are skipped, `null` where they run: `describe.skipIf(skipReason !== null)`. It is said once, on a line of its own. */
export const mariaDbSkipReason = found.skipReason;
if (found.skipReason !== null) process.stderr.write(`Tests on MariaDB are skipped: ${found.skipReason}\n`);

/** The URL of a new, empty database, on a server of this test run's own with a binary log, entered as a user who may do everything. */
export async function freshMariaDb(): Promise<string> {
  const response = await fetch(inject("mariaDbBroker"), { method: "POST" });
  const answer = await response.text();
  if (!response.ok) throw new Error(answer);
  return answer;
}
