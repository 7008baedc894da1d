import { expect, test } from "vitest";
import { testPolicy } from "../core/testing/policy.ts";
import type { Deps } from "../engine/deps.ts";
import type { Connector } from "../ports/connector.ts";
import { createLimiter } from "../ports/limiter.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import { keepCrew, newCrew } from "./crew.ts";

const limits = {
  windows: [{ max: 10, windowMs: 1_000 }],
  counts: "sent",
  parallelMax: 100,
  silenceMsMin: 1_000,
  silenceMsMax: 1_000,
  askedMsMax: 1_000,
  penaltyMs: 0,
} as const;

/** A process at work on the store, on a clock that stands still. */
function worker(store: Deps["store"], id: string, now: { at: number }) {
  const stopping = new AbortController();
  const clock = {
    now: () => now.at,
    sleep: (_: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve())),
  };
  const limiter = createLimiter(clock, "calls", limits);
  const deps: Deps = {
    store,
    connectors: new Map([["crm", { limiters: [limiter] } as unknown as Connector]]),
    policy: testPolicy({ email: {} }),
    clock,
    random: { id: () => id, fraction: () => 0 },
    startedAt: 0,
    tell: () => undefined,
  };
  return {
    start: () => keepCrew(deps, newCrew(id), stopping.signal),
    stop: () => stopping.abort(),
    /** How many calls it may send at once. */
    async room() {
      const before = limiter.usage().sent;
      const turns = Array.from({ length: 10 }, () => limiter.turn());
      await Promise.race([Promise.all(turns), new Promise((resolve) => setImmediate(resolve))]);
      return limiter.usage().sent - before;
    },
  };
}

test("two processes take half of the limits each; one that ends leaves its part at once", async () => {
  const store = { ...createMemoryStore(), exclusive: false };
  const now = { at: 0 };
  const [first, second, third] = ["a", "b", "c"].map((id) => worker(store, id, now));
  const loop = first!.start();
  await new Promise((resolve) => setImmediate(resolve));
  const loop2 = second!.start();
  await new Promise((resolve) => setImmediate(resolve));
  expect([await first!.room(), await second!.room()]).toEqual([10, 5]);
  for (const one of [first, second]) one!.stop();
  await Promise.all([loop, loop2]);
  const loop3 = third!.start();
  await new Promise((resolve) => setImmediate(resolve));
  expect(await third!.room()).toBe(10);
  third!.stop();
  await loop3;
});
