import { inject } from "vitest";

/**
 * The URL of a new, empty database, on a server of this test run's own with `wal_level = logical`, entered as its superuser. Replication slots belong
 * to the server, which has 40: a test drops those that it makes. Rejects in words when this machine has no PostgreSQL to start.
 */
export async function freshDatabase(): Promise<string> {
  const response = await fetch(inject("postgresBroker"), { method: "POST" });
  const answer = await response.text();
  if (!response.ok) throw new Error(answer);
  return answer;
}
