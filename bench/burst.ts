import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { machineClock, machineRandom } from "../src/clock/machine.ts";
import { testPolicy } from "../src/core/testing/policy.ts";
import type { Deps } from "../src/engine/deps.ts";
import { run } from "../src/engine/run.ts";
import { type RawObservation, type RawUpsert, revisionOf } from "../src/model/observation.ts";
import type { Connector, WriteRequest, WriteResult } from "../src/ports/connector.ts";
import { openPostgresStore } from "../src/store/postgres/postgres-store.ts";
import { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";
import { columns } from "./sync/workload.ts";

/**
 * So many changes at once: one system's feed has them all waiting, about so many records of ten columns, two columns a change; the other system
 * takes the writes at once, so that only Truce is measured: decided, journaled, written and settled, until nothing is left to do. The baseline of
 * the same run is SQLite alone: the same changes as rows of JSON, appended in transactions of 500 that are synced as Truce's are. One JSON line.
 *
 *   npm run bench -- burst [--events 100000] [--records 10000] [--store sqlite|postgres]     TRUCE_DATABASE_URL names an empty database for the last
 */
const { values } = parseArgs({
  options: {
    events: { type: "string", default: "100000" },
    records: { type: "string", default: "10000" },
    store: { type: "string", default: "sqlite" },
  },
});
const [events, records] = [Number(values.events), Number(values.records)];
const batch = 500;
const object = "contacts";

const folder = mkdtempSync(join(tmpdir(), "truce-bench-burst-"));
const store =
  values.store === "postgres"
    ? await openPostgresStore(process.env["TRUCE_DATABASE_URL"] ?? "")
    : await openSqliteStore(join(folder, "store.db"));
await store.migrate();
const policy = testPolicy(
  { ...Object.fromEntries(columns.map((column) => [column, {}])), email: { type: { kind: "email" } } },
  { systems: ["left", "right"] },
);
const gate = Promise.withResolvers<void>();
const deps: Deps = {
  ...{ store, policy, clock: machineClock, random: machineRandom },
  connectors: new Map([
    ["left", system("left", events)],
    ["right", system("right", 0)],
  ]),
  startedAt: machineClock.now(),
  tell: () => undefined,
};
const running = run(deps, { workBatchMax: batch, sweepEveryMs: null, schemaEveryMs: null });
await running.quiet();

let memoryMax = 0;
const watch = setInterval(() => {
  memoryMax = Math.max(memoryMax, process.memoryUsage.rss());
}, 100);
const startedAt = performance.now();
const cpu = process.cpuUsage();
gate.resolve();
running.wake("left");
await running.quiet();
const seconds = (performance.now() - startedAt) / 1_000;
const { user, system: inSystem } = process.cpuUsage(cpu);
clearInterval(watch);
await running.stop();
await store.close();
console.log(
  JSON.stringify({
    ...{ name: "burst", store: values.store, events, records },
    eventsPerS: Math.round(events / seconds),
    cpuUsPerEvent: Math.round((user + inSystem) / events),
    rssMaxMiB: Math.round(memoryMax / 1024 ** 2),
    baseline: { appendedPerS: appended() },
  }),
);
rmSync(folder, { recursive: true });

/** A system with `records` rows, whose feed has this many changes once the gate is open. */
function system(name: string, changes: number): Connector {
  let isOpen = false;
  void gate.promise.then(() => {
    isOpen = true;
  });
  const caughtUp = (cursor: string) => ({ observations: [], cursor, caughtUp: true, lost: [] });
  return {
    system: name,
    label: "benchmark",
    guarantees: { conditionalWrite: true, uniqueCreate: true, history: false, deleteEvents: true },
    writeBatchMax: 2_000,
    feed: {
      kind: "stream",
      intervalMs: 0,
      start: async () => "0",
      async pull({ cursor, waitMs, signal }) {
        const from = Number(cursor);
        if (!isOpen || from >= changes) {
          await machineClock.sleep(waitMs, signal);
          return caughtUp(cursor);
        }
        const to = Math.min(changes, from + records);
        const observations = Array.from({ length: to - from }, (_, i) => change(name, from + i));
        return { observations, cursor: String(to), caughtUp: false, lost: [] };
      },
    },
    describe: async () => [],
    check: async () => [],
    encode: (_object, _cell, value) => value as string,
    read: async () => [],
    async scan(_mapped, cursor) {
      const from = Number(cursor ?? 0);
      const to = Math.min(records, from + 1_000);
      const observations = Array.from({ length: to - from }, (_, i) => row(name, from + i, {}, 0));
      return { observations, cursor: to === records ? null : String(to), total: records };
    },
    write: async (_mapped, requests) => requests.map((request) => written(name, request)),
    close: async () => undefined,
  };
}

function change(name: string, n: number): RawObservation {
  return row(name, (n * 7919) % records, { title: `Title ${n}`, note: `note ${n}` }, n + 1);
}

function row(name: string, id: number, also: Readonly<Record<string, string>>, order: number): RawUpsert {
  const cells = {
    ...Object.fromEntries(columns.map((column) => [column, `${column} ${id}`])),
    email: `p${id}@example.org`,
    ...also,
  };
  const observedAt = machineClock.now();
  const ref = { system: name, object, id: String(id) };
  const changedAt = { from: observedAt, until: observedAt };
  return {
    kind: "upsert",
    ref,
    revision: revisionOf(order),
    observedAt,
    cells,
    complete: true,
    changedAt,
    author: null,
  };
}

/** The cells that the request does not name are as they always were. */
function written(name: string, request: WriteRequest): WriteResult {
  if (request.kind !== "update") throw new Error(`Nothing is to be ${request.kind}d here.`);
  const { cells, observedAt } = row(name, Number(request.id), request.patch as Readonly<Record<string, string>>, 0);
  const [id, revision] = [request.id, request.revision];
  return { kind: "written", id, cells, complete: true, revision, observedAt, covered: {}, created: false };
}

function appended(): number {
  const db = new DatabaseSync(join(folder, "baseline.db"));
  db.exec("pragma journal_mode = wal; pragma synchronous = full; create table line (n integer primary key, doc text)");
  const insert = db.prepare("insert into line (doc) values (?)");
  const from = performance.now();
  for (let n = 0; n < events; n += batch) {
    db.exec("begin");
    for (let i = n; i < Math.min(events, n + batch); i++) insert.run(JSON.stringify(change("left", i)));
    db.exec("commit");
  }
  db.close();
  return Math.round((events * 1_000) / (performance.now() - from));
}
