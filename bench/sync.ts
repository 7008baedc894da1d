import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { conflictOutcome, type Outcome, type Told } from "./sync/edit-at-once.ts";
import { native, type Peer, pglogical, serverWith } from "./sync/peers.ts";
import { startTruce } from "./sync/truce.ts";
import {
  connect,
  createTable,
  equal,
  fill,
  lastIsThere,
  latencies,
  quantile,
  type Sides,
  sleep,
  updateAll,
} from "./sync/workload.ts";

/**
 * Two PostgreSQL databases on one server kept equal: by Truce, by PostgreSQL's logical replication, and by pglogical where it is installed, each on
 * a server of its own, one after the other. 50,000 single-row updates over 10,000 rows of 10 columns, by one client as fast as it can, until the
 * other side is equal; the time from commit to visible, idle and with 500 updates a second beside it; then 2,000 rows edited on both sides at one
 * moment, in different columns and in the same one. One JSON line.
 *
 *   npm run bench -- sync [--store sqlite|postgres] [--rows 10000] [--updates 50000] [--only truce,native,pglogical]
 */
const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "10000" },
    updates: { type: "string", default: "50000" },
    store: { type: "string", default: "sqlite" },
    only: { type: "string", default: "truce,native,pglogical" },
  },
});
const [rows, updates] = [Number(values.rows), Number(values.updates)];
const both = Math.min(2_000, rows);
const loadPerS = 500;
const samples = 200;
const equalMs = 300_000;

type Figures = {
  readonly rowsPerS: number | null;
  /** How fast the one client that updates was beside it. */
  readonly writerRowsPerS: number;
  /** Of this process, which is Truce's, or of the peers' the benchmark's alone. */
  readonly cpuUsPerUpdate: number;
  readonly p50IdleMs: number;
  readonly p99LoadMs: number;
  readonly bothWays: boolean;
} & Partial<Outcome>;

const results: Record<string, Figures | { readonly notRun: string }> = {};
for (const name of values.only.split(",")) {
  const peer = [native, pglogical].find((one) => one.name === name);
  try {
    results[peer === undefined ? "ours" : name] = peer === undefined ? await ours() : await theirs(peer);
  } catch (error) {
    if (peer === undefined) throw error;
    results[name] = { notRun: error instanceof Error ? error.message : String(error) };
  }
}
console.log(JSON.stringify({ name: "sync", store: values.store, rows, updates, loadPerS, ...results }));

async function ours(): Promise<Figures> {
  return onServer([], async (urls, sides, storeUrl) => {
    const truce = await startTruce(urls, values.store === "postgres" ? storeUrl : null);
    try {
      await truce.running.quiet();
      const speed = await speedOf(sides);
      const settled = () => truce.running.quiet();
      const told = async (): Promise<Told> => {
        const holds = await truce.store.holds({ status: "open", limit: 2 * both });
        const values = new Set(holds.flatMap((hold) => hold.candidates.map((one) => String(one.values["title"]))));
        for (let after = 0; ; ) {
          const lines = await truce.store.journal({ after, limit: 5_000, field: "title" });
          const last = lines.at(-1);
          if (last === undefined) break;
          after = last.sequence;
          for (const line of lines) for (const one of [line.from, line.to, line.other]) values.add(String(one));
        }
        return { values, heldRows: new Set(holds.map((hold) => rowOf(hold.candidates))) };
      };
      return { ...speed, bothWays: true, ...(await conflictOutcome(sides, both, settled, told)) };
    } finally {
      await truce.stop();
    }
  });
}

function rowOf(candidates: readonly { readonly values: Readonly<Record<string, unknown>> }[]): number {
  return Number(String(candidates[0]?.values["title"]).split(" ").at(-1));
}

async function theirs(peer: Peer): Promise<Figures> {
  return onServer(peer.settings, async (urls, sides) => {
    const { bothWays } = await peer.install(urls);
    const speed = await speedOf(sides);
    if (!bothWays) return { ...speed, bothWays };
    // Nothing says when they are done, or they never come to agree: some seconds without a change do.
    const settled = async () => {
      await equal(sides, 15_000, 200);
    };
    const nothing: Told = { values: new Set(), heldRows: new Set() };
    return { ...speed, bothWays, ...(await conflictOutcome(sides, both, settled, async () => nothing)) };
  });
}

async function onServer<T>(
  settings: readonly string[],
  work: (urls: readonly [string, string], sides: Sides, storeUrl: string) => Promise<T>,
): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), "truce-bench-sync-"));
  const server = await serverWith(settings, dataDir);
  const urls = [server.url("left_side"), server.url("right_side")] as const;
  const sides = { left: await connect(urls[0]), right: await connect(urls[1]) };
  try {
    for (const one of [sides.left, sides.right]) {
      await createTable(one);
      await fill(one, rows);
    }
    return await work(urls, sides, server.url("store"));
  } finally {
    for (const one of [sides.left, sides.right]) {
      await one
        .query("select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active")
        .catch(() => undefined);
      await one.end();
    }
    await server.stop({ mode: "immediate" });
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function speedOf(
  sides: Sides,
): Promise<Pick<Figures, "rowsPerS" | "writerRowsPerS" | "cpuUsPerUpdate" | "p50IdleMs" | "p99LoadMs">> {
  const idle = await latencies(sides, samples, 10);
  const stop = underLoad(sides);
  const loaded = await latencies(sides, samples, 10);
  await stop();
  await equal(sides, equalMs);
  const startedAt = performance.now();
  const cpu = process.cpuUsage();
  await updateAll(sides.left, rows, updates, "burst");
  const writtenAt = performance.now();
  await lastIsThere(sides, rows, updates, equalMs);
  const isEqual = await equal(sides, equalMs);
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    writerRowsPerS: Math.round((updates * 1_000) / (writtenAt - startedAt)),
    cpuUsPerUpdate: Math.round((user + system) / updates),
    rowsPerS: isEqual ? Math.round(updates / seconds) : null,
    p50IdleMs: rounded(quantile(idle, 0.5)),
    p99LoadMs: rounded(quantile(loaded, 0.99)),
  };
}

/** Updates other rows, so many a second, until it is stopped. */
function underLoad({ left }: Sides): () => Promise<void> {
  let isStopped = false;
  const writing = (async () => {
    const startedAt = performance.now();
    for (let made = 0; !isStopped; made++) {
      const dueIn = startedAt + (made * 1_000) / loadPerS - performance.now();
      if (dueIn > 0) await sleep(dueIn);
      const id = samples + 1 + (made % (rows - samples));
      await left.query({
        name: "load",
        text: "update contacts set note = $1 where id = $2",
        values: [`load ${made}`, id],
      });
    }
  })();
  return async () => {
    isStopped = true;
    await writing;
  };
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
