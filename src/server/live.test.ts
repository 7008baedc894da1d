import { expect, test } from "vitest";
import type { Arrival } from "../engine/deps.ts";
import { createLive } from "./live.ts";

const clockAt = (at: number) => ({ now: () => at, sleep: () => Promise.resolve() });

const written = (...ms: readonly number[]) => ({
  kind: "written" as const,
  system: "crm",
  object: "contacts",
  results: { written: ms.length },
  tookMs: 5,
  retries: 0,
  arrivals: ms.map((one): Arrival => ({ entity: "contact", from: "db", ms: one })),
});

test("a bucket says how long changes took to arrive: half of them, and all but the slowest", () => {
  const live = createLive(clockAt(1_000_000));
  live.tell(written(100, 300, 200));
  live.tell(written(10_000));
  expect(live.buckets()).toMatchObject([{ written: 4, latencyMs: { p50: 200, p95: 300 } }]);
});

test("a bucket in which nothing was written has no latency, and the next begins anew", () => {
  let now = 1_000_000;
  const live = createLive({ ...clockAt(0), now: () => now });
  live.tell(written(9_000));
  now += 5_000;
  live.tell({ kind: "received", system: "crm", from: "feed", count: 1 });
  now += 5_000;
  live.tell(written(50));
  expect(live.buckets().map(({ latencyMs }) => latencyMs?.p50 ?? null)).toEqual([9_000, null, 50]);
});
