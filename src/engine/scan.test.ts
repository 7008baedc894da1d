import { expect, test } from "vitest";
import { testPolicy } from "../core/testing/policy.ts";
import { type RawUpsert, revisionOf } from "../model/observation.ts";
import { SyncFailure } from "../model/sync-error.ts";
import type { Connector, ScanPage } from "../ports/connector.ts";
import { sampleGolden, sampleLink, sampleUnit } from "../ports/testing/store-samples.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import type { Deps } from "./deps.ts";
import { sweepObject } from "./scan.ts";

const pageSize = 10;

/** A system with so many known records, that shows them ten at a time. */
async function system(records: number) {
  const clock = { at: 1_700_000_000_000, now: () => clock.at, sleep: async () => undefined };
  const gone = new Set<number>();
  const asked: (string | null)[] = [];
  const mood = { stopAfter: Number.POSITIVE_INFINITY, forgets: false };
  let stopping = new AbortController();
  const scan = async (_: unknown, cursor: string | null): Promise<ScanPage> => {
    asked.push(cursor);
    if (cursor !== null && mood.forgets)
      throw new SyncFailure({ code: "REJECTED", message: "no such place", cells: {} });
    const first = Number(cursor ?? 0);
    const shown = Array.from({ length: pageSize }, (_, i) => first + i).filter((n) => n < records && !gone.has(n));
    if (asked.length >= mood.stopAfter) stopping.abort();
    const next = first + pageSize;
    return { observations: shown.map(observed), cursor: next < records ? String(next) : null, total: records };
  };
  const observed = (n: number): RawUpsert => ({
    ...{ kind: "upsert", complete: true, changedAt: null, author: null, observedAt: clock.at, revision: revisionOf(1) },
    ...{ ref: { system: "crm", object: "contacts", id: String(n) }, cells: { phone: "1" } },
  });
  const deps: Deps = {
    store: createMemoryStore(),
    connectors: new Map([["crm", { system: "crm", scan } as unknown as Connector]]),
    policy: testPolicy({ phone: {} }, { systems: ["crm"] }),
    clock,
    random: { id: () => String(Math.random()), fraction: () => 0 },
    startedAt: 0,
    tell: () => undefined,
  };
  const units = Array.from({ length: records }, (_, n) =>
    sampleUnit({ golden: sampleGolden(`g${n}`, { links: [sampleLink(String(n), { cells: { phone: "1" } })] }) }),
  );
  await deps.store.commit(units);
  return {
    ...{ clock, gone, asked },
    sweep() {
      stopping = new AbortController();
      return sweepObject(deps, "crm", "contacts", stopping.signal);
    },
    stopAfter(pages: number) {
      mood.stopAfter = asked.length + pages;
    },
    forgetPlaces() {
      mood.forgets = true;
    },
  };
}

const hour = 3_600_000;

test("a sweep that was stopped goes on where it was, and knows at its end what no part of it showed", async () => {
  const { sweep, asked, gone, stopAfter } = await system(100);
  gone.add(3);
  gone.add(77);
  stopAfter(4);
  await sweep();
  expect(asked).toEqual([null, "10", "20", "30"]);
  stopAfter(Number.POSITIVE_INFINITY);
  expect(await sweep()).toMatchObject({ scanned: 98, missing: 2, doubted: false });
  expect(asked.slice(4)).toEqual(["40", "50", "60", "70", "80", "90"]);
  await sweep();
  expect(asked.slice(10)).toHaveLength(10);
});

test("one that was left half a day ago begins anew", async () => {
  const { sweep, asked, clock, stopAfter } = await system(40);
  stopAfter(2);
  await sweep();
  stopAfter(Number.POSITIVE_INFINITY);
  clock.at += 13 * hour;
  expect(await sweep()).toMatchObject({ scanned: 40, missing: 0 });
  expect(asked.slice(2)).toEqual([null, "10", "20", "30"]);
});

test("where the system does not know the place any more, it begins anew too", async () => {
  const { sweep, asked, stopAfter, forgetPlaces } = await system(20);
  stopAfter(1);
  await sweep();
  stopAfter(Number.POSITIVE_INFINITY);
  forgetPlaces();
  await expect(sweep()).rejects.toThrow("no such place");
  expect(asked.slice(1, 3)).toEqual(["10", null]);
});
