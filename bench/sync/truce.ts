import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { machineClock, machineRandom } from "../../src/clock/machine.ts";
import { createPostgresConnector } from "../../src/connectors/postgres/connector.ts";
import { testPolicy } from "../../src/core/testing/policy.ts";
import { type Deps, mappedObjects } from "../../src/engine/deps.ts";
import { run } from "../../src/engine/run.ts";
import { openPostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { openSqliteStore } from "../../src/store/sqlite/sqlite-store.ts";
import { columns } from "./workload.ts";

/** Truce between two databases, in this process. `storeUrl`: its store is this PostgreSQL database instead of a SQLite file. */
export async function startTruce(urls: readonly [string, string], storeUrl: string | null) {
  const systems = ["left", "right"] as const;
  const policy = testPolicy(
    { ...Object.fromEntries(columns.map((column) => [column, {}])), email: { type: { kind: "email" } } },
    { systems },
  );
  const folder = mkdtempSync(join(tmpdir(), "truce-bench-"));
  const store = storeUrl === null ? await openSqliteStore(join(folder, "store.db")) : await openPostgresStore(storeUrl);
  await store.migrate();
  const connectors = new Map(
    systems.map((system, i) => [
      system as string,
      createPostgresConnector({
        system,
        url: urls[i]!,
        objects: mappedObjects(policy, system),
        clock: machineClock,
        capture: "replication",
      }),
    ]),
  );
  const deps: Deps = {
    ...{ store, connectors, policy, clock: machineClock, random: machineRandom },
    startedAt: machineClock.now(),
    tell: (event) => {
      if (process.env["BENCH_TELL"] !== undefined)
        process.stderr.write(`${Math.round(performance.now())} ${JSON.stringify(event)}\n`);
    },
  };
  const running = run(deps, { workBatchMax: 500, sweepEveryMs: null, schemaEveryMs: null });
  return {
    store,
    running,
    async stop() {
      await running.stop();
      for (const connector of connectors.values()) await connector.close();
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}
