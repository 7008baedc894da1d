import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GoldenRecord } from "../src/model/golden.ts";
import { recordKey } from "../src/model/record.ts";
import type { CommitUnit, InboxItem, Store } from "../src/ports/store.ts";
import {
  sampleFields,
  sampleGolden,
  sampleItem,
  sampleLine,
  sampleLink,
  sampleRef,
  sampleUnit,
} from "../src/ports/testing/store-samples.ts";
import { createMemoryStore } from "../src/store/memory/memory-store.ts";
import { openPostgresStore } from "../src/store/postgres/postgres-store.ts";
import { openSqliteStore } from "../src/store/sqlite/sqlite-store.ts";

/**
 * How many events a second a store carries from receive to commit, in batches: receive, claim, load, commit. The first pass creates a
 * golden record per event (3 links, 2 journal lines, 2 identity keys), the second updates each. One JSON line per store.
 *
 *   node bench/store.ts [memory] [sqlite] [postgres]     TRUCE_DATABASE_URL names an empty database for the last
 */
const events = 20_000;
const batch = 500;
const leaseMs = 60_000;

for (const name of process.argv.length > 2 ? process.argv.slice(2) : ["memory", "sqlite"]) {
  const { store, clean } = await openStore(name);
  try {
    await store.migrate();
    const create = await pass(store, "create");
    const update = await pass(store, "update");
    const perSecond = Math.round((2 * events * 1000) / (create.ms + update.ms));
    const bytes = JSON.stringify((await store.goldens(null, null, 1))[0]).length;
    console.log(
      JSON.stringify({ bench: "store", store: name, events, batch, goldenBytes: bytes, perSecond, create, update }),
    );
  } finally {
    await store.close();
    await clean();
  }
}

async function openStore(name: string): Promise<{ readonly store: Store; readonly clean: () => Promise<void> }> {
  if (name === "memory") return { store: createMemoryStore(), clean: async () => undefined };
  if (name === "sqlite") {
    const folder = await mkdtemp(join(tmpdir(), "truce-bench-"));
    return { store: await openSqliteStore(join(folder, "store.db")), clean: () => rm(folder, { recursive: true }) };
  }
  if (name === "postgres") {
    const url = process.env["TRUCE_DATABASE_URL"];
    if (url === undefined) throw new Error("TRUCE_DATABASE_URL must name an empty database.");
    return { store: await openPostgresStore(url), clean: async () => undefined };
  }
  throw new Error(`No store is called ${name}: memory, sqlite, postgres.`);
}

type Pass = { readonly perSecond: number; readonly ms: number; readonly stepsMs: Readonly<Record<string, number>> };

async function pass(store: Store, kind: "create" | "update"): Promise<Pass> {
  const stepsMs: Record<string, number> = { receive: 0, claim: 0, load: 0, commit: 0 };
  const timed = async <T>(step: string, work: () => Promise<T>): Promise<T> => {
    const from = performance.now();
    const result = await work();
    stepsMs[step] = (stepsMs[step] ?? 0) + performance.now() - from;
    return result;
  };
  for (let first = 0; first < events; first += batch) {
    const now = Date.now();
    const items = Array.from({ length: batch }, (_, i) => itemOf(kind, first + i, now));
    await timed("receive", () => store.receive(items, [{ name: "feed/crm", value: `${first}`, at: now }]));
    const claimed = await timed("claim", () => store.claim(batch, now, leaseMs));
    const records = claimed.map((item) => item.observation.ref);
    const keys = claimed.flatMap((item) => keysOf(item.observation.ref.id));
    const loaded = await timed("load", () => store.load({ records, keys, ids: [] }));
    const units = claimed.map((item) => {
      const before = loaded.goldens.get(loaded.byRecord.get(recordKey(item.observation.ref)) ?? "");
      return unitOf(item, before);
    });
    const results = await timed("commit", () => store.commit(units));
    if (results.some((result) => result.kind !== "committed")) throw new Error("A unit of the benchmark was stale.");
  }
  const ms = Object.values(stepsMs).reduce((sum, one) => sum + one, 0);
  const rounded = Object.fromEntries(Object.entries(stepsMs).map(([step, one]) => [step, Math.round(one)]));
  return { perSecond: Math.round((events * 1000) / ms), ms: Math.round(ms), stepsMs: rounded };
}

function itemOf(kind: string, n: number, now: number): InboxItem {
  // The second pass meets the records in another order than the first.
  const record = kind === "create" ? n : (n * 7919) % events;
  const id = `0192f3a4-0000-7000-8000-${kind === "create" ? "0" : "1"}${String(n).padStart(11, "0")}`;
  return sampleItem(id, `${record}`, { dedupeKey: `crm/webhook/${kind}-${n}`, receivedAt: now, dueAt: now });
}

function keysOf(record: string): string[] {
  return [`["contact",["email"],["person${record}@example.org"]]`, `["contact",["phone"],["+1202555${record}"]]`];
}

function unitOf(item: InboxItem, before: GoldenRecord | undefined): CommitUnit {
  const { id } = item.observation.ref;
  const version = (before?.version ?? 0) + 1;
  const golden = sampleGolden(before?.id ?? `0192f3a4-1111-7000-9000-${id.padStart(12, "0")}`, {
    version,
    fields: sampleFields({
      email: `person${id}@example.org`,
      name: `Person ${id} of version ${version}`,
      phone: `+1202555${id}`,
      city: "Springfield",
    }),
    links: ["crm", "db", "desk"].map((system) =>
      sampleLink(id, { system, behindSince: system === "crm" ? null : item.receivedAt }),
    ),
  });
  const line = (field: string) =>
    sampleLine(golden.id, { field, version, to: `value ${version}`, cause: item.id, ref: sampleRef(id) });
  return sampleUnit({
    golden,
    keys: keysOf(id),
    due: ["db", "desk"].map((system) => ({ system, object: "contacts", dueAt: item.receivedAt, lane: 0 })),
    journal: [line("name"), line("city")],
    done: [{ inboxId: item.id, outcome: "applied" }],
  });
}
